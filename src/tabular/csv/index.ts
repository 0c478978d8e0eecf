export { openCsv } from './read.ts';
export { CsvSerialiser } from './serialise.ts';
export { createCsv } from './write.ts';
