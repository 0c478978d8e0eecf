import { rmSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { plantTree, runTool } from './run-tool.ts';

const TREE = {
  'docs/format.md': '# The format\n\n**F-1** Bytes are bytes.\n\n**F-2** Text is text, see F-9.\n',
  'docs/audit.md': '# The audit log\n\n**A-1** Lines are lines.\n',
  'docs/rules.md': '# The rules\n\n**R-1** Rules are rules.\n',
  'docs/exchange.md': '# Handing over\n\n**E-1** Hands are hands.\n',
  'src/bytes/index.ts': '//= format F-1, F-2\nexport const read = 1;\n',
  'src/audit/index.ts': '//= audit A-1\n',
  'src/query/index.ts': '//= rules R-1\n',
  'src/custody/index.ts': '//= exchange E-1\n',
  'cli/main.ts': '',
  'test/bytes/read.test.ts':
    "test('F-1 reads bytes', () => {});\ndescribe('text', () => {\n  test.each([1])('F-2 reads %s', () => {});\n});\n",
  'test/audit/log.test.ts': "test('A-1 keeps lines', () => {});",
  'test/custody/cards.test.ts': "test('E-1 keeps hands', () => {});",
  'test/query/rules.test.ts': "test('R-1 keeps rules', () => {});",
};

let folder = '';

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function check(changes: Readonly<Record<string, string>>): {
  readonly code: number | null;
  readonly problems: string[];
} {
  folder = plantTree({ ...TREE, ...changes });
  const { code, stderr } = runTool('scripts/check-clauses.mjs', [folder], folder);
  return { code, problems: stderr.split('\n').filter((line) => line !== '') };
}

test('accepts clauses that are all cited and tested', () => {
  expect(check({})).toEqual({ code: 0, problems: [] });
});

test('names a clause without a citation', () => {
  expect(check({ 'src/bytes/index.ts': '//= format F-1\n' })).toEqual({
    code: 1,
    problems: ['error: `F-2` is cited nowhere in src/ or cli/'],
  });
});

test('names a clause without a test; a comment, a value and a skipped test are none', () => {
  const file =
    "// test('F-1 commented')\nexpect('F-1 value');\ntest.skip('F-1 skipped', () => {});\ntest('F-2 x', () => {});\n";
  expect(check({ 'test/bytes/read.test.ts': file })).toEqual({
    code: 1,
    problems: ["error: `F-1` begins no test's title"],
  });
});

test('names a citation and a title of a clause that does not exist', () => {
  const changes = { 'cli/main.ts': '\n//= format F-7\n', 'test/cli/main.test.ts': "it('F-10 is new', () => {});" };
  expect(check(changes)).toEqual({
    code: 1,
    problems: [
      'error: cli/main.ts:2: `F-7` is not a clause of docs/format.md',
      'error: test/cli/main.test.ts:1: `F-10` is not a clause of docs/format.md',
    ],
  });
});

test('refuses a citation that it cannot read', () => {
  expect(check({ 'cli/main.ts': '//= format F-1 and F-2\n' })).toEqual({
    code: 1,
    problems: ['error: cli/main.ts:1: expected a line such as `//= format F-1, F-2`, got `//= format F-1 and F-2`'],
  });
});

test('refuses a citation under the name of another specification', () => {
  expect(check({ 'cli/main.ts': '//= audit F-1\n' })).toEqual({
    code: 1,
    problems: ['error: cli/main.ts:1: expected a line such as `//= format F-1, F-2`, got `//= audit F-1`'],
  });
});

test('refuses a number given twice', () => {
  expect(check({ 'docs/format.md': '**F-1** a\n\n**F-2** b\n\n**F-1** c\n' })).toEqual({
    code: 1,
    problems: ['error: docs/format.md: `F-1` is defined more than once'],
  });
});
