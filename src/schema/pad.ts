import { SealroomError } from '../errors/index.ts';
import { isRecord } from './json.ts';
import { MAX_PAD_LENGTH_BYTES } from './limits.ts';
import { describeValue } from '../errors/index.ts';

/** The names of the pads. */
export const PAD_KINDS = ['none', 'fixed', 'max'] as const;

/** One of {@link PAD_KINDS}. */
export type PadKind = (typeof PAD_KINDS)[number];

/**
 * How the lengths of a sealed column's values are hidden. `none`: not at all. `fixed`: every encoded value, type byte
 * included, is padded to `lengthBytes`. `max`: to the longest encoded value of the column plus `lengthBytes`.
 *
 * `lengthBytes` is an integer from 0 to 10 000, both inclusive.
 */
export type Pad =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly lengthBytes: number }
  | { readonly kind: 'max'; readonly lengthBytes: number };

const DIGITS = /^[0-9]+$/;

function readKind(value: unknown): PadKind {
  const name = typeof value === 'string' ? value.toLowerCase() : value;
  const kind = PAD_KINDS.find((candidate) => candidate === name);
  if (kind !== undefined) return kind;
  throw new SealroomError(
    'SCHEMA_INVALID',
    `\`pad.type\`: expected \`none\`, \`fixed\` or \`max\`, got ${describeValue(value)}`,
  );
}

/**
 * Parses the length of a pad in bytes: an integer from 0 to 10 000, or a string of digits.
 *
 * @throws {SealroomError} SCHEMA_INVALID if it is anything else.
 */
//= format F-46
export function parsePadLength(value: unknown): number {
  const length = typeof value === 'string' && DIGITS.test(value) ? Number(value) : value;
  if (typeof length === 'number' && Number.isInteger(length) && length >= 0 && length <= MAX_PAD_LENGTH_BYTES)
    return length;
  throw new SealroomError(
    'SCHEMA_INVALID',
    `\`pad.length\`: expected an integer from 0 to ${String(MAX_PAD_LENGTH_BYTES)}, got ${describeValue(value)}`,
  );
}

/**
 * Parses a pad of a table schema: `{"type": "none"}`, or `{"type": "fixed" | "max", "length": 0..10000}`.
 *
 * The case of the type is ignored; the length may be a string of digits. Stricter than C3R: a pad without a type and a
 * length with a fraction are refused.
 *
 * @throws {SealroomError} SCHEMA_INVALID if it is anything else.
 */
//= format F-73
export function parsePad(value: unknown): Pad {
  if (!isRecord(value))
    throw new SealroomError('SCHEMA_INVALID', `\`pad\`: expected an object, got ${describeValue(value)}`);
  const kind = readKind(value['type']);
  const length = value['length'] ?? undefined;
  if (kind !== 'none') return Object.freeze({ kind, lengthBytes: parsePadLength(length) });
  if (length === undefined) return Object.freeze({ kind });
  throw new SealroomError('SCHEMA_INVALID', `\`pad.length\` cannot be used with pad type \`none\``);
}
