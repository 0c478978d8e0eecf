// Each user of the module has an instance of its own, so the parts use the same memory.
export { findStops, inputAt, inputBytes, outputAt } from './stops';
export { columnWords, freeAt, slackBytes, writeLines } from './lines';
