import type { Dialect } from '../../collab/index.ts';

/** What differs between the ways in which SQL dialects compute with times. */
interface TimeMeanings {
  /** The parts that can be read of a time, by the names of the dialect, as the names of the resolved form. */
  readonly parts: ReadonlyMap<string, string>;
  /** Functions named after a part, with the part of each. */
  readonly partFunctions: ReadonlyMap<string, string>;
  /** What `datediff(unit, a, b)` counts. */
  readonly difference: 'whole_units' | 'crossed_units';
  /** What a date plus whole days or months is. */
  readonly datePlusInterval: 'date' | 'timestamp';
}

function named(part: string, ...names: readonly string[]): readonly (readonly [string, string])[] {
  return [part, ...names].map((name) => [name, part] as const);
}

/** Parts with the same names and values in every dialect. */
const COMMON_PARTS = [
  ...named('year', 'years', 'yr', 'yrs', 'y'),
  ...named('quarter', 'qtr', 'quarters'),
  ...named('month', 'months', 'mon', 'mons'),
  ...named('week', 'weeks', 'w'),
  ...named('day', 'days', 'd'),
  ...named('hour', 'hours', 'h', 'hr', 'hrs'),
  ...named('minute', 'minutes', 'm', 'min', 'mins'),
  ...named('dayofyear', 'doy'),
  ...named('isodow'),
  ...named('isoyear'),
  ...named('decade'),
  ...named('century'),
];

const COMMON_FUNCTIONS = [
  ...['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second', 'dayofyear'].map(
    (name) => [name, name] as const,
  ),
  ['dayofmonth', 'day'],
  ['weekofyear', 'week'],
] as const;

const SECONDS = ['second', 'seconds', 's', 'sec', 'secs'];

/** Times as the dialects compute with them. */
export const TIME_MEANINGS: Readonly<Record<Dialect, TimeMeanings>> = {
  spark: {
    parts: new Map([
      ...COMMON_PARTS,
      ...SECONDS.map((name) => [name, 'secondfraction'] as const),
      ['dayofweek', 'sundayfirst'],
      ['dow', 'sundayfirst'],
      ['dayofweek_iso', 'isodow'],
      ['dow_iso', 'isodow'],
      ['yearofweek', 'isoyear'],
    ]),
    partFunctions: new Map([...COMMON_FUNCTIONS, ['dayofweek', 'sundayfirst'], ['weekday', 'mondayzero']]),
    difference: 'whole_units',
    datePlusInterval: 'date',
  },
  duckdb: {
    parts: new Map([
      ...COMMON_PARTS,
      ...SECONDS.map((name) => [name, 'second'] as const),
      ['dayofweek', 'dayofweek'],
      ['dow', 'dayofweek'],
      ['weekday', 'dayofweek'],
    ]),
    partFunctions: new Map([...COMMON_FUNCTIONS, ['dayofweek', 'dayofweek'], ['weekday', 'dayofweek']]),
    difference: 'crossed_units',
    datePlusInterval: 'timestamp',
  },
};

/** The units to which DATE_TRUNC goes down, by their names; TRUNC of a date takes those from `week` on. */
export const TRUNCATIONS: ReadonlyMap<string, string> = new Map([
  ...named('century'),
  ...named('decade'),
  ...named('year', 'yyyy', 'yy'),
  ...named('quarter'),
  ...named('month', 'mon', 'mm'),
  ...named('week'),
  ...named('day', 'dd'),
  ...named('hour'),
  ...named('minute'),
  ...named('second'),
  ...named('millisecond'),
  ...named('microsecond'),
]);

/** The units to which Spark's TRUNC of a date goes down. */
export const DATE_TRUNCATIONS: ReadonlySet<string> = new Set(['year', 'quarter', 'month', 'week']);
