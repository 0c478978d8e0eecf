/**
 * The room: the manifest, protected tables as immutable snapshots, and the audit log. It holds no shared secret.
 *
 * @module sealroom/room
 */
export {
  type RoomParts,
  type RoomUpdate,
  type RoomUpdateParts,
  createRoom,
  updateRoom,
  type LoadOptions,
  type LoadProgress,
  type LoadSummary,
  loadTable,
  refuseSecrets,
  removeTable,
  type Room,
  type RoomTable,
  type Snapshot,
  auditFilesOf,
  openRoom,
  openRoomLog,
  readRoomSigner,
  RoomReader,
  verifySnapshot,
} from '../room/index.ts';
