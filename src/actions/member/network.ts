// A member's use of a room over the network: a door of its own, because only those who use one need to load it.
export { followJob, submitQuery } from './network/ask.ts';
export { connectRoom, type RoomConnection } from './network/connection.ts';
export { checkpointOfRoom, exportFromRoom, proveFromRoom } from './network/log.ts';
export { fetchPackage, endJob, openResult, type ReleasedJob, type ResultWish } from './network/result.ts';
export { sendToRoom } from './network/send.ts';
export { watchJobs } from './network/watch.ts';
