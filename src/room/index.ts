/** The room: the manifest, protected tables as immutable snapshots, and the audit log. It holds no shared secret. */
export type { RoomParts } from './create.ts';
export { createRoom, updateRoom } from './create.ts';
export { refuseSecrets } from './no-secrets.ts';
export type { Room, RoomTable, Snapshot } from './room.ts';
export { openRoom, openRoomLog, verifySnapshot } from './room.ts';
