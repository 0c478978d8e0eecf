import { describeValue, didYouMean, isRecord, quoteForMessage, SealroomError } from '../errors/index.ts';
import { type Normalisation, NO_NORMALISATION, parseNormalisation } from '../normalise/index.ts';
import type { ColumnKind } from './column-kind.ts';
import { COLUMN_KINDS } from './column-kind.ts';
import type { Header, SourceHeader } from './header.ts';
import { defaultTargetHeader, parseHeader, parseSourceHeader, positionalHeader, trimBlanks } from './header.ts';
import { hintAtCapitals } from './json.ts';
import type { Pad } from './pad.ts';
import { parsePad } from './pad.ts';
import type { ProblemCollector } from './problem-collector.ts';

/** The headers of a target column and its source, and how the source's values are normalised. */
export interface ColumnNames extends Normalisation {
  /** The column of the input, `_cN` in a table without header row. */
  readonly sourceHeader: SourceHeader;
  /** 0-based index of the source column, or `null` if it is found by its header. */
  readonly sourceIndex: number | null;
  /** The column of the output; part of the keys and initialization vectors of its cells. */
  readonly targetHeader: Header;
}

/** A column whose values can be opened with the shared secret, but not compared. */
export interface SealedColumn extends ColumnNames {
  readonly kind: 'sealed';
  readonly pad: Pad;
}

/** A column whose values can be joined and counted, but not opened. */
export interface FingerprintColumn extends ColumnNames {
  readonly kind: 'fingerprint';
}

/** A column that is passed through as it is. */
export interface CleartextColumn extends ColumnNames {
  readonly kind: 'cleartext';
}

/** One column of the output and its source. */
export type ColumnSchema = SealedColumn | FingerprintColumn | CleartextColumn;

/** The position of an entry in the `columns` of a table schema. */
export interface ColumnPlace {
  /** `column 3` or `column 3, target 2`, 1-based. */
  readonly label: string;
  /** 0-based index of the source column, or `null` in a schema that names its sources. */
  readonly sourceIndex: number | null;
}

/**
 * Parses the `type` of a column, ignoring case and surrounding blanks.
 *
 * @throws {SealroomError} SCHEMA_INVALID if it is not a kind of column.
 */
//= format F-72
function parseKind(value: unknown): ColumnKind {
  const name = typeof value === 'string' ? trimBlanks(value).toLowerCase() : value;
  const kind = COLUMN_KINDS.find((candidate) => candidate === name);
  if (kind !== undefined) return kind;
  const isUnedited = typeof value === 'string' && value.includes('|');
  throw new SealroomError(
    'SCHEMA_INVALID',
    `\`type\`: expected \`sealed\`, \`fingerprint\` or \`cleartext\`, got ${describeValue(value)}`,
    { hint: isUnedited ? "choose one of the template's options" : undefined },
  );
}

/** Reads a header from JSON: a string, or a whole number, whose digits are the header. */
function readHeaderText(value: unknown, key: string): string {
  const text = Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text === 'string') return text;
  throw new SealroomError('SCHEMA_INVALID', `\`${key}\`: expected a string, got ${describeValue(value)}`);
}

/** The source of a target column, and how its values are normalised. */
interface Source extends Normalisation {
  readonly sourceHeader: SourceHeader;
}

const SOURCE_MEMBERS = ['name', 'normalise', 'nulls'];

/** Unlike elsewhere, an unknown member is refused: with `normalize` ignored, nothing would match. */
function refuseUnknownMembers(source: Readonly<Record<string, unknown>>): void {
  const unknown = Object.keys(source).find((name) => !SOURCE_MEMBERS.includes(name));
  if (unknown === undefined) return;
  throw new SealroomError(
    'SCHEMA_INVALID',
    `\`sourceHeader\`: expected \`name\`, \`normalise\` and \`nulls\`, got ${quoteForMessage(unknown)}`,
    { hint: didYouMean(unknown, SOURCE_MEMBERS) },
  );
}

/** Names of {@link SOURCE_MEMBERS} that would be ignored beside `sourceHeader`, as all that C3R does not know is. */
const MISPLACED_MEMBERS = ['normalise', 'normalize', 'nulls'];

/** Refuses what belongs into `sourceHeader`: ignored, it would give fingerprints that match nothing. */
function refuseMisplacedMembers(entry: Readonly<Record<string, unknown>>): void {
  const misplaced = MISPLACED_MEMBERS.find((name) => Object.hasOwn(entry, name));
  if (misplaced === undefined) return;
  throw new SealroomError(
    'SCHEMA_INVALID',
    `${quoteForMessage(misplaced)} must be in \`sourceHeader\`, not beside it`,
    {
      hint: 'such as `"sourceHeader": { "name": "email", "normalise": ["email"] }`',
    },
  );
}

//= format F-70
//= format F-71
//= format F-101
function readSource(entry: Readonly<Record<string, unknown>>, sourceIndex: number | null): Source {
  refuseMisplacedMembers(entry);
  const given = entry['sourceHeader'] ?? undefined;
  if (sourceIndex !== null && given === undefined) {
    return { sourceHeader: positionalHeader(sourceIndex), ...NO_NORMALISATION };
  }
  const members = isRecord(given) ? given : null;
  if (members !== null) refuseUnknownMembers(members);
  const name = members === null ? given : (members['name'] ?? undefined);
  if (sourceIndex !== null && name !== undefined) {
    throw new SealroomError('SCHEMA_INVALID', '`sourceHeader` cannot name a column where `headerRow` is false', {
      hint: 'without a header row, the position in `columns` selects the source column',
    });
  }
  return {
    sourceHeader:
      sourceIndex === null
        ? parseSourceHeader(readHeaderText(name, members === null ? 'sourceHeader' : 'name'))
        : positionalHeader(sourceIndex),
    ...(members === null ? NO_NORMALISATION : parseNormalisation(members)),
  };
}

//= format F-65
//= format F-71
function readTarget(
  entry: Readonly<Record<string, unknown>>,
  source: SourceHeader | null,
  sourceIndex: number | null,
  kind: ColumnKind | null,
): Header | null {
  const given = entry['targetHeader'] ?? undefined;
  if (given !== undefined || sourceIndex !== null) {
    return parseHeader(readHeaderText(given, 'targetHeader'), 'target header');
  }
  return source === null || kind === null ? null : defaultTargetHeader(source, kind);
}

//= format F-73
function readPad(given: unknown, kind: ColumnKind | null): Pad | null {
  if (kind === 'sealed' || (kind === null && given !== undefined)) return parsePad(given);
  if (kind === null || given === undefined) return null;
  throw new SealroomError('SCHEMA_INVALID', `\`pad\` cannot be used with type \`${kind}\``, {
    hint: 'only sealed columns have a pad',
  });
}

/** `column 3 (`email`)`: the entry's position, and the header that the user will look for. */
function labelEntry(entry: Readonly<Record<string, unknown>>, place: ColumnPlace): string {
  const source = entry['sourceHeader'];
  const sourceName = isRecord(source) ? source['name'] : source;
  const name = place.sourceIndex === null ? sourceName : entry['targetHeader'];
  return typeof name === 'string' ? `${place.label} (${quoteForMessage(name)})` : place.label;
}

function freezeColumn(names: ColumnNames, kind: ColumnKind, pad: Pad | null): ColumnSchema | null {
  switch (kind) {
    case 'sealed':
      return pad === null ? null : Object.freeze({ kind, ...names, pad });
    case 'fingerprint':
    case 'cleartext':
      return Object.freeze({ kind, ...names });
  }
}

/** Parses one target column. Reports every problem to `problems` and returns `null` if there is one. Unknown keys are ignored. */
export function readColumnSchema(value: unknown, place: ColumnPlace, problems: ProblemCollector): ColumnSchema | null {
  if (!isRecord(value)) {
    problems.add(
      `${place.label}: expected an object, got ${describeValue(value)}`,
      Array.isArray(value) ? '`columns` holds arrays only where `headerRow` is false' : undefined,
    );
    return null;
  }
  const { sourceIndex } = place;
  const label = labelEntry(value, place);
  const before = problems.count;
  const read = <T>(key: string, readMember: () => T): T | null =>
    problems.attempt(label, readMember, hintAtCapitals(value, key));
  const kind = read('type', () => parseKind(value['type']));
  const pad = read('pad', () => readPad(value['pad'] ?? undefined, kind));
  const source = read('sourceHeader', () => readSource(value, sourceIndex));
  const targetHeader = read('targetHeader', () => readTarget(value, source?.sourceHeader ?? null, sourceIndex, kind));
  if (problems.count > before || kind === null || source === null || targetHeader === null) return null;
  return freezeColumn({ ...source, sourceIndex, targetHeader }, kind, pad);
}
