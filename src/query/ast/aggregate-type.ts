import type { AggregateName } from './functions.ts';
import {
  BIGINT,
  decimalOf,
  DOUBLE,
  familyOfType,
  integerOf,
  TEXT,
  TIMESTAMP,
  UNKNOWN,
  type ValueType,
} from './value-type.ts';

/** Tables are assumed to have fewer than ten to this power rows, which limits the digits of a sum. */
const ROW_DIGITS = 12;

/** The type of an aggregate's result, by the type of its argument. */
export function aggregateType(name: AggregateName, argument: ValueType): ValueType {
  switch (name) {
    case 'count':
      return BIGINT;
    case 'sum':
      if (argument.kind === 'integer') return integerOf('HUGEINT', argument.digits + ROW_DIGITS);
      if (argument.kind === 'decimal') return decimalOf(38, argument.scale, argument.digits + ROW_DIGITS);
      return argument.kind === 'double' ? DOUBLE : UNKNOWN;
    case 'min':
    case 'max':
    case 'first':
    case 'quantile_disc':
      return argument;
    case 'median':
      if (argument.kind === 'date') return TIMESTAMP;
      return familyOfType(argument) === 'number' ? DOUBLE : argument;
    case 'avg':
    case 'stddev_samp':
    case 'stddev_pop':
    case 'var_samp':
    case 'var_pop':
    case 'quantile_cont':
      return DOUBLE;
    case 'string_agg':
      return TEXT;
  }
}
