/** The room: the manifest, protected tables as immutable snapshots, and the audit log. It holds no shared secret. */
export { createRoom, type RoomParts, type RoomUpdate, type RoomUpdateParts, updateRoom } from './create.ts';
export { refuseSecrets } from './no-secrets.ts';
export {
  auditFilesOf,
  openRoom,
  openRoomLog,
  readRoomSigner,
  type Room,
  type RoomTable,
  type Snapshot,
  verifySnapshot,
} from './room.ts';
export { makeRoomDirectory } from './room-files.ts';
export { RoomReader } from './room-reader.ts';
export { Admission, previewQuery, type QueryCheck, type RoomOptions } from './run/admission.ts';
export { totalChanges } from './run/audit-events.ts';
export type { EngineLimits } from './run/engine-messages.ts';
export { recordedFailure } from './run/failures.ts';
export { QueryChecker } from './run/query-checker.ts';
export {
  type QueryOutcome,
  type QueryResult,
  QueryRunner,
  type RunnerLimits,
  type RunnerOptions,
  type RunOptions,
  type UnreleasedResult,
} from './run/query-runner.ts';
export type { ReleaseClock } from './run/release-grid.ts';
export {
  type Caller,
  type CallerProof,
  claimedCaller,
  type QueryRequest,
  receiversOf,
  type ResolvedRequest,
  resolveRequest,
  signedCaller,
} from './run/request.ts';
export { type LoadOptions, type LoadProgress, type LoadSummary, loadTable } from './snapshots/load.ts';
export { removeTable } from './snapshots/remove.ts';
