/** Result packages for receivers: an age file with the table and the room's signed statement about it. No I/O. */
export { isAgeFile as isPackage, parseIdentities } from '../age/index.ts';
export { openPackage, type OpenedPackage, sealPackage } from './package.ts';
export { type Recipients, recipientsOf } from './recipients.ts';
export type { ResultStatement } from './statement.ts';
