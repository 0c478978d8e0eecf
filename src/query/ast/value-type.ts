import type { TypeFamily } from '../../collab/index.ts';
import { familyOf } from '../../collab/light.ts';

/** The integer types, with the most decimal digits that a value of each has. */
export const INTEGER_DIGITS = { TINYINT: 3, SMALLINT: 5, INTEGER: 10, BIGINT: 19, HUGEINT: 39 } as const;

/** The maximum number of digits that the engine computes with exactly. */
export const MAX_DIGITS = 38;

/** A type of values. `digits` can be a tighter bound than the name of the type. */
export type ValueType =
  | { readonly kind: 'text' | 'date' | 'timestamp' | 'boolean' | 'null' | 'unknown' }
  /** A span of time, counted in whole months, days or microseconds. It is computed with, and never part of an answer. */
  | { readonly kind: 'interval'; readonly unit: 'month' | 'day' | 'microsecond' }
  | { readonly kind: 'integer'; readonly name: keyof typeof INTEGER_DIGITS; readonly digits: number }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number; readonly digits: number }
  | { readonly kind: 'double'; readonly name: 'FLOAT' | 'DOUBLE' };

/** Types without a parameter. */
export const TEXT: ValueType = { kind: 'text' };
/** Calendar days. */
export const DATE: ValueType = { kind: 'date' };
/** Instants without a time zone. */
export const TIMESTAMP: ValueType = { kind: 'timestamp' };
/** Truth values. */
export const BOOLEAN: ValueType = { kind: 'boolean' };
/** The type of a bare NULL, which matches every type. */
export const NULL: ValueType = { kind: 'null' };
/** The type of a part that could not be resolved; it matches every type, because the part was already reported. */
export const UNKNOWN: ValueType = { kind: 'unknown' };
/** 64-bit binary floating point. */
export const DOUBLE: ValueType = { kind: 'double', name: 'DOUBLE' };
/** A span of time between two instants. */
export const ELAPSED: ValueType = { kind: 'interval', unit: 'microsecond' };
/** 64-bit integers. */
export const BIGINT: ValueType = { kind: 'integer', name: 'BIGINT', digits: 19 };

/** An integer type, whose values may have fewer digits than the type has room for. */
export function integerOf(name: keyof typeof INTEGER_DIGITS, digits: number = INTEGER_DIGITS[name]): ValueType {
  return { kind: 'integer', name, digits: Math.min(digits, INTEGER_DIGITS[name]) };
}

/** A decimal type of `precision` digits, `scale` of them after the point. */
export function decimalOf(precision: number, scale: number, digits: number = precision): ValueType {
  return { kind: 'decimal', precision, scale, digits: Math.min(digits, precision) };
}

function isIntegerName(name: string): name is keyof typeof INTEGER_DIGITS {
  return Object.hasOwn(INTEGER_DIGITS, name);
}

const PLAIN: ReadonlyMap<string, ValueType> = new Map<string, ValueType>([
  ['VARCHAR', TEXT],
  ['DATE', DATE],
  ['TIMESTAMP', TIMESTAMP],
  ['BOOLEAN', BOOLEAN],
  ['DOUBLE', DOUBLE],
  ['FLOAT', { kind: 'double', name: 'FLOAT' }],
]);

/** The type of a SQL name such as `BIGINT` or `DECIMAL(18,2)`, or `null` if there is no such column type. */
export function readTypeName(name: string): ValueType | null {
  const plain = PLAIN.get(name);
  if (plain !== undefined) return plain;
  if (isIntegerName(name)) return integerOf(name);
  const [, precision, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(name) ?? [];
  if (precision === undefined || scale === undefined || familyOf(name) === null) return null;
  return decimalOf(Number(precision), Number(scale));
}

/** The SQL name of a type. Only resolved types have one. */
export function printTypeName(type: ValueType): string {
  switch (type.kind) {
    case 'text':
      return 'VARCHAR';
    case 'date':
    case 'timestamp':
    case 'boolean':
      return type.kind.toUpperCase();
    case 'integer':
    case 'double':
      return type.name;
    case 'interval':
      return 'BIGINT';
    case 'decimal':
      return `DECIMAL(${String(type.precision)},${String(type.scale)})`;
    case 'null':
    case 'unknown':
      throw new TypeError(`a value of type ${type.kind} has no SQL type`);
  }
}

/** The families of the values of a query: those of columns, and spans of time. */
export type Family = TypeFamily | 'interval';

/** The family of a type; `null` for types that match every type. */
export function familyOfType(type: ValueType): Family | null {
  switch (type.kind) {
    case 'text':
    case 'date':
    case 'timestamp':
    case 'boolean':
    case 'interval':
      return type.kind;
    case 'integer':
    case 'decimal':
    case 'double':
      return 'number';
    case 'null':
    case 'unknown':
      return null;
  }
}

/** The maximum digits before and after the decimal point, or `null` for types that are not exact. */
export function digitsOf(type: ValueType): { readonly before: number; readonly after: number } | null {
  if (type.kind === 'integer') return { before: type.digits, after: 0 };
  if (type.kind === 'decimal') return { before: Math.max(type.digits - type.scale, 0), after: type.scale };
  return null;
}

/** A type that holds the values of both, or the first type if their families differ. Exact if the digits suffice. */
export function commonType(a: ValueType, b: ValueType): ValueType {
  if (familyOfType(a) === null) return b;
  if (a.kind === 'date' && b.kind === 'timestamp') return b;
  if (familyOfType(b) === null || familyOfType(a) !== 'number') return a;
  if (a.kind === 'double' || b.kind === 'double') return DOUBLE;
  if (a.kind === 'integer' && b.kind === 'integer') return a.digits >= b.digits ? a : b;
  const [left, right] = [digitsOf(a), digitsOf(b)];
  if (left === null || right === null) return DOUBLE;
  const after = Math.max(left.after, right.after);
  const digits = Math.max(left.before, right.before) + after;
  return digits > MAX_DIGITS ? DOUBLE : decimalOf(digits, after);
}

/** Whether the engine can bring values of these types to one type without losing a digit or failing. */
export function meetExactly(types: readonly ValueType[]): boolean {
  const numbers = types.filter((type) => familyOfType(type) === 'number');
  return numbers.some((type) => type.kind === 'double') || numbers.reduce(commonType, NULL).kind !== 'double';
}

/** Whether values of two types that are equal are the same value: integers that differ can equal one floating-point number. */
export function isSameIfEqual(a: ValueType, b: ValueType): boolean {
  const isNull = a.kind === 'null' || b.kind === 'null';
  return isNull || ((a.kind === 'double') === (b.kind === 'double') && meetExactly([a, b]));
}

/**
 * What the type of an expression adds to its meaning: the family of a literal, and the target of a conversion. Other types follow
 * from the parts of the expression. Takes nodes in the form in which `canonicalText` walks them.
 */
export function readExpressionType(kind: unknown, type: Readonly<Record<string, unknown>>): string | undefined {
  if (kind === 'literal')
    return type['kind'] === 'interval' ? `interval ${String(type['unit'])}` : String(type['kind']);
  if (kind !== 'cast') return undefined;
  const { name, precision, scale } = type;
  const parts = [type['kind'], name, precision, scale];
  return parts.filter((part) => typeof part === 'string' || typeof part === 'number').join(' ');
}
