/**
 * Queries: read by DuckDB's own parser, resolved into a form of our own, checked against the analysis rules of all tables,
 * rewritten into the SQL that may run, and run in a process of its own. No I/O but the parser, which has no data, and `run/`.
 */
export type { CanonicalForm } from './ast/equal.ts';
export { checkQuery, DEFAULT_MAX_ROWS, type Verdict } from './check-query.ts';
export type { CheckContext } from './check/rule-context.ts';
export { type FindingCode, FINDINGS } from './findings/codes.ts';
export type { FindingText } from './findings/finding-text.ts';
export type { Finding, RuleReference, Span } from './findings/finding.ts';
export { renderFindings } from './findings/render.ts';
export { MAX_QUERY_BYTES, type ParsedQuery, QueryParser } from './parse/parser.ts';
export type { ResultColumn, Statement } from './print/statement.ts';
export { describeObligation, type Obligation } from './rewrite/obligations.ts';
