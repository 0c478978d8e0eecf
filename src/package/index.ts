/** Results on their way to their receivers: an age file with the table and what the room signs of it. No I/O. */
export { type OpenedPackage, openPackage, type PackageContext, type PackedResult, sealPackage } from './package.ts';
export { type Recipients, recipientsOf } from './recipients.ts';
export type { ResultStatement } from './statement.ts';
