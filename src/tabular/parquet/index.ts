export { openParquet, parquetStream, readKeyValue } from './read.ts';
export { createParquet } from './write.ts';
