/** What is said of a query, for who reads an answer. The other door leads to the parser too, for which it loads the engine. */
export { FINDING_CODES } from './findings/codes.ts';
export type { Finding, Suggestion } from './findings/finding.ts';
export type { TableKey } from './analysis/known-keys.ts';
export type { Statement } from './print/statement.ts';
export type { Obligation } from './rewrite/obligations.ts';
