import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { SealroomError } from 'sealroom';
import { listProblems } from 'sealroom/schema';
import { checkQuery, QueryParser } from 'sealroom/query';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkContextOf, contextOf, FILE, type FileCase, manifestOf, sqlOf } from './adversarial-file.ts';

// Differential privacy waits: a manifest that asks for it is refused by name, so its queries have no verdict of their own.
const WAITING = FILE.cases.filter((each) => each.context === 'dp');
const CASES = FILE.cases.filter((each) => each.context !== 'dp');

let parser: QueryParser;
let room: DuckDBConnection;

beforeAll(async () => {
  parser = await QueryParser.open();
  room = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  for (const sql of FILE.fixtureSql) await room.run(sql);
});

afterAll(() => {
  parser.close();
  room.closeSync();
});

/** The rows that a case gives; `null` if it is refused. */
async function rowsOf(each: FileCase): Promise<unknown[][] | null> {
  const verdict = checkQuery(await parser.parse(sqlOf(each)), checkContextOf(each));
  if (!verdict.allowed) return null;
  const { sql, parameters } = verdict.statement;
  const reader = await room.runAndReadAll(sql, [...parameters]);
  return reader.getRowsJS();
}

describe('verdicts of the adversarial file', () => {
  test.each(CASES)('$name: $expected $code', async (each) => {
    const verdict = checkQuery(await parser.parse(sqlOf(each)), checkContextOf(each));
    const codes = verdict.findings.map((finding) => finding.code as string);
    expect({ allowed: verdict.allowed, codes: verdict.allowed ? [] : codes }).toEqual({
      allowed: each.expected === 'allow',
      codes: each.expected === 'allow' ? [] : expect.arrayContaining(each.code === undefined ? [] : [each.code]),
    });
  });

  test.each(CASES.filter((each) => each.expected === 'allow'))('$name runs', async (each) => {
    const rows = await rowsOf(each);
    expect(rows).not.toBeNull();
    if (each.fixtureRows !== undefined) expect(rows).toHaveLength(each.fixtureRows);
  });

  test('a group under its threshold is absent and leaves no mark', async () => {
    const each = CASES.find(({ name }) => name === 'agg-rare-group-suppressed');
    const rows = each === undefined ? null : await rowsOf(each);
    expect(rows?.map((row) => row[0])).toEqual(['APAC', 'EU', 'US']);
  });
});

describe('differential privacy, which waits', () => {
  test('there are queries for it in the file', () => {
    expect(WAITING.length).toBeGreaterThan(0);
  });

  test('a manifest that asks for it is refused by name', () => {
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
});
