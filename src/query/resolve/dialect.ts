import type { Dialect } from '../../collab/index.ts';
import type { Comparison } from '../ast/nodes.ts';
import type { Context } from './context.ts';
import { MATCHES } from '../parse/spark/calls.ts';
import { TIME_MEANINGS, type TimeMeanings } from './time/meanings.ts';

/** What the same words mean in one SQL and not in another. Functions that only one has are in `functions/written-call.ts`. */
interface Meanings {
  readonly times: TimeMeanings;
  /** The rules by which values are converted. */
  readonly conversions: 'engine' | 'spark';
  /** Names of types that DuckDB does not have, and the type that each of them is here. */
  readonly types: ReadonlyMap<string, string>;
  /** Functions that operators mean, by what the parser calls the operators that they are read as. */
  readonly operators: ReadonlyMap<string, string>;
  /** The escape character of a LIKE pattern without ESCAPE. */
  readonly likeEscape: string | null;
  /** Whether nulls come first in an order that does not say so. */
  readonly areNullsFirst: (isDescending: boolean) => boolean;
  /** What separates the texts of a path where the query does not say it. */
  readonly separator: string;
  /** The number in the name of the first column of VALUES. */
  readonly firstColumn: number;
  /** How many rows a grouping set without groups must have to be shown, in comparison with 0. */
  readonly rowsOfTotal: Comparison;
  /** Whether double quotes can stand around a text, so that a name in them may be meant as one. */
  readonly mayQuoteTexts: boolean;
}

const MEANINGS: Readonly<Record<Dialect, Meanings>> = {
  spark: {
    times: TIME_MEANINGS.spark,
    conversions: 'spark',
    // The room knows no time zone but UTC.
    types: new Map([
      ['BYTE', 'TINYINT'],
      ['TIMESTAMP_NTZ', 'TIMESTAMP'],
      ['TIMESTAMP_LTZ', 'TIMESTAMP'],
    ]),
    operators: new Map([
      [MATCHES, 'regexp_like'],
      ['//', 'div'],
    ]),
    likeEscape: '\\',
    // A null is less than any value.
    areNullsFirst: (isDescending) => !isDescending,
    separator: '',
    firstColumn: 1,
    rowsOfTotal: '>',
    mayQuoteTexts: true,
  },
  duckdb: {
    times: TIME_MEANINGS.duckdb,
    conversions: 'engine',
    types: new Map(),
    operators: new Map(),
    likeEscape: null,
    areNullsFirst: () => false,
    separator: ',',
    firstColumn: 0,
    rowsOfTotal: '>=',
    mayQuoteTexts: false,
  },
};

/** What the SQL of a query means where others mean something else. */
export function meaningsOf({ manifest }: Pick<Context, 'manifest'>): Meanings {
  return MEANINGS[manifest.dialect];
}
