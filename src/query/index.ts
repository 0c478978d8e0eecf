/**
 * Queries: read by DuckDB's own parser, resolved into a form of our own, checked against the analysis rules of all tables,
 * and rewritten into the SQL that may run. No I/O but the parser, which has no data.
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
