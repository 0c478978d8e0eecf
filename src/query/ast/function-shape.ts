import type { ScalarFunction } from '../../collab/index.ts';

/**
 * What an argument of a scalar function must be. A `literal` is a whole number written in the query, a `size` one from 0 to 1,000,
 * and a `setting` a constant that was read and put there while resolving, such as a pattern.
 */
export type ArgumentKind = 'text' | 'number' | 'time' | 'same' | 'literal' | 'size' | 'part' | 'setting';

/**
 * What a scalar function returns: a named type, or that of its first argument; `whole` has no fraction, `rounded` one more digit, `cut`
 * no more digits than it keeps.
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
  | 'date';

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
