export { openParquet, parquetStream } from './read.ts';
export { createParquet } from './write.ts';
