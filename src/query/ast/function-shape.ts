import type { ScalarFunction } from '../../collab/index.ts';

/**
 * What an argument of a scalar function must be. A `literal` is a whole number written in the query, a `size` one from 0 to 1,000, a
 * `constant` a text written in the query, a `part` a part of dates, an `amount` a whole number, and a `setting` a constant that was
 * read and put there while resolving, such as a format.
 */
export type ArgumentKind =
  'text' | 'number' | 'time' | 'same' | 'literal' | 'size' | 'constant' | 'part' | 'amount' | 'setting';

/**
 * What a scalar function returns: a named type, or that of its first argument; `whole` has no fraction, `rounded` one more digit, `cut`
 * no more digits than it keeps, `quotient` the whole part of a quotient.
 */
export type ResultKind =
  | 'text'
  | 'integer'
  | 'bigint'
  | 'double'
  | 'first'
  | 'whole'
  | 'rounded'
  | 'cut'
  | 'quotient'
  | 'common'
  | 'boolean'
  | 'timestamp'
  | 'date'
  | 'interval';

/** A scalar function that is known to be harmless with arguments as described here. */
export interface ScalarFunctionShape {
  /** The name that an aggregation rule must list; `null` if it cannot list the function, which then needs a custom rule. */
  readonly listedAs: ScalarFunction | null;
  readonly arguments: readonly ArgumentKind[];
  /** How many of the last arguments may be left out. */
  readonly optional?: number;
  /** Whether the last argument may be repeated. */
  readonly repeats?: boolean;
  readonly result: ResultKind;
  /** Whether no query can name the function: resolving makes it of what was written. */
  readonly isUnnamed?: true;
}
