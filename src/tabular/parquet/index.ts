export { openParquet, type ParquetReadOptions } from './read.ts';
export { createParquet } from './write.ts';
