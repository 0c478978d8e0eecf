/**
 * A member's actions on keys, cards, manifests and logs: the roles of its collaboration are checked, the action is done and recorded
 * in its home. The actions on tables are in the other half of this door, tables.ts.
 */
export { adoptEnvelope, type AdoptRequest, type EnvelopeToAdopt } from './adopt.ts';
export {
  type Compare,
  receiveFromManifest,
  type ReceiveFromManifestRequest,
  sendInManifest,
  type SendInManifestRequest,
  type SentInManifest,
} from './carried-exchange.ts';
export {
  type AddedMember,
  addMember,
  type AddMemberRequest,
  type CardDigits,
  cardDigitsOf,
  type JoinedCollaboration,
  joinCollaboration,
  type JoinRequest,
  type OwnMember,
  startCollaboration,
  type StartedCollaboration,
  type CollaborationRequest,
} from './set-up.ts';
export {
  type AuditFinding,
  type AuditorCheck,
  checkpointOf,
  exportForMember,
  type KeyChoice,
  type LogChoice,
  type ProofRequest,
  proveFromLog,
  showRecords,
  verifyAudit,
} from './audit.ts';
export {
  type AskRequest,
  receiveFromMember,
  type ReceiveRequest,
  requestFromMember,
  type SendRequest,
  sendToMember,
} from './exchange.ts';
export {
  createSecret,
  type DestroyRequest,
  destroySecret,
  type ExportRequest,
  exportSecret,
  type ListedSecret,
  listSecrets,
  type SecretList,
  type WrappedSecret,
  type WrapRequest,
  wrapSecrets,
} from './keys.ts';
export { ensureSigningKey, signAsMember, type SignedManifest, type SignRequest, withdrawAsMember } from './manifest.ts';
export {
  type CardToCompare,
  createMember,
  type OwnCard,
  readHomeCard,
  verifyMemberCard,
  type VerifyCardRequest,
} from './member.ts';
export { type NamedSecrets, type NameRequest, nameSecrets } from './name-secrets.ts';
export { noteProjectTable, startProject } from './project.ts';
export { type OutdatedTable, type RotatedSecret, type RotateRequest, rotateSecret } from './rotate.ts';
export { describeProgress, type Progress, type Step, type StepState } from './status.ts';
export { compareKeys, listHomeKeys } from './trusted-manifest.ts';
