// A member's actions on tables and the results of queries: the other half of index.ts, which is separate because loading it takes longer
// than encrypting a small table.
export { identifyPerson } from './authorise.ts';
export type { CollaborationChoice, SettingsSource } from './collaboration.ts';
export { type DecryptedTable, decryptForCollaboration, type DecryptRequest } from './decrypt-for-collaboration.ts';
export {
  encryptForCollaboration,
  type EncryptedTable,
  type EncryptionOutcome,
  type EncryptRequest,
} from './encrypt-for-collaboration.ts';
export { reportDraft } from './draft-report.ts';
export type { MemberEnvironment } from './environment.ts';
export type { UnnamedSecret } from './load-secret.ts';
export { type NormalisedTable, normaliseForPartner, type NormaliseRequest } from './normalise-table.ts';
export type { PackageKeys } from './open-package.ts';
export { readRows, writeResult } from './read-result.ts';
export {
  type OriginalTable,
  type ReencryptedTable,
  reencryptForCollaboration,
  type ReencryptRequest,
} from './reencrypt-for-collaboration.ts';
export type { ColumnSample } from './sample-values.ts';
export { allowsCleartext, type ProfiledTable, type SchemaSource, withSchemaSource } from './source-table.ts';
export type { RunSummary } from '../../protect/index.ts';
export type { TableProgress, TableTransfer } from './table-transfer.ts';
export type { ManifestFile } from './trusted-manifest.ts';
