/** The member's side of a room over the network. I/O: HTTPS to that room. */
export { type RoomCallOptions, RoomClient } from './room-client.ts';
export { type SentFile, type SentTable, sendTable } from './send-table.ts';
export type { RoomAccess } from './transport.ts';
