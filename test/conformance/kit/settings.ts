import type { CollaborationSettings } from 'sealroom';
import { booleanOf } from './json.ts';
import type { Members } from './json.ts';

/** The settings of a case. */
export function settingsOf(vector: Members): CollaborationSettings {
  return {
    allowCleartext: booleanOf(vector, 'allow_cleartext'),
    allowDuplicates: booleanOf(vector, 'allow_duplicates'),
    allowJoinsOnColumnsWithDifferentNames: booleanOf(vector, 'allow_joins'),
    preserveNulls: booleanOf(vector, 'preserve_nulls'),
  };
}
