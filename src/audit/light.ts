/** The shapes of what an answer tells of a log. The other door leads to the log's files too. */
export { budgetChange } from './audit-record.ts';
