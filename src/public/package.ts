/**
 * Results on their way to their receivers: an age file with the table and what the room signs of it. No I/O.
 *
 * @module sealroom/package
 */
export { isAgeFile as isPackage, parseIdentities } from '../age/index.ts';
export {
  openPackage,
  type OpenedPackage,
  type PackageContext,
  type PackedResult,
  sealPackage,
  type Recipients,
  recipientsOf,
  type ResultStatement,
} from '../package/index.ts';
