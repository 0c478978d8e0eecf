/**
 * A room over the network, for its members: checks, queries and their jobs, results, uploads and the audit log. Each request is signed
 * with the member's key.
 *
 * @module sealroom/client
 */
export type { SigningKey } from '../platform/index.ts';
export {
  type RoomAccess,
  type RoomCallOptions,
  RoomClient,
  type SentFile,
  type SentTable,
  sendTable,
} from '../client/index.ts';
export {
  type Ask,
  type CheckAnswer,
  type Job,
  type JobPage,
  type ManifestUpdate,
  parseOrigin,
  type RoomView,
  type RowsRemoved,
  type Upload,
  type UploadRequest,
} from '../wire/index.ts';
