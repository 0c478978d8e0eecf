import { SealroomError } from '../errors/index.ts';
import { describeValue, quoteForMessage } from '../errors/index.ts';
import { isRecord } from '../schema/index.ts';

/** The settings that the members agreed on. They decide how tables are encrypted; decryption does not need them. */
export interface CollaborationSettings {
  /** Whether encrypted tables may have cleartext columns. Clause F-61. */
  readonly allowCleartext: boolean;
  /** Whether values of a fingerprint column may repeat. Clause F-60. */
  readonly allowDuplicates: boolean;
  /** Whether fingerprint columns with different target headers can be joined, because they share a key. Clause F-8. */
  readonly allowJoinsOnColumnsWithDifferentNames: boolean;
  /** Whether a null stays a null in protected columns. Clauses F-28 and F-35. */
  readonly preserveNulls: boolean;
}

/** The names of the four settings, as in AWS Clean Rooms. */
export const SETTING_NAMES = [
  'allowCleartext',
  'allowDuplicates',
  'allowJoinsOnColumnsWithDifferentNames',
  'preserveNulls',
] as const satisfies readonly (keyof CollaborationSettings)[];

/** Reveals the least: everything is forbidden. */
export const HIGH_ASSURANCE: CollaborationSettings = Object.freeze({
  allowCleartext: false,
  allowDuplicates: false,
  allowJoinsOnColumnsWithDifferentNames: false,
  preserveNulls: false,
});

/** Reveals the most: everything is allowed. */
export const LOW_ASSURANCE: CollaborationSettings = Object.freeze({
  allowCleartext: true,
  allowDuplicates: true,
  allowJoinsOnColumnsWithDifferentNames: true,
  preserveNulls: true,
});

const HINT = `settings are an object with ${SETTING_NAMES.join(', ')}, each true or false`;

/** The problems of a settings object, one line for each. */
function findProblems(members: Readonly<Record<string, unknown>>): readonly string[] {
  const wrong = SETTING_NAMES.filter((name) => typeof members[name] !== 'boolean').map(
    (name) => `setting \`${name}\`: expected true or false, got ${describeValue(members[name])}`,
  );
  const known: readonly string[] = SETTING_NAMES;
  const unknown = Object.keys(members)
    .filter((name) => !known.includes(name))
    .map((name) => `${quoteForMessage(name)} is not a setting`);
  return [...wrong, ...unknown];
}

/**
 * Settings from an object with exactly the four members.
 *
 * @throws {SealroomError} USAGE_OPTION if one is missing, unknown or not a boolean; the message names the first problem, the hint
 *   the others.
 */
export function readSettings(value: unknown): CollaborationSettings {
  if (!isRecord(value)) {
    throw new SealroomError('USAGE_OPTION', `settings: expected an object, got ${describeValue(value)}`, {
      hint: HINT,
    });
  }
  const [first, ...rest] = findProblems(value);
  if (first !== undefined) throw new SealroomError('USAGE_OPTION', first, { hint: [...rest, HINT].join('\n') });
  return Object.freeze({
    allowCleartext: value['allowCleartext'] === true,
    allowDuplicates: value['allowDuplicates'] === true,
    allowJoinsOnColumnsWithDifferentNames: value['allowJoinsOnColumnsWithDifferentNames'] === true,
    preserveNulls: value['preserveNulls'] === true,
  });
}

/** The settings in the output of `aws cleanrooms get-collaboration`, or the value itself if it is something else. */
function unwrapResponse(value: unknown): unknown {
  if (!isRecord(value)) return value;
  if ('collaboration' in value)
    return isRecord(value['collaboration']) ? value['collaboration']['dataEncryptionMetadata'] : null;
  return 'dataEncryptionMetadata' in value ? value['dataEncryptionMetadata'] : value;
}

/**
 * Reads settings from JSON text: an object with the four members, or a response of AWS Clean Rooms' GetCollaboration with such an
 * object in `collaboration.dataEncryptionMetadata`.
 *
 * @throws {SealroomError} USAGE_OPTION if the text is not JSON, or a setting is missing, unknown or not a boolean.
 */
export function parseSettings(text: string, place: { readonly file?: string | undefined } = {}): CollaborationSettings {
  const { file } = place;
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    // The parser's own message quotes the text, which may be a secret file that was given by mistake.
    throw new SealroomError('USAGE_OPTION', 'the settings are not JSON', { hint: HINT, where: { file } });
  }
  try {
    return readSettings(unwrapResponse(value));
  } catch (error) {
    throw error instanceof SealroomError ? error.at({ file }) : error;
  }
}
