import { decodeUtf8Lenient } from '../bytes/index.ts';
import type { SourceColumn } from './source-column.ts';

/** The shapes of values. A value has the first of these that fits. */
export const VALUE_SHAPES = ['empty', 'email', 'date', 'integer', 'number', 'phone', 'code', 'word', 'phrase'] as const;

/** One of {@link VALUE_SHAPES}. */
export type ValueShape = (typeof VALUE_SHAPES)[number];

/** Facts about the values of a column, or of a sample of them. Holds no value. */
export interface ColumnProfile {
  readonly column: SourceColumn;
  /** Rows seen, nulls included. */
  readonly rows: number;
  readonly nulls: number;
  /** Number of different values seen. */
  readonly distinct: number;
  /** Length of the longest value seen, in bytes. */
  readonly longestBytes: number;
  /** How many of the values have each shape; they sum to `rows - nulls`. */
  readonly shapes: Readonly<Record<ValueShape, number>>;
}

/** Profiles the values of a column one by one, and keeps no copy of them. */
export interface ColumnProfiler {
  /** One value as bytes (UTF-8 for text), or `null`. */
  add(value: Uint8Array | null): void;
  /** The facts so far. */
  finish(): ColumnProfile;
}

/** Longer text counts as a phrase; a closer look would cost time and tell nothing. */
const MAX_SHAPED_BYTES = 320;

const SHAPE_PATTERNS: readonly (readonly [ValueShape, RegExp])[] = [
  ['empty', /^$/],
  ['email', /^[^\s@]+@[^\s@]+\.[^\s@.]+$/],
  ['date', /^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2}))([T ]\d{1,2}:\d{2}\S*)?$/],
  ['integer', /^[+-]?(0|[1-9]\d{0,17})$/],
  ['number', /^[+-]?(0|[1-9]\d{0,17}|[1-9]\d{0,2}(,\d{3})+)(\.\d*)?([eE][+-]?\d+)?$/],
  ['phone', /^\+?(?=(?:\D*\d){7,15}\D*$)[\d ()./-]+$/],
  ['code', /^\S*\d\S*$/],
  ['word', /^\S+$/],
];

function classify(value: Uint8Array): ValueShape {
  if (value.length > MAX_SHAPED_BYTES) return 'phrase';
  const text = decodeUtf8Lenient(value);
  return SHAPE_PATTERNS.find(([, pattern]) => pattern.test(text))?.[0] ?? 'phrase';
}

/**
 * A 53-bit hash, so that counting different values keeps none of them; after cyrb53 (public domain).
 * Not cryptographic: good enough for counting, and its results never leave the profiler.
 */
function hashValue(value: Uint8Array): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (const byte of value) {
    high = Math.imul(high ^ byte, 0x9e3779b1);
    low = Math.imul(low ^ byte, 0x5f356495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return (low & 0x1fffff) * 0x1_0000_0000 + (high >>> 0);
}

/** Creates a profiler for the values of a column. Only text has shapes; values of other types count as `code`. */
export function profileColumn(column: SourceColumn): ColumnProfiler {
  const shapes: Record<ValueShape, number> = {
    empty: 0,
    email: 0,
    date: 0,
    integer: 0,
    number: 0,
    phone: 0,
    code: 0,
    word: 0,
    phrase: 0,
  };
  const seen = new Set<number>();
  let rows = 0;
  let nulls = 0;
  let longestBytes = 0;
  return {
    add(value) {
      rows++;
      if (value === null) {
        nulls++;
        return;
      }
      longestBytes = Math.max(longestBytes, value.length);
      seen.add(hashValue(value));
      shapes[column.content === 'text' ? classify(value) : 'code']++;
    },
    finish: () =>
      Object.freeze({ column, rows, nulls, distinct: seen.size, longestBytes, shapes: Object.freeze({ ...shapes }) }),
  };
}
