import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { SealroomError } from 'sealroom';
import { checkQuery, QueryParser, type Verdict } from 'sealroom/query';
import { listProblems } from 'sealroom/schema';
import { type FileCase, FileError } from './file.ts';
import type { AdversarialSuite } from './suite.ts';

/** A case that went wrong, in words. */
export interface CaseFailure {
  readonly name: string;
  readonly expected: string;
  readonly got: string;
}

/** How a run went. */
export interface SuiteOutcome {
  readonly passed: number;
  readonly failures: readonly CaseFailure[];
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

function describeVerdict({ allowed, findings }: Verdict): string {
  return allowed ? 'allow' : `deny ${findings.map(({ code }) => code).join(', ')}`;
}

/** What a case should give and gave, each in words; the same words if all is well. */
async function compare(
  each: FileCase,
  suite: AdversarialSuite,
  parser: QueryParser,
  room: DuckDBConnection,
): Promise<readonly [expected: string, got: string]> {
  const verdict = checkQuery(await parser.parse(suite.sqlOf(each)), suite.checkContextOf(each));
  if (verdict.allowed !== (each.expected === 'allow')) return [each.expected, describeVerdict(verdict)];
  if (!verdict.allowed) {
    const hasCode = each.code === undefined || verdict.findings.some(({ code }) => code === each.code);
    return hasCode ? ['deny', 'deny'] : [`deny ${each.code ?? ''}`, describeVerdict(verdict)];
  }
  const { sql, parameters } = verdict.statement;
  const { currentRowCount: rows } = await room.runAndReadAll(sql, [...parameters]);
  return [`${String(each.fixtureRows ?? rows)} rows`, `${String(rows)} rows`];
}

/**
 * Runs all cases of a file: each query through the parser and the checker, and what is allowed over the data of the file.
 *
 * @throws {FileError} if the data cannot be made.
 */
export async function runSuite(suite: AdversarialSuite): Promise<SuiteOutcome> {
  const room = await openFixture(suite);
  const failures: CaseFailure[] = [];
  const waiting = suite.file.cases.filter((each) => suite.needsDifferentialPrivacy(each));
  const cases = suite.file.cases.filter((each) => !waiting.includes(each));
  try {
    using parser = await QueryParser.open();
    for (const each of cases) {
      const [expected, got] = await compare(each, suite, parser, room).catch(
        (error: unknown) => [each.expected, messageOf(error)] as const,
      );
      if (expected !== got) failures.push({ name: each.name, expected, got });
    }
  } finally {
    room.closeSync();
  }
  return { passed: cases.length - failures.length, failures, notRun: waiting.map(({ name }) => name) };
}
