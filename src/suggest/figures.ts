import type { ValueStatistics } from './value-statistics.ts';

/**
 * What a column shows: how many of its values keep equal values from matching, and how well a fingerprint hides them. Counts
 * and shares, never values.
 */
export interface ColumnFigures {
  /** Rows that were looked at, nulls included. All counts are of rows. */
  readonly rows: number;
  readonly nulls: number;
  readonly blanks: number;
  readonly capitals: number;
  readonly outerBlanks: number;
  readonly nonAscii: number;
  readonly notNfc: number;
  readonly placeholders: number;
  /** Different values. */
  readonly distinct: number;
  /** Whether `distinct` and the shares below are exact for these rows; otherwise they are estimates. */
  readonly isExact: boolean;
  /**
   * The share of rows that have the most frequent value, and one of the ten most frequent values. Where `isExact` is false, a value
   * can be in up to 1/256 of the rows more than counted.
   */
  readonly topShare: number;
  readonly topTenShare: number;
  /**
   * Bits that a guess at the value of a row is worth (min-entropy): 1 if every second row has the same value. Where `isExact` is
   * false, at most so many.
   */
  readonly minEntropyBits: number;
  /**
   * The share of rows whose value occurs as often as no other, twice or more: who knows how often values occur recognises
   * them in the fingerprints. `null` if it was not counted, because there are too many different values.
   */
  readonly standOutShare: number | null;
}

/** The figures of a column. */
export function figuresOf(statistics: ValueStatistics): ColumnFigures {
  const { rows, nulls, blanks, capitals, outerBlanks, nonAscii, notNfc, placeholders, repetition } = statistics;
  const [most = 0] = repetition.top;
  const sum = repetition.top.reduce((total, count) => total + count, 0);
  const shareOf = (count: number): number => count / Math.max(rows, 1);
  return Object.freeze({
    ...{ rows, nulls, blanks, capitals, outerBlanks, nonAscii, notNfc, placeholders },
    distinct: repetition.distinct,
    isExact: repetition.isExact,
    topShare: shareOf(most),
    topTenShare: shareOf(sum),
    minEntropyBits: most === 0 ? 0 : Math.log2((rows - nulls) / most),
    standOutShare: repetition.standOutRows === null ? null : shareOf(repetition.standOutRows),
  });
}
