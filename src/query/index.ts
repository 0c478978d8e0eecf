/**
 * Queries: parsed by DuckDB, resolved into our own representation, checked against the analysis rules of all tables, rewritten
 * into the SQL that may run, and run in a separate process. The only I/O is in the parser, which has no data, and in `run/`.
 */
export type { CanonicalForm } from './ast/equal.ts';
export type { SnapshotFacts, TableKey } from './analysis/known-keys.ts';
export { checkQuery, DEFAULT_MAX_ROWS, type Verdict } from './check-query.ts';
export type { CheckContext } from './check/rule-context.ts';
export { listCandidates } from './examples.ts';
export { type FindingCode, FINDINGS } from './findings/codes.ts';
export type { FindingText } from './findings/finding-text.ts';
export type { Edit, Finding, Fix, RuleReference, Span, Suggestion } from './findings/finding.ts';
export { applyFix } from './findings/apply-fix.ts';
export { verifyFixes } from './fixes/verify.ts';
export { renderFindings, renderSuggestion } from './findings/render.ts';
export { type ParsedQuery, QueryParser } from './parse/parser.ts';
export { MAX_QUERY_BYTES } from './parse/refuse-text.ts';
export type { ResultColumn, Statement } from './print/statement.ts';
export { describeObligation, type Obligation } from './rewrite/obligations.ts';
