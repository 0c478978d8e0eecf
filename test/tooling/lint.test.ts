import { join } from 'node:path';
import { ESLint } from 'eslint';
import { describe, expect, test } from 'vitest';
import { ROOT } from './run-tool.ts';

/** Existing files that the faults are linted in the place of: typed rules know only files of the project. */
const PURE = 'src/bytes/base64.ts';
const PLAIN = 'src/errors.ts';

/** Rule, file, and a module that breaks the rule. */
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
  ['@typescript-eslint/consistent-type-imports', PLAIN, "import { Batch } from './tabular/index.ts';\nlet a: Batch;"],
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
  ['no-restricted-syntax', PLAIN, "import './bytes/index.js';"],
  ['no-restricted-syntax', PLAIN, "export * from './bytes/index';"],
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

describe('the linter refuses:', () => {
  const eslint = new ESLint({ cwd: ROOT, cache: false });

  test.each(FAULTS)('%$. %s in %s', async (rule, file, code) => {
    const [result] = await eslint.lintText(code, { filePath: join(ROOT, file) });
    expect(result?.messages.map((message) => message.ruleId)).toContain(rule);
  });
});
