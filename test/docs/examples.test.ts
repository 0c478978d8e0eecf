import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examplesOfDocstrings, examplesOfDocuments, printedBy } from './examples.ts';
import { ROOT } from './repository.ts';

const DOCUMENTS = examplesOfDocuments();
const DOCSTRINGS = examplesOfDocstrings();

/** What an example takes from the text around it. */
const GIVEN: Readonly<Record<string, string>> = {
  'docs/queries.md (1)': 'declare const sql: string;',
  'docs/rotation.md (1)': `import type { Provenance } from 'sealroom/tabular';
import type { SharedSecret } from 'sealroom';
declare const collaborationId: string;
declare const from: SharedSecret;
declare const to: SharedSecret;
declare const provenance: Provenance;`,
};

let folder = '';

/** The file of an example. */
const fileOf = (index: number): string => join(folder, `example-${index}.ts`);

beforeAll(() => {
  // Inside the repository, where the package knows itself by its name.
  mkdirSync(join(ROOT, 'out'), { recursive: true });
  folder = mkdtempSync(join(ROOT, 'out', 'examples-'));
  symlinkSync(join(ROOT, 'samples'), join(folder, 'samples'));
  for (const [index, { name, code }] of [...DOCSTRINGS, ...DOCUMENTS].entries()) {
    writeFileSync(fileOf(index), `${GIVEN[name] ?? ''}\n${code}`);
  }
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('the compiler accepts every example', () => {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    readonly config: { readonly compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
  const examples = [...DOCSTRINGS, ...DOCUMENTS];
  const program = ts.createProgram(
    examples.map((_, index) => fileOf(index)),
    { ...options, noUnusedLocals: false, noPropertyAccessFromIndexSignature: false },
  );
  const problems = examples.flatMap(({ name }, index) => {
    const file = program.getSourceFile(fileOf(index));
    const found = [...program.getSemanticDiagnostics(file), ...program.getSyntacticDiagnostics(file)];
    return found.map(({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
  });
  expect(problems).toEqual([]);
});

describe('the examples of docstrings', () => {
  let printed: readonly (readonly string[])[] = [];

  beforeAll(() => {
    const runner = join(folder, 'run.mjs');
    writeFileSync(
      runner,
      `import { format } from 'node:util';
const all = [];
console.log = (...words) => all.at(-1).push(format(...words));
for (const file of process.argv.slice(2)) {
  all.push([]);
  try {
    await import(file);
  } catch (error) {
    all.at(-1).push(String(error));
  }
}
process.stdout.write(JSON.stringify(all));`,
    );
    const tsx = join(ROOT, 'node_modules/tsx/dist/cli.mjs');
    const files = DOCSTRINGS.map((_, index) => fileOf(index));
    const { stdout, stderr } = spawnSync(process.execPath, [tsx, runner, ...files], { cwd: folder, encoding: 'utf8' });
    if (stdout === '') throw new Error(stderr);
    printed = JSON.parse(stdout) as typeof printed;
  });

  test('are there for the functions that people look up first', () => {
    const code = DOCSTRINGS.map((example) => example.code).join('\n');
    for (const name of ['sealCell', 'openCell', 'fingerprintValue', 'sealRecord', 'checkQuery', 'encryptTable']) {
      expect(code).toContain(`${name}(`);
    }
  });

  test.each(DOCSTRINGS.map((example, index) => ({ ...example, index })))('$name prints what it says', (example) => {
    expect(printedBy(example).length).toBeGreaterThan(0);
    expect(printed[example.index]).toEqual(printedBy(example));
  });
});
