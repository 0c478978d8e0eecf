/** The room: the manifest, protected tables as immutable snapshots, and the audit log. It holds no shared secret. */
export type { RoomParts, RoomUpdate } from './create.ts';
export { createRoom, updateRoom } from './create.ts';
export type { LoadOptions, LoadProgress, LoadSummary } from './load.ts';
export { loadTable } from './load.ts';
export { refuseSecrets } from './no-secrets.ts';
export { removeTable } from './remove.ts';
export type { Room, RoomTable, Snapshot } from './room.ts';
export { auditFilesOf, openRoom, openRoomLog, readRoomSigner, verifySnapshot } from './room.ts';
