import type { Dialect } from '../../../collab/index.ts';

/** What differs between the ways in which SQL dialects compute with times. */
export interface TimeMeanings {
  /** The parts that can be read of a time, by the names of the dialect, as the names of the resolved form. */
  readonly parts: ReadonlyMap<string, string>;
  /** Functions named after a part, with the part of each. */
  readonly partFunctions: ReadonlyMap<string, string>;
  /** What `datediff(unit, a, b)` counts. */
  readonly difference: 'whole_units' | 'crossed_units';
  /** What a date plus whole days or months is. */
  readonly datePlusInterval: 'date' | 'timestamp';
  /** The units to which `date_trunc` goes down, by the names of the dialect. */
  readonly truncations: ReadonlyMap<string, string>;
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
];

const COMMON_FUNCTIONS = [
  ...['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second', 'dayofyear'].map(
    (name) => [name, name] as const,
  ),
  ['dayofmonth', 'day'],
  ['weekofyear', 'week'],
] as const;

const SECONDS = ['second', 'seconds', 's', 'sec', 'secs'];

/** The units to which times are truncated in every dialect. */
const COMMON_TRUNCATIONS = [
  ...named('year'),
  ...named('quarter'),
  ...named('month'),
  ...named('week'),
  ...named('day'),
  ...named('hour'),
  ...named('minute'),
  ...named('second'),
  ...named('millisecond'),
  ...named('microsecond'),
];

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
    truncations: new Map([
      ...COMMON_TRUNCATIONS,
      ...named('year', 'yyyy', 'yy'),
      ...named('month', 'mon', 'mm'),
      ...named('day', 'dd'),
    ]),
  },
  duckdb: {
    parts: new Map([
      ...COMMON_PARTS,
      ...SECONDS.map((name) => [name, 'second'] as const),
      ...['isodow', 'isoyear', 'decade', 'century'].map((name) => [name, name] as const),
      ['dayofweek', 'dayofweek'],
      ['dow', 'dayofweek'],
      ['weekday', 'dayofweek'],
    ]),
    partFunctions: new Map([...COMMON_FUNCTIONS, ['dayofweek', 'dayofweek'], ['weekday', 'dayofweek']]),
    difference: 'crossed_units',
    datePlusInterval: 'timestamp',
    truncations: new Map([...COMMON_TRUNCATIONS, ...named('decade'), ...named('century')]),
  },
};

/** The units to which TRUNC of a date goes down, by Spark's names, which AWS has too. */
export const DATE_TRUNCATIONS: ReadonlyMap<string, string> = new Map([
  ...named('year', 'yyyy', 'yy'),
  ...named('quarter'),
  ...named('month', 'mon', 'mm'),
  ...named('week'),
]);
