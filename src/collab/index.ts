/** Collaborations: their manifest, and their settings, offline or from AWS Clean Rooms. No I/O but that one call. */
export type { Dialect } from './dialect.ts';
export { adviseOnManifest, type ManifestAdvice } from './advice.ts';
export {
  type CleanRoomsCall,
  cleanRoomsError,
  type CleanRoomsOptions,
  type CollaborationSource,
  createCleanRoomsClient,
  fetchCollaborationSettings,
  loadCleanRooms,
  quoteAws,
} from './clean-rooms.ts';
export type { Carried, CarriedCard, CarriedMessage } from './carried.ts';
export { type Conversion, convertColumn, roomTypeOf, textTestOf } from './conversion.ts';
export { type ChangeEffect, diffManifests, type ManifestChange } from './diff.ts';
export { draftManifest, type DraftParts } from './draft.ts';
export { type Grant, type Limit, listGrants, listLimits } from './grants.ts';
export { HASH_TEXT } from './hash-text.ts';
export { insertMember, insertMessage, type MemberDraft, withoutMessages } from './insert-member.ts';
export { insertSecretIds, insertSignature, insertWithdrawal } from './insert-signature.ts';
export { familyOf, parseTypeName, type TypeFamily, type TypeName } from './column-type.ts';
export type { ManifestColumn } from './manifest-column.ts';
export {
  describeDialect,
  type EncryptionTerms,
  type LogSettings,
  type Manifest,
  parseManifest,
  type ParseManifestOptions,
  settingsOf,
} from './manifest.ts';
export { ABILITIES, type Ability, type Member, MEMBER_ID } from './member.ts';
export { describeNormalisation, describePin, type NormalisationPin, pinOf } from './normalisation.ts';
export {
  compareNormalisation,
  type NormalisationDifference,
  requireOwnPin,
  requireSameNormalisation,
} from './compare-normalisation.ts';
export { type Person, type Role, ROLES } from './person.ts';
export {
  comparePinnedKeys,
  describeKey,
  isKnownSigner,
  type KeyStatus,
  type KnownKey,
  requireKnownSigners,
  requireOwnMember,
  requirePinnedKeys,
  requireSignedByMembers,
} from './pinned-keys.ts';
export { type Actor, hasRoles, requireRole, requireRoleOfPerson, type RoleAction, tableKeysOf } from './roles.ts';
export {
  type AggregateColumns,
  type AggregationRule,
  JOIN_OPERATORS,
  type JoinOperator,
  SCALAR_FUNCTIONS,
  type ScalarFunction,
} from './rules/aggregation.ts';
export { AGGREGATE_FUNCTIONS, type AggregateFunction } from './rules/columns.ts';
export { columnsOfRule } from './rules/columns-of-rule.ts';
export type { ComparisonControls } from './rules/comparison-controls.ts';
export { type OutputConstraint, type Rounding, roundsCounts, type Suppression } from './rules/constraint.ts';
export type { CustomRule } from './rules/custom.ts';
export type { ListRule } from './rules/list.ts';
export {
  AGGREGATE_EXPRESSION_TYPES,
  type AggregateExpressionType,
  type OutputColumnThreshold,
} from './rules/thresholds.ts';
export { requireNamedSecret, type SecretInUse } from './secret-ids.ts';
export {
  type CollaborationSettings,
  HIGH_ASSURANCE,
  LOW_ASSURANCE,
  parseSettings,
  readSettings,
  SETTING_NAMES,
} from './settings.ts';
export { describeSignature, listUnsigned, refuseBrokenSignatures, requireSignatures } from './signature-status.ts';
export type { MemberSignature } from './signature.ts';
export type { AccessBudget, AnalysisRule, ManifestSource, ManifestTable } from './table.ts';
export {
  type DraftColumn,
  insertTable,
  type Measure,
  parseMeasure,
  type RuleDraft,
  type TableDraft,
} from './table-draft.ts';
export { TypeGuess } from './type-guess.ts';
export {
  columnsInRoom,
  type ColumnMatch,
  listMisfits,
  type MatchedColumn,
  matchColumns,
  requireFit,
  requireLoadable,
  requireTable,
} from './table-fit.ts';
export { describeParameter, fillDefaults, PARAMETER_NAME, type TemplateParameter } from './parameters.ts';
export type { AnalysisTemplate } from './template.ts';
export {
  approveTemplate,
  type SignatureState,
  type SignatureStatus,
  signManifest,
  verifyManifest,
  withdrawApproval,
} from './verify.ts';
export { newestWithdrawals, type Withdrawal } from './withdrawal.ts';
