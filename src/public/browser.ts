/**
 * What runs without Node: in a browser, a worker of one, and wherever else there is WebAssembly or JavaScript alone. Tables in memory
 * are encrypted and decrypted, manifests read and signed, packages opened, the texts of the key exchange read and made, audit logs
 * verified. Nothing here reads a file or asks a server.
 *
 * @module sealroom/browser
 */
export { SealroomError, type ErrorCode, type ErrorPlace } from '../errors/index.ts';

// Tables in memory.
export {
  type Batch,
  type ColumnData,
  type ColumnTable,
  type ColumnType,
  type Field,
  tableOfTexts,
  textsOfTable,
  type TimeUnit,
} from '../columns/index.ts';
export {
  encryptColumns,
  type EncryptColumnsOptions,
  type EncryptedColumns,
} from '../protect/encrypt/core/encrypt-columns.ts';
export {
  decryptColumns,
  type DecryptColumnsOptions,
  type DecryptedColumns,
} from '../protect/decrypt/core/decrypt-columns.ts';
export {
  createRecordSealer,
  type ProtectedRecord,
  type RecordOptions,
  type RecordSealer,
  type RecordValue,
  sealRecord,
} from '../protect/encrypt/core/seal-record.ts';
export { type OpenedValue, openRecord } from '../protect/decrypt/core/open-record.ts';
export { CsvSerialiser } from '../tabular/csv/serialise.ts';

// Schemas and settings.
export { parseTableSchema, printTableSchema, type TableSchema } from '../schema/index.ts';
export { loadNormalisers, type NormalisedCounts, type Normaliser, type Normalisers } from '../normalise/index.ts';
export { type CollaborationSettings, HIGH_ASSURANCE, LOW_ASSURANCE, parseSettings } from '../collab/settings.ts';

// Secrets and kernels.
export {
  createKernel,
  defaultKernel,
  KERNEL_NAMES,
  type Kernel,
  type KernelName,
  parseCollaborationId,
  parseSharedSecret,
  SecretBytes,
  type SharedSecret,
  sharedSecretFromBytes,
} from '../crypto/index.ts';

// Manifests.
export {
  type EncryptionTerms,
  type Manifest,
  parseManifest,
  type ParseManifestOptions,
  settingsOf,
} from '../collab/manifest.ts';
export { diffManifests, type ManifestChange } from '../collab/diff.ts';
export { type Grant, type Limit, listGrants, listLimits } from '../collab/grants.ts';
export { insertSecretIds, insertSignature, insertWithdrawal } from '../collab/insert-signature.ts';
export { comparePinnedKeys, type KeyStatus, type KnownKey, requireKnownSigners } from '../collab/pinned-keys.ts';
export type { MemberSignature } from '../collab/signature.ts';
export {
  approveTemplate,
  type SignatureStatus,
  signManifest,
  verifyManifest,
  withdrawApproval,
} from '../collab/verify.ts';
export type { Withdrawal } from '../collab/withdrawal.ts';
export type { SigningKey } from '../platform/index.ts';
export { parseSigningKey, printPublicKey } from '../signing/index.ts';

// Packages with results.
export { isAgeFile as isPackage, parseIdentities } from '../age/index.ts';
export {
  type OpenedPackage,
  openPackage,
  type PackageContext,
  type PackedResult,
  type Recipients,
  recipientsOf,
  type ResultStatement,
  sealPackage,
} from '../package/index.ts';

// Texts of the key exchange.
export { type Card, makeCard, parseCard, type SignedCard } from '../custody/exchange/card.ts';
export {
  type KeyRequest,
  makeRequest,
  parseRequest,
  requireAnswerable,
  type RequestOptions,
  type SignedRequest,
} from '../custody/exchange/request.ts';
export { authenticationString, isSameString } from '../custody/exchange/short-authentication-string.ts';

// Audit logs.
export { type AuditRecord, parseRecord } from '../audit/audit-record.ts';
export type { AuditProblem } from '../audit/chain.ts';
export { type ExportReport, verifyExport } from '../audit/verify-export.ts';
export { type AuditReport, type TrustedLog, verifyRecords } from '../audit/verify-records.ts';
export {
  type Checkpoint,
  checkConsistencyProof,
  checkInclusionProof,
  findFork,
  type Fork,
  openCheckpoint,
  type OpenedCheckpoint,
  parseSigner,
  parseVerifier,
  parseVerifiers,
  Signer,
  type Verifier,
} from '../tlog/index.ts';
