/** Collaborations: their manifest, and their settings, offline or from AWS Clean Rooms. No I/O but that one call. */
export type { CleanRoomsOptions, CollaborationSource } from './clean-rooms.ts';
export { createCleanRoomsClient, fetchCollaborationSettings } from './clean-rooms.ts';
export type { TypeFamily } from './column-type.ts';
export { familyOf } from './column-type.ts';
export type {
  Ability,
  AccessBudget,
  AnalysisRule,
  AnalysisTemplate,
  LogSettings,
  Manifest,
  ManifestColumn,
  ManifestSource,
  ManifestTable,
  Member,
  MemberSignature,
  TemplateParameter,
} from './manifest.ts';
export type {
  AggregateColumns,
  AggregateFunction,
  AggregationRule,
  JoinOperator,
  ScalarFunction,
} from './rules/aggregation.ts';
export type { OutputConstraint, Rounding, Suppression } from './rules/constraint.ts';
export type { CustomRule } from './rules/custom.ts';
export type { ListRule } from './rules/list.ts';
export type { CollaborationSettings } from './settings.ts';
export { HIGH_ASSURANCE, LOW_ASSURANCE, parseSettings, readSettings, SETTING_NAMES } from './settings.ts';
