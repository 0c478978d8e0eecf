/** What encrypting and checking need of a collaboration. The other door reads manifests too, for which it loads a YAML parser. */
export { createCleanRoomsClient, fetchCollaborationSettings } from './clean-rooms.ts';
export { familyOf } from './column-type.ts';
export { requireSameNormalisation } from './compare-normalisation.ts';
export { fillDefaults } from './parameters.ts';
export { tableKeysOf } from './roles.ts';
export { HIGH_ASSURANCE, LOW_ASSURANCE, parseSettings } from './settings.ts';
export { describeTypedText, readTypedText } from './typed-text.ts';
export { requireTable } from './table-fit.ts';
