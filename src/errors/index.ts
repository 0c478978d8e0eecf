/** Errors: one class with stable codes, and what makes messages of names, values, counts, JSON and several problems. No I/O. */
export { didYouMean, findNearest } from './did-you-mean.ts';
export { isList, isRecord, parseJson } from './json.ts';
export { joinProblems, listProblems } from './problems.ts';
export { countOf, describeValue, escapeUnprintable, quoteForMessage, quoteForShell } from './quote.ts';
export { ERROR_CODES, type ErrorCode, type ErrorPlace, SealroomError, systemReason } from './sealroom-error.ts';
