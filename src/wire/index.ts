/**
 * What a room over the network and its members both know: how requests are signed, the bodies of requests and answers, and how errors
 * travel. No I/O.
 */
export { contentDigest, parseDigest, printDigest, requireDigest } from './content-digest.ts';
export { hasEnded, type Job, jobBody, type JobPage, jobPageBody } from './jobs.ts';
export { textWithin } from './parts.ts';
export {
  describeFailure,
  type FailureReport,
  type Problem,
  problemBody,
  type ProblemStatus,
  statusOf,
  toProblem,
  toSealroomError,
} from './problem.ts';
export { parseOrigin, type RequestHead } from './profile.ts';
export { type Ask, askBody, type CheckAnswer, checkBody } from './questions.ts';
export {
  type ManifestUpdate,
  manifestUpdateBody,
  roomBody,
  type RoomView,
  type RowsRemoved,
  rowsRemovedBody,
} from './rooms.ts';
export { type SigningOptions, signRequest } from './sign-request.ts';
export {
  type Upload,
  uploadBody,
  type UploadCompletion,
  uploadCompletionBody,
  type UploadRequest,
  uploadRequestBody,
} from './uploads.ts';
export { RequestVerifier, type VerifiedRequest, type VerifierOptions } from './verify-request.ts';
