// Each user of the module has its own instance, so the parts can use the same memory.
export { findStops, inputAt, inputBytes, outputAt } from './stops';
export { columnWords, freeAt, slackBytes, writeLines } from './lines';
