import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { SealroomError } from 'sealroom';
import { checkQuery, QueryParser, type Verdict } from 'sealroom/query';
import { listProblems } from 'sealroom/schema';
import { type FileCase, FileError } from './file.ts';
import type { AdversarialSuite } from './suite.ts';

/** A case that gave something else than the file has, in words. */
export interface CaseDifference {
  readonly name: string;
  readonly expected: string;
  readonly got: string;
}

/** How a run went. */
export interface SuiteOutcome {
  readonly passed: number;
  /** Cases whose verdict or number of rows is wrong. */
  readonly failures: readonly CaseDifference[];
  /** Cases that are refused, as they should be, for other reasons than the file names. */
  readonly otherCodes: readonly CaseDifference[];
  /** Names of the cases that wait for differential privacy. */
  readonly notRun: readonly string[];
}

/**
 * The data of a file in an engine.
 *
 * @throws {FileError} if its SQL fails, with the statement's place and the engine's words.
 */
export async function openFixture({ file }: AdversarialSuite): Promise<DuckDBConnection> {
  const room = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  for (const [index, sql] of file.fixtureSql.entries()) {
    await room.run(sql).catch((error: unknown) => {
      throw new FileError(`\`fixtureSql.${String(index)}\`: ${messageOf(error)}`);
    });
  }
  return room;
}

function messageOf(error: unknown): string {
  const problems = error instanceof SealroomError ? listProblems(error) : [];
  if (problems.length > 0) return problems.map(({ message }) => message).join('; ');
  return error instanceof Error ? error.message : String(error);
}

function describeCodes({ findings }: Verdict): string {
  return findings.map(({ code }) => code).join(', ');
}

function describeVerdict(verdict: Verdict): string {
  return verdict.allowed ? 'allow' : `deny ${describeCodes(verdict)}`;
}

/** How a case ended: right, wrong, or refused for other reasons than the file names. */
type CaseOutcome =
  | { readonly kind: 'right' }
  | { readonly kind: 'wrong' | 'otherCode'; readonly expected: string; readonly got: string };

async function judge(
  each: FileCase,
  suite: AdversarialSuite,
  parser: QueryParser,
  room: DuckDBConnection,
): Promise<CaseOutcome> {
  const { expected, code, fixtureRows } = each;
  const verdict = checkQuery(await parser.parse(suite.sqlOf(each)), suite.checkContextOf(each));
  if (verdict.allowed !== (expected === 'allow')) return { kind: 'wrong', expected, got: describeVerdict(verdict) };
  if (!verdict.allowed) {
    const hasCode = code === undefined || verdict.findings.some((finding) => finding.code === code);
    return hasCode ? { kind: 'right' } : { kind: 'otherCode', expected: code, got: describeCodes(verdict) };
  }
  const { sql, parameters } = verdict.statement;
  const { currentRowCount: rows } = await room.runAndReadAll(sql, [...parameters]);
  if (fixtureRows === undefined || fixtureRows === rows) return { kind: 'right' };
  return { kind: 'wrong', expected: `${String(fixtureRows)} rows`, got: `${String(rows)} rows` };
}

/**
 * Runs all cases of a file: each query through the parser and the checker, and what is allowed over the data of the file.
 *
 * @throws {FileError} if the data cannot be made.
 */
export async function runSuite(suite: AdversarialSuite): Promise<SuiteOutcome> {
  const room = await openFixture(suite);
  const failures: CaseDifference[] = [];
  const otherCodes: CaseDifference[] = [];
  const waiting = suite.file.cases.filter((each) => suite.needsDifferentialPrivacy(each));
  const cases = suite.file.cases.filter((each) => !waiting.includes(each));
  try {
    using parser = await QueryParser.open();
    for (const each of cases) {
      const outcome = await judge(each, suite, parser, room).catch((error: unknown): CaseOutcome => ({
        kind: 'wrong',
        expected: each.expected,
        got: messageOf(error),
      }));
      if (outcome.kind === 'right') continue;
      const { kind, expected, got } = outcome;
      (kind === 'wrong' ? failures : otherCodes).push({ name: each.name, expected, got });
    }
  } finally {
    room.closeSync();
  }
  const notRun = waiting.map(({ name }) => name);
  return { passed: cases.length - failures.length, failures, otherCodes, notRun };
}
