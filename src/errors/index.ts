/** Errors: one class with stable codes, and the helpers that make messages of names, values and several problems. No I/O. */
export { didYouMean, findNearest } from './did-you-mean.ts';
export { joinProblems, listProblems, ProblemCollector } from './problems.ts';
export { describeValue, quoteForMessage } from './quote.ts';
export { type ErrorCode, type ErrorPlace, SealroomError, systemReason } from './sealroom-error.ts';
