/**
 * Queries: read by DuckDB's own parser, resolved into a form of our own, checked against the analysis rules of all tables,
 * rewritten into the SQL that may run, and run in a process of its own. No I/O but the parser, which has no data, and `run/`.
 */
export {
  type CheckContext,
  type Verdict,
  checkQuery,
  type FindingCode,
  type FindingText,
  FINDINGS,
  type Finding,
  type RuleReference,
  type Span,
  renderFindings,
  type ParsedQuery,
  MAX_QUERY_BYTES,
  QueryParser,
  type ResultColumn,
  type Statement,
  type Obligation,
  describeObligation,
} from '../query/index.ts';
export {
  type EngineLimits,
  type QueryRequest,
  type ResolvedRequest,
  resolveRequest,
  previewQuery,
  type QueryCheck,
  type RoomOptions,
  type QueryOutcome,
  type QueryResult,
  QueryRunner,
  type RunnerLimits,
  type RunnerOptions,
} from '../room/index.ts';
