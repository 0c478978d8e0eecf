/**
 * Queries: parsed by DuckDB, resolved into our own representation, checked against the analysis rules of all tables, rewritten
 * into the SQL that may run, and run in a separate process. The only I/O is in the parser, which has no data, and in `run/`.
 */
export type { CheckContext } from './check/context.ts';
export type { Verdict } from './check/check.ts';
export { checkQuery } from './check/check.ts';
export type { FindingCode } from './findings/codes.ts';
export type { FindingText } from './findings/finding-text.ts';
export { FINDINGS } from './findings/codes.ts';
export type { Finding, RuleReference, Span } from './findings/finding.ts';
export { renderFindings } from './findings/render.ts';
export type { ParsedQuery } from './parse/parser.ts';
export { MAX_QUERY_BYTES, QueryParser } from './parse/parser.ts';
export type { ResultColumn, Statement } from './print/statement.ts';
export type { Obligation } from './rewrite/obligations.ts';
export { describeObligation } from './rewrite/obligations.ts';
export type { EngineLimits } from './run/messages.ts';
export { type QueryRequest, type Question, readQuestion } from './run/question.ts';
export { previewQuery, type QueryCheck, type RoomOptions } from './run/gate.ts';
export { type QueryOutcome, type QueryResult, QueryRunner } from './run/runner.ts';
export type { RunnerLimits, RunnerOptions } from './run/runner.ts';
