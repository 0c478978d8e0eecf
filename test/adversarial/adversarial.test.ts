import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SealroomError } from 'sealroom';
import { listProblems } from 'sealroom/schema';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runAdversarial } from './run.ts';
import { ADVERSARIAL_PATH, checkContextOf, contextOf, FILE, manifestOf } from './adversarial-file.ts';
import { useRoom } from '../query/room.ts';

const room = useRoom();
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealroom-adversarial-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface Run {
  readonly exit: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

async function run(...args: readonly string[]): Promise<Run> {
  const out: string[] = [];
  const err: string[] = [];
  const exit = await runAdversarial(args, { out: (line) => out.push(line), err: (line) => err.push(line) });
  return { exit, out, err };
}

async function runOn(content: unknown): Promise<Run> {
  const path = join(folder, 'cases.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return run(path);
}

/** The file with some of its cases, changed. */
function withCases(names: readonly string[], change: object): object {
  return {
    ...FILE,
    cases: FILE.cases.filter(({ name }) => names.includes(name)).map((each) => ({ ...each, ...change })),
  };
}

describe('npm run adversarial', () => {
  test('all verdicts, codes and row counts of the file are right; those of differential privacy wait', async () => {
    const waiting = FILE.cases.filter(({ context }) => context === 'dp').map(({ name }) => name);
    expect(waiting).toHaveLength(7);
    expect(await run(ADVERSARIAL_PATH)).toEqual({
      exit: 0,
      out: [
        `7 not run, since they need differential privacy: ${waiting.join(', ')}`,
        `${String(FILE.cases.length - 7)} passed, 0 failed`,
      ],
      err: [],
    });
  });

  test.each([
    [['agg-by-campaign'], { expected: 'deny' }, /^agg-by-campaign: expected deny, got allow$/],
    [['budget-access-left'], { fixtureRows: 5 }, /^budget-access-left: expected 5 rows, got 4 rows$/],
    [['role-cannot-query'], { expected: 'allow' }, /^role-cannot-query: expected allow, got deny ROLE_CANNOT_QUERY/],
    [['agg-self-join-inflate'], { expected: 'allow' }, /^agg-self-join-inflate: expected allow, got deny [A-Z_]+/],
  ])('a wrong case of %j with %j has a line, and the exit code is 1', async (names, change, line) => {
    const { exit, out } = await runOn(withCases(names, change));
    expect(out).toHaveLength(2);
    expect(out[0]).toMatch(line);
    expect([exit, out[1]]).toEqual([1, '0 passed, 1 failed']);
  });

  test('a refusal for another reason than the file names is right, and has a note', async () => {
    const { exit, out } = await runOn(withCases(['role-cannot-query'], { code: 'SETOP' }));
    expect([exit, ...out]).toEqual([
      0,
      expect.stringMatching(/^note: role-cannot-query: refused for ROLE_CANNOT_QUERY.*, not for SETOP$/),
      '1 passed, 0 failed',
    ]);
  });

  test('a manifest that is refused makes its cases wrong, and says why', async () => {
    const { agg } = FILE.contexts;
    const broken = {
      ...withCases(['role-cannot-query'], {}),
      contexts: { agg: { ...agg, policies: { purchases: { v1: { list: {} } } } } },
    };
    const { exit, out } = await runOn(broken);
    expect([exit, out[0]]).toEqual([1, expect.stringMatching(/^role-cannot-query: expected deny, got .*list/)]);
  });

  test.each([
    ['{', 'the file is not JSON'],
    ['[]', 'the file: '],
    [{ ...FILE, cases: [{ name: 'x' }] }, '`cases.0.context`: '],
    [{ ...FILE, contexts: {} }, 'names the context `agg`, which is not there'],
    [{ ...FILE, fixtureSql: ['CREATE TABLE x AS SELECT *'] }, '`fixtureSql.0`: '],
  ])('a broken file is one line and exit code 2: %#', async (content, message) => {
    const { exit, out, err } = await runOn(content);
    expect([exit, out, err]).toEqual([2, [], [expect.stringContaining(message)]]);
    expect(err[0]).toMatch(/^error: .*cases\.json: /);
  });

  test('no file, and a file that is not there, are exit code 2', async () => {
    expect((await run()).exit).toBe(2);
    expect(await run(join(folder, 'none'))).toMatchObject({ exit: 2, err: [expect.stringContaining('ENOENT')] });
  });
});

test('a group under its threshold is absent and leaves no mark', async () => {
  const each = FILE.cases.find(({ name }) => name === 'agg-rare-group-suppressed');
  if (each === undefined) throw new Error('no such case');
  const statement = await room.statementOf(each.sql, checkContextOf(each));
  const rows = (await room.read(statement)).getRowsJS();
  expect(rows.map((row) => row[0])).toEqual(['APAC', 'EU', 'US']);
});

test('a manifest that asks for differential privacy is refused by name', () => {
  let problem: unknown;
  try {
    manifestOf(contextOf('dp'));
  } catch (error) {
    problem = error;
  }
  expect(problem).toBeInstanceOf(SealroomError);
  const problems = problem instanceof SealroomError ? listProblems(problem) : [];
  expect(problems.map(({ code, message }) => `${code} ${message}`).join('\n')).toMatch(
    /MANIFEST_UNSUPPORTED .*differential privacy/,
  );
});
