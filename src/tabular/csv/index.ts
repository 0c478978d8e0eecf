export { type CsvReadOptions, openCsv } from './read.ts';
export { CsvSerialiser, type CsvWriteOptions } from './serialise.ts';
export { createCsv } from './write.ts';
