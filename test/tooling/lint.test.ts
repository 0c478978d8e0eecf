import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ESLint } from 'eslint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { plantTree, ROOT } from './run-tool.ts';

/** A folder that does I/O, and one that does not. */
const PLAIN = 'src/tabular';
const PURE = 'src/bytes';

/** Rule, folder, and a module that breaks the rule there. */
const FAULTS = [
  ['@typescript-eslint/no-explicit-any', PLAIN, '/** A. */\nexport function a(x: any): void {}'],
  ['@typescript-eslint/no-non-null-assertion', PLAIN, '/** A. */\nexport const a = (x: string | null): string => x!;'],
  [
    '@typescript-eslint/parameter-properties',
    PLAIN,
    '/** A. */\nexport class A { constructor(readonly x: number) {} }',
  ],
  ['@typescript-eslint/explicit-module-boundary-types', PLAIN, '/** A. */\nexport function a() { return 1; }'],
  ['@typescript-eslint/no-floating-promises', PLAIN, 'async function a(): Promise<void> {}\nvoid a();'],
  ['@typescript-eslint/consistent-type-imports', PLAIN, "import { ErrorCode } from '../errors.ts';\nlet a: ErrorCode;"],
  [
    '@typescript-eslint/switch-exhaustiveness-check',
    PLAIN,
    "/** A. */\nexport function a(x: 'b' | 'c'): number { switch (x) { case 'b': return 1; default: return 2; } }",
  ],
  [
    '@typescript-eslint/switch-exhaustiveness-check',
    PLAIN,
    "/** A. */\nexport function a(x: 'b'): number { switch (x) { case 'b': return 1; default: return 2; } }",
  ],
  ['no-restricted-syntax', PLAIN, '/** A. */\nexport enum A { B }'],
  ['no-restricted-syntax', PLAIN, '/** A. */\nexport default 1;'],
  ['no-restricted-syntax', PLAIN, "import '../bytes/index.js';"],
  ['no-restricted-syntax', PLAIN, "export * from '../bytes/index';"],
  ['jsdoc/require-jsdoc', PLAIN, 'export function a(): void {}'],
  ['jsdoc/require-jsdoc', PLAIN, 'export const a = 1;'],
  ['jsdoc/require-jsdoc', PLAIN, 'export type A = 1;'],
  ['jsdoc/require-jsdoc', PLAIN, 'export interface A { x: 1 }'],
  ['jsdoc/require-jsdoc', PLAIN, 'export class A {}'],
  ['no-restricted-syntax', PLAIN, 'class A {}\nexport { A };'],
  ['jsdoc/require-description', PLAIN, '/** */\nexport const a = 1;'],
  ['max-lines', PLAIN, '/** A. */\n'.padEnd(3_000, 'let x;\n')],
  ['no-restricted-imports', PURE, "import { readFileSync } from 'node:fs';\nreadFileSync('');"],
  ['no-restricted-syntax', PURE, "await import('node:fs');"],
  ['no-restricted-syntax', PURE, 'new Date();'],
  ['no-restricted-properties', PURE, 'Date.now();'],
  ['no-restricted-properties', PURE, 'Math.random();'],
  ['no-restricted-globals', PURE, 'process.exit();'],
  ['no-restricted-globals', PURE, "Buffer.from('');"],
] as const;

/** Modules that keep the rules. */
const CLEAN = {
  'src/errors/sealroom-error.ts': "/** A code. */\nexport type ErrorCode = 'A' | 'B';\n",
  'src/bytes/index.ts': '/** A length in bytes. */\nexport const length = 1;\n',
  'src/crypto/kernels/node.ts':
    "import { createHmac } from 'node:crypto';\n\n/** The platform's. */\nexport const hmac = createHmac;\n",
};

const faultFiles = FAULTS.map(([, folder], index) => `${folder}/fault-${String(index)}.ts`);

describe('the linter', () => {
  let folder = '';
  let results: ReadonlyMap<string, readonly (string | null)[]> = new Map();

  beforeAll(async () => {
    folder = plantTree({
      ...CLEAN,
      ...Object.fromEntries(FAULTS.map(([, , code], index) => [faultFiles[index] ?? '', code])),
      'package.json': JSON.stringify({ type: 'module' }),
      'tsconfig.build.json': JSON.stringify({ extends: join(ROOT, 'tsconfig.build.json'), include: ['src'] }),
    });
    const eslint = new ESLint({
      cwd: folder,
      overrideConfigFile: join(ROOT, 'eslint.config.js'),
      overrideConfig: { languageOptions: { parserOptions: { tsconfigRootDir: folder } } },
    });
    const linted = await eslint.lintFiles('src');
    results = new Map(
      linted.map(({ filePath, messages }) => [filePath.slice(folder.length + 1), messages.map(({ ruleId }) => ruleId)]),
    );
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  test.each(Object.keys(CLEAN))('accepts %s', (file) => {
    expect(results.get(file)).toEqual([]);
  });

  test.each(FAULTS.map(([rule, place], index) => [rule, place, faultFiles[index] ?? ''] as const))(
    '%$. refuses what %s forbids in %s',
    (rule, _place, file) => {
      expect(results.get(file)).toContain(rule);
    },
  );
});
