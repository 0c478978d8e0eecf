export { type CsvReadOptions, openCsv } from './read.ts';
export { createCsv, type CsvWriteOptions } from './write.ts';
