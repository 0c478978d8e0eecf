/** Re-encrypts tables from one secret of a collaboration to the next. */
export { reencryptOriginal, type ReencryptOptions, reencryptTable } from './run.ts';
