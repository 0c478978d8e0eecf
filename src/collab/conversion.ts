import type { ColumnType } from '../columns/index.ts';
import { SealroomError } from '../errors/index.ts';
import { familyOf, type TypeFamily } from './column-type.ts';

/** SQL that converts a cleartext column of a file to a column of the room. */
export interface Conversion {
  /** The value in the room's type; NULL if the type does not have it. */
  readonly value: string;
  /** The condition for a non-null value that the room's type cannot hold exactly: too large, too precise, not a date. `null`: never. */
  readonly isRefused: string | null;
  /** What a value must be, for a message: `a whole number that fits BIGINT`. */
  readonly expected: string;
}

const INTEGER_TEXT = '[+-]?[0-9]+';
const FLOATING_TEXT = String.raw`[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?`;
const DATE_TEXT = '[0-9]{4}-[0-9]{2}-[0-9]{2}';
const TIME_TEXT = String.raw`[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6}0*)?)?`;

/** Opaque types of the engine that hold numbers. */
const NUMBERS: readonly string[] = ['TINYINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT', 'HUGEINT'];

/** The text form of a type. It is checked because the engine would round what it cannot hold, and accept other date formats. */
function textOf(type: string): { readonly pattern: string; readonly expected: string } | null {
  const scale = /,(\d+)\)$/.exec(type)?.[1];
  if (scale !== undefined) {
    const places = scale === '0' ? String.raw`(\.0*)?` : String.raw`(\.[0-9]{0,${scale}}0*)?`;
    const fraction = scale === '0' ? '' : String.raw`|\.[0-9]{1,${scale}}0*`;
    return { pattern: `[+-]?([0-9]+${places}${fraction})`, expected: `a number that fits ${type}` };
  }
  switch (familyOf(type)) {
    case 'text':
    case null:
      return null;
    case 'boolean':
      return { pattern: '(?i)true|false', expected: '`true` or `false`' };
    case 'date':
      return { pattern: DATE_TEXT, expected: 'a date as YYYY-MM-DD' };
    case 'timestamp':
      return {
        pattern: `${DATE_TEXT}([ T]${TIME_TEXT})?`,
        expected: 'a timestamp as YYYY-MM-DD hh:mm:ss without a time zone',
      };
    case 'number':
      return type === 'FLOAT' || type === 'DOUBLE'
        ? { pattern: FLOATING_TEXT, expected: `a finite number that fits ${type}` }
        : { pattern: INTEGER_TEXT, expected: `a whole number that fits ${type}` };
  }
}

/** The engine's name for the type of a file's column; `null` if it cannot be loaded as cleartext. */
function sourceTypeOf(type: ColumnType): { readonly name: string; readonly family: TypeFamily } | null {
  switch (type.kind) {
    case 'string':
      return { name: 'VARCHAR', family: 'text' };
    case 'boolean':
      return { name: 'BOOLEAN', family: 'boolean' };
    case 'date':
      return { name: 'DATE', family: 'date' };
    case 'timestamp':
      return { name: { ms: 'TIMESTAMP_MS', us: 'TIMESTAMP', ns: 'TIMESTAMP_NS' }[type.unit], family: 'timestamp' };
    case 'smallint':
    case 'bigint':
    case 'float':
    case 'double':
      return { name: type.kind.toUpperCase(), family: 'number' };
    case 'int':
      return { name: 'INTEGER', family: 'number' };
    case 'decimal':
      return { name: `DECIMAL(${String(type.precision)},${String(type.scale)})`, family: 'number' };
    case 'opaque':
      return NUMBERS.includes(type.engineType) ? { name: type.engineType, family: 'number' } : null;
    case 'binary':
    case 'unsupported':
      return null;
  }
}

/** The room's type for a column of a file that is no text; `null` if a room has no such values. */
export function roomTypeOf(type: ColumnType): string | null {
  if (type.kind === 'opaque')
    return (
      { TINYINT: 'TINYINT', UTINYINT: 'SMALLINT', USMALLINT: 'INTEGER', UINTEGER: 'BIGINT' }[type.engineType] ?? null
    );
  if (type.kind === 'timestamp') return 'TIMESTAMP';
  return sourceTypeOf(type)?.name ?? null;
}

/**
 * Makes a test of the text of a cleartext value: whether it has the form of the manifest's type. `null` if every text has. What is too
 * large or too precise for the type passes it, and is refused by the engine.
 */
export function textTestOf(
  type: string,
): { readonly isForm: (text: string) => boolean; readonly expected: string } | null {
  const form = textOf(type);
  if (form === null) return null;
  const pattern = new RegExp(`^(?:${form.pattern.replace('(?i)', '')})$`, form.pattern.startsWith('(?i)') ? 'i' : '');
  return { isForm: (text) => pattern.test(text), expected: form.expected };
}

/** Types with values that are not finite. */
const MAYBE_INFINITE: readonly string[] = ['FLOAT', 'DOUBLE', 'DATE', 'TIMESTAMP'];

/** SQL for a value that its new type does not have, or that is not finite. */
function isNone(value: string, type: string): string {
  return MAYBE_INFINITE.includes(type) ? `(${value} IS NULL OR NOT isfinite(${value}))` : `${value} IS NULL`;
}

/**
 * Converts a cleartext column to the type that the manifest declares. Only values that stay the same are accepted: nothing is
 * rounded or cut, and infinity is refused.
 *
 * @param name the column's name, as SQL
 * @param type the SQL type in the manifest
 * @param source the column's type in the file
 * @throws {SealroomError} DATA_TYPE if a column of the file's type cannot have values of that type.
 */
export function convertColumn(name: string, type: string, source: ColumnType): Conversion {
  const from = sourceTypeOf(source);
  const family = familyOf(type);
  const isDateForTimestamp = from?.family === 'date' && family === 'timestamp';
  if (from === null || (from.family !== 'text' && from.family !== family && !isDateForTimestamp)) {
    throw new SealroomError('DATA_TYPE', `expected values of type ${type}, got a column of type ${nameOf(source)}`, {
      hint: 'convert the column, or correct its type in the manifest and sign it',
    });
  }
  const value = `TRY_CAST(${name} AS ${type})`;
  if (from.family !== 'text') {
    // Compared in the file's type: in the room's type, a rounded value would equal itself.
    const isOther = `TRY_CAST(${value} AS ${from.name}) IS DISTINCT FROM ${name}`;
    const isRefused = `${name} IS NOT NULL AND (${isNone(value, type)} OR ${isOther})`;
    return { value, isRefused, expected: `a value that fits ${type}` };
  }
  const text = textOf(type);
  if (text === null) return { value: name, isRefused: null, expected: type };
  const isOtherText = `NOT regexp_full_match(${name}, '${text.pattern}')`;
  const isRefused = `${name} IS NOT NULL AND (${isOtherText} OR ${isNone(value, type)})`;
  return { value, isRefused, expected: text.expected };
}

function nameOf(type: ColumnType): string {
  return type.kind === 'opaque' || type.kind === 'unsupported' ? type.engineType : type.kind;
}
