/** The actions of a room's operator. Nothing here has the shared secret or can open a cell. */
export {
  checkInRoom,
  type CheckedManifest,
  checkUnderManifest,
  type ManifestCheck,
  readCheckedManifest,
} from './check-query.ts';
export {
  listExamplesInRoom,
  listExamplesOfMembers,
  listExamplesUnderManifest,
  type MemberExamples,
  type TableExample,
} from './list-examples.ts';
export type { OperatorEnvironment } from './environment.ts';
export { loadIntoRoom, removeFromRoom } from './load-table.ts';
export { readTablesWithManifest, type TablesWithManifest } from './room-of-tables.ts';
export {
  inspectRoom,
  makeRoom,
  type MadeRoom,
  readRoomLog,
  replaceManifest,
  type RoomLog,
  type RoomReport,
  type TableReport,
} from './rooms.ts';
export {
  type CertificateOrder,
  createAuthority,
  createServerCertificate,
  type WrittenCertificate,
} from './server-certificates.ts';
export { askRoom, type QueryAnswer, type QueryOrder } from './run-query.ts';
