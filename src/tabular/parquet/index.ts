export { openParquet, type ParquetReadOptions, parquetStream } from './read.ts';
export { createParquet } from './write.ts';
