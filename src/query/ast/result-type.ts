import type { ResultKind } from './functions.ts';
import type { Expression } from './nodes.ts';
import {
  BIGINT,
  BOOLEAN,
  commonType,
  DATE,
  decimalOf,
  digitsOf,
  DOUBLE,
  ELAPSED,
  integerOf,
  MAX_DIGITS,
  TEXT,
  TIMESTAMP,
  UNKNOWN,
  type ValueType,
} from './value-type.ts';

/** The type of a number rounded to `places`: a carry can add a digit. */
function roundedType(type: ValueType, places: number): ValueType {
  const digits = digitsOf(type);
  if (digits === null) return type;
  const after = Math.min(Math.max(places, 0), digits.after);
  const total = digits.before + after + (places < digits.after ? 1 : 0);
  if (total > MAX_DIGITS) return DOUBLE;
  return type.kind === 'integer' ? integerOf('HUGEINT', total) : decimalOf(total, after);
}

/** The type of a number without the digits after `places`. */
function cutType(type: ValueType, places: number): ValueType {
  if (type.kind !== 'decimal') return type;
  const after = Math.min(Math.max(places, 0), type.scale);
  return decimalOf(type.precision, after, type.digits - type.scale + after);
}

/** The type of the whole part of a quotient, whose divisor may have digits after the point. */
function quotientType([left, right]: readonly ValueType[]): ValueType {
  const [above, below] = [digitsOf(left ?? UNKNOWN), digitsOf(right ?? UNKNOWN)];
  if (above === null || below === null) return UNKNOWN;
  return integerOf('HUGEINT', Math.min(above.before + Math.max(above.after, below.after), MAX_DIGITS));
}

/** The type of a scalar function's result, by what it gives and its arguments. */
export function resultType(kind: ResultKind, values: readonly Expression[]): ValueType {
  const types = values.map((value) => value.type);
  const [first = UNKNOWN] = types;
  switch (kind) {
    case 'text':
      return TEXT;
    case 'integer':
      return integerOf('INTEGER');
    case 'bigint':
      return BIGINT;
    case 'double':
      return DOUBLE;
    case 'cut': {
      const places = values[1];
      return cutType(first, places?.kind === 'literal' ? Number(places.text) : 0);
    }
    case 'quotient':
      return quotientType(types);
    case 'boolean':
      return BOOLEAN;
    case 'date':
      return DATE;
    case 'interval':
      return ELAPSED;
    case 'timestamp':
      return TIMESTAMP;
    case 'first':
      return first;
    case 'rounded': {
      const places = values[1];
      return roundedType(first, places?.kind === 'literal' ? Number(places.text) : 0);
    }
    case 'common':
      return types.reduce(commonType, UNKNOWN);
    case 'whole':
      if (first.kind === 'decimal') return decimalOf(first.precision, 0, first.digits - first.scale + 1);
      return first.kind === 'integer' ? DOUBLE : first;
  }
}
