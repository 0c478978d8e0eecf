import { familyOf, type TypeFamily } from '../collab/index.ts';
import { SealroomError } from '../errors.ts';
import type { ColumnType } from '../tabular/index.ts';

/** How a cleartext column of a file becomes one of the room, in SQL. */
export interface Conversion {
  /** The value in its type in the room; null if it has none. */
  readonly value: string;
  /** Whether a value that is not null has none there, or another one: too big, too precise, no date. `null`: never. */
  readonly isRefused: string | null;
  /** What the values are expected to be. */
  readonly expected: string;
}

const INTEGER_TEXT = '[+-]?[0-9]+';
const FLOATING_TEXT = String.raw`[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?`;
const DATE_TEXT = '[0-9]{4}-[0-9]{2}-[0-9]{2}';
const TIME_TEXT = String.raw`[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6}0*)?)?`;

/** Carried types of the engine that hold numbers. */
const NUMBERS: readonly string[] = ['TINYINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT', 'HUGEINT'];

/** The text that a type is written as: the engine would round what it cannot hold, and take other forms of dates. */
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

/** What the engine calls the type of a column that a file holds; `null` if it cannot be loaded as cleartext. */
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

/** Types that have values which are not finite. */
const MAYBE_INFINITE: readonly string[] = ['FLOAT', 'DOUBLE', 'DATE', 'TIMESTAMP'];

/** The SQL for a value that is none in its new type, or not finite where that type has such values. */
function isNone(value: string, type: string): string {
  return MAYBE_INFINITE.includes(type) ? `(${value} IS NULL OR NOT isfinite(${value}))` : `${value} IS NULL`;
}

/**
 * How a cleartext column gets the type that the manifest gives it. Only values that stay the same are taken: nothing is
 * rounded or cut, and there is no infinity.
 *
 * @param name of the column, as SQL writes it
 * @param type SQL type of the manifest
 * @param source type of the column in the file
 * @throws {SealroomError} DATA_TYPE if columns of the file's type never have values of that type.
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
    // Compared in the type of the file: in that of the room, what was rounded would equal itself.
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
