import { decodeUtf8Lenient } from '../bytes/index.ts';
import type { SourceColumn } from '../schema/index.ts';
import { countryOfPhone } from './calling-codes.ts';
import type { DateOrder, ValueShape } from './value-shapes.ts';
import { DATE_ORDERS, dateOrderOf, MAX_SHAPED_BYTES, valueShapeOf, VALUE_SHAPES } from './value-shapes.ts';
import { StatisticsCollector, type ValueStatistics } from './value-statistics.ts';

/** Facts about the values of a column, or of a sample of them. Holds no value but placeholders. */
export interface ColumnProfile {
  readonly column: SourceColumn;
  readonly statistics: ValueStatistics;
  /** How many of the values have each shape, nulls, blank ones and placeholders aside. */
  readonly shapes: Readonly<Record<ValueShape, number>>;
  /** How many of the dates are written in each order. */
  readonly dateOrders: Readonly<Record<DateOrder, number>>;
  /** How many of the phone numbers have the calling code of each country; those without a code are not counted. */
  readonly phoneCountries: Readonly<Record<string, number>>;
}

/** A phone number in its international form (E.164). */
const E164 = /^\+\d{8,15}$/;

/** Profiles the values of a column one by one, and keeps no copy of them. */
export interface ColumnProfiler {
  /** One value as bytes (UTF-8 for text), or `null`. */
  add(value: Uint8Array | null): void;
  /** The facts so far. */
  finish(): ColumnProfile;
}

/** Counts up to this many different values exactly, unless there are many columns. */
const MAX_DISTINCT = 1 << 16;
/** Counts this many different values in all columns together, at most; takes about 100 MB. */
const MAX_DISTINCT_TOGETHER = 1 << 21;
const MIN_DISTINCT = 1 << 8;

/** Up to how many different values each of `columns` columns is counted exactly, so that memory stays bounded. */
export function distinctLimit(columns: number): number {
  return Math.max(MIN_DISTINCT, Math.min(MAX_DISTINCT, Math.floor(MAX_DISTINCT_TOGETHER / Math.max(columns, 1))));
}

function zeroOf<K extends string>(keys: readonly K[]): Record<K, number> {
  return Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;
}

/** Creates a profiler for the values of a column. Only text has shapes; values of other types count as `code`. */
export function profileColumn(column: SourceColumn, maxDistinct = MAX_DISTINCT): ColumnProfiler {
  const isText = column.content === 'text';
  const statistics = new StatisticsCollector(isText, maxDistinct);
  const shapes = zeroOf(VALUE_SHAPES);
  const dateOrders = zeroOf(DATE_ORDERS);
  const phoneCountries: Record<string, number> = {};
  const classify = (value: Uint8Array): ValueShape => {
    if (!isText) return 'code';
    if (value.length > MAX_SHAPED_BYTES) return 'phrase';
    const text = decodeUtf8Lenient(value).trim();
    const shape = valueShapeOf(text);
    if (shape === 'date') dateOrders[dateOrderOf(text)]++;
    // `+4930901820` is a whole number too.
    const isNumber = shape === 'phone' || (shape === 'integer' && E164.test(text));
    const country = isNumber ? countryOfPhone(text) : null;
    if (country !== null) phoneCountries[country] = (phoneCountries[country] ?? 0) + 1;
    return shape;
  };
  return {
    add(value) {
      if (statistics.add(value) || value === null) return;
      const shape = classify(value);
      if (shape !== 'empty') shapes[shape]++;
    },
    finish: () =>
      Object.freeze({
        column,
        statistics: statistics.finish(),
        shapes: Object.freeze({ ...shapes }),
        dateOrders: Object.freeze({ ...dateOrders }),
        phoneCountries: Object.freeze({ ...phoneCountries }),
      }),
  };
}
