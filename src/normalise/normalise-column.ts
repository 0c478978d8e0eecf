import {
  allValid,
  type ByteColumn,
  byteColumnOf,
  decodeUtf8,
  encodeUtf8,
  isValid,
  setNull,
  valueAt,
} from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import { MISSING, type Normaliser, NOT_UNDERSTOOD } from './normaliser.ts';

/** What became of the values of a column. */
export interface NormalisedCounts {
  /** Values that were not null. */
  values: number;
  /** Values that became another text. */
  changed: number;
  /** Values that became null because they stand for none: blanks, and the column's null texts. */
  missing: number;
  /** Values that became null because a step could make nothing of them. */
  notUnderstood: number;
}

/** Counts of nothing yet. */
export function noCounts(): NormalisedCounts {
  return { values: 0, changed: 0, missing: 0, notUnderstood: 0 };
}

/** The text of each value, or `null`; slices of one string if the column is ASCII, which is quicker. */
function textsOf(column: ByteColumn): (row: number) => string | null {
  const { offsets, bytes, validity, rows } = column;
  const first = offsets[0] ?? 0;
  const end = offsets[rows] ?? 0;
  const all = decodeAscii(bytes.subarray(first, end));
  if (all === null) return (row) => decodeValue(column, row);
  return (row) =>
    isValid(validity, row) ? all.slice((offsets[row] ?? 0) - first, (offsets[row + 1] ?? 0) - first) : null;
}

/** The text of bytes that are ASCII alone, or `null`. */
function decodeAscii(bytes: Uint8Array): string | null {
  // eslint-disable-next-line @typescript-eslint/prefer-for-of -- several times as fast
  for (let at = 0; at < bytes.length; at++) if ((bytes[at] ?? 0) > 0x7f) return null;
  return decodeUtf8(bytes);
}

function decodeValue(column: ByteColumn, row: number): string | null {
  const value = valueAt(column, row);
  if (value === null) return null;
  try {
    return decodeUtf8(value);
  } catch (error) {
    throw error instanceof SealroomError ? error.at({ row }) : error;
  }
}

/** A column of texts. */
function columnOfTexts(texts: readonly (string | null)[]): ByteColumn {
  const all = texts.join('');
  const bytes = encodeUtf8(all);
  if (bytes.length !== all.length) return byteColumnOf(texts.map((text) => (text === null ? null : encodeUtf8(text))));
  // ASCII: a character is a byte.
  const rows = texts.length;
  const offsets = new Int32Array(rows + 1);
  let validity: Uint8Array | null = null;
  texts.forEach((text, row) => {
    offsets[row + 1] = (offsets[row] ?? 0) + (text?.length ?? 0);
    if (text === null) setNull((validity ??= allValid(rows)), row);
  });
  return { rows, offsets, bytes, validity };
}

/**
 * Normalises the values of a column of text, and adds to `counts` what became of them.
 *
 * @throws {SealroomError} with `where.row`, the 0-based row: DATA_ENCODING for a value that is not UTF-8, DATA_LENGTH for one that is too
 *   long for a step.
 */
//= format F-102
export function normaliseColumn(column: ByteColumn, normalise: Normaliser, counts: NormalisedCounts): ByteColumn {
  const textAt = textsOf(column);
  const resultAt = (row: number, text: string): ReturnType<Normaliser> => {
    try {
      return normalise(text);
    } catch (error) {
      throw error instanceof SealroomError ? error.at({ row }) : error;
    }
  };
  const texts = Array.from({ length: column.rows }, (_, row): string | null => {
    const text = textAt(row);
    if (text === null) return null;
    counts.values++;
    const result = resultAt(row, text);
    if (result === MISSING) counts.missing++;
    else if (result === NOT_UNDERSTOOD) counts.notUnderstood++;
    else if (result !== text) counts.changed++;
    return typeof result === 'string' ? result : null;
  });
  return columnOfTexts(texts);
}
