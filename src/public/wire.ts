/**
 * What a room over the network and its members both know: requests that are signed with the members' keys (RFC 9421), the shapes of the
 * bodies, and how errors travel (RFC 9457). No I/O, and nothing of Node: a client in a browser signs and reads with it.
 *
 * @module sealroom/wire
 */
export type { SigningKey, VerifySignature } from '../platform/index.ts';
export {
  type Ask,
  askBody,
  type CheckAnswer,
  checkBody,
  contentDigest,
  describeFailure,
  type FailureReport,
  hasEnded,
  type Job,
  jobBody,
  type JobPage,
  jobPageBody,
  type ManifestUpdate,
  manifestUpdateBody,
  parseDigest,
  parseOrigin,
  printDigest,
  type Problem,
  problemBody,
  type ProblemStatus,
  type RequestHead,
  RequestVerifier,
  requireDigest,
  roomBody,
  type RoomView,
  type RowsRemoved,
  rowsRemovedBody,
  type SigningOptions,
  signRequest,
  toProblem,
  toSealroomError,
  type Upload,
  uploadBody,
  type UploadCompletion,
  uploadCompletionBody,
  type UploadRequest,
  uploadRequestBody,
  type VerifiedRequest,
  type VerifierOptions,
} from '../wire/index.ts';
