import type { AggregateFunction } from '../../collab/index.ts';
import type { ScalarFunctionShape } from './function-shape.ts';
import { NUMBER_FUNCTIONS, TEXT_FUNCTIONS } from './value-functions.ts';

export type { ArgumentKind, ResultKind, ScalarFunctionShape } from './function-shape.ts';

/** Every scalar function that a query can use. All others are refused. */
export const SCALARS = {
  lower: { listedAs: 'LOWER', arguments: ['text'], result: 'text' },
  upper: { listedAs: 'UPPER', arguments: ['text'], result: 'text' },
  trim: { listedAs: 'TRIM', arguments: ['text', 'text'], optional: 1, result: 'text' },
  ltrim: { listedAs: 'TRIM', arguments: ['text', 'text'], optional: 1, result: 'text' },
  rtrim: { listedAs: 'RTRIM', arguments: ['text', 'text'], optional: 1, result: 'text' },
  substring: { listedAs: 'SUBSTRING', arguments: ['text', 'literal', 'literal'], optional: 1, result: 'text' },
  abs: { listedAs: 'ABS', arguments: ['number'], result: 'first' },
  ceil: { listedAs: 'CEILING', arguments: ['number'], result: 'whole' },
  floor: { listedAs: 'FLOOR', arguments: ['number'], result: 'whole' },
  round: { listedAs: 'ROUND', arguments: ['number', 'literal'], optional: 1, result: 'rounded' },
  trunc: { listedAs: 'TRUNC', arguments: ['number', 'literal'], optional: 1, result: 'cut' },
  ln: { listedAs: 'LN', arguments: ['number'], result: 'double' },
  log10: { listedAs: 'LOG', arguments: ['number'], result: 'double' },
  sqrt: { listedAs: 'SQRT', arguments: ['number'], result: 'double' },
  coalesce: { listedAs: 'COALESCE', arguments: ['same', 'same'], repeats: true, result: 'common' },
  date_part: { listedAs: 'EXTRACT', arguments: ['part', 'time'], result: 'bigint' },
  current_date: { listedAs: 'CURRENT_DATE', arguments: [], result: 'date' },
  current_localtimestamp: { listedAs: 'GETDATE', arguments: [], result: 'timestamp' },
  // Dates. Whatever leaves the years 1 to 9999 is NULL.
  add_days: { listedAs: 'DATEADD', arguments: ['time', 'amount'], result: 'date', isUnnamed: true },
  add_months: { listedAs: 'DATEADD', arguments: ['time', 'amount'], result: 'date' },
  add_time: { listedAs: 'DATEADD', arguments: ['setting', 'amount', 'time'], result: 'timestamp', isUnnamed: true },
  format_time: { listedAs: 'TO_CHAR', arguments: ['setting', 'time'], result: 'text', isUnnamed: true },
  parse_date: { listedAs: 'TO_DATE', arguments: ['setting', 'text'], result: 'date', isUnnamed: true },
  parse_timestamp: { listedAs: 'TO_TIMESTAMP', arguments: ['setting', 'text'], result: 'timestamp', isUnnamed: true },
  parse_number: { listedAs: 'TO_NUMBER', arguments: ['setting', 'text'], result: 'double', isUnnamed: true },
  truncate_date: { listedAs: 'TRUNC', arguments: ['setting', 'time'], result: 'date', isUnnamed: true },
  // The whole units from the first time to the second.
  whole_units: { listedAs: null, arguments: ['setting', 'time', 'time'], result: 'bigint', isUnnamed: true },
  // The limits of units that lie between the first time and the second.
  crossed_units: { listedAs: null, arguments: ['setting', 'time', 'time'], result: 'bigint', isUnnamed: true },
  elapsed: { listedAs: null, arguments: ['time', 'time'], result: 'interval', isUnnamed: true },
  months_between: { listedAs: null, arguments: ['time', 'time'], result: 'double' },
  last_day: { listedAs: null, arguments: ['time'], result: 'date' },
  next_weekday: { listedAs: null, arguments: ['setting', 'time'], result: 'date', isUnnamed: true },
  make_date: { listedAs: null, arguments: ['amount', 'amount', 'amount'], result: 'date' },
  unix_seconds: { listedAs: null, arguments: ['time'], result: 'bigint', isUnnamed: true },
  '||': { listedAs: null, arguments: ['text', 'text'], result: 'text' },
  date_trunc: { listedAs: null, arguments: ['part', 'time'], result: 'timestamp' },
  length: { listedAs: null, arguments: ['text'], result: 'bigint' },
  starts_with: { listedAs: null, arguments: ['text', 'text'], result: 'boolean' },
  contains: { listedAs: null, arguments: ['text', 'text'], result: 'boolean' },
  nullif: { listedAs: null, arguments: ['same', 'same'], result: 'first' },
  greatest: { listedAs: null, arguments: ['same', 'same'], repeats: true, result: 'common' },
  least: { listedAs: null, arguments: ['same', 'same'], repeats: true, result: 'common' },
  ...NUMBER_FUNCTIONS,
  ...TEXT_FUNCTIONS,
} as const satisfies Readonly<Record<string, ScalarFunctionShape>>;

/** One of {@link SCALARS}. */
export type ScalarName = keyof typeof SCALARS;

/** Other common names of scalar functions. */
const SCALAR_ALIASES: ReadonlyMap<string, ScalarName> = new Map<string, ScalarName>([
  ['lcase', 'lower'],
  ['ucase', 'upper'],
  ['ceiling', 'ceil'],
  ['datepart', 'date_part'],
  ['datetrunc', 'date_trunc'],
  ['getdate', 'current_localtimestamp'],
  ['today', 'current_date'],
  ['len', 'length'],
  ['char_length', 'length'],
  ['character_length', 'length'],
  ['truncate', 'trunc'],
  ['pow', 'power'],
  ['signum', 'sign'],
  ['substr', 'substring'],
  ['mid', 'substring'],
  ['startswith', 'starts_with'],
  ['endswith', 'ends_with'],
  ['sha', 'sha1'],
  ['nvl', 'coalesce'],
  ['ifnull', 'coalesce'],
]);

function isScalarName(name: string): name is ScalarName {
  return Object.hasOwn(SCALARS, name);
}

/** The scalar function with a name in lower case, or `null` if there is none that may run. */
export function findScalar(name: string): ScalarName | null {
  if (!isScalarName(name)) return SCALAR_ALIASES.get(name) ?? null;
  return shapeOf(name).isUnnamed === true ? null : name;
}

/** Whether a function becomes several of the engine's, which guard its arguments. */
export function isGuarded(name: ScalarName): boolean {
  const { arguments: kinds, isUnnamed = false } = shapeOf(name);
  return isUnnamed || kinds.includes('amount') || name === 'months_between' || name === 'last_day';
}

/** Functions of the engine that only a rewrite uses, with arguments with which they cannot fail. */
export const ENGINE_FUNCTIONS = [
  ...['to_days', 'to_months', 'to_microseconds', 'epoch_us', 'divide', 'last_day', 'date_diff', 'date_part'],
  ...['strftime', 'try_strptime', 'regexp_extract', 'regexp_replace', 'regexp_matches'],
  ...['replace', 'rpad', 'lpad', 'upper', 'lower', 'left', 'ceil', 'floor', 'ln', 'md5', 'trunc'],
  ...['make_timestamp', 'orNullBelowZero'],
] as const;

/** One of {@link ENGINE_FUNCTIONS}. */
export type EngineFunction = (typeof ENGINE_FUNCTIONS)[number];

/** The shape of a scalar function. */
export function shapeOf(name: ScalarName): ScalarFunctionShape {
  return SCALARS[name];
}

/** Parts of dates that `date_part` and `date_trunc` take. */
export const DATE_PARTS: ReadonlySet<string> = new Set([
  ...['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second', 'millisecond', 'microsecond'],
  ...['dayofweek', 'isodow', 'dayofyear', 'isoyear', 'decade', 'century'],
  // Sunday is 1, Monday is 0, seconds with their fraction.
  ...['sundayfirst', 'mondayzero', 'secondfraction'],
]);

/** Every aggregate that a query can use. An aggregation rule can list those that AWS Clean Rooms has a name for. */
export const AGGREGATES = {
  count: { plain: 'COUNT', distinct: 'COUNT_DISTINCT' },
  sum: { plain: 'SUM', distinct: 'SUM_DISTINCT' },
  avg: { plain: 'AVG', distinct: null },
  min: { plain: null, distinct: null },
  max: { plain: null, distinct: null },
  stddev_samp: { plain: null, distinct: null },
  stddev_pop: { plain: null, distinct: null },
  var_samp: { plain: null, distinct: null },
  var_pop: { plain: null, distinct: null },
  median: { plain: null, distinct: null },
} as const satisfies Readonly<
  Record<string, { readonly plain: AggregateFunction | null; readonly distinct: AggregateFunction | null }>
>;

/** Aggregates that other names stand for in a query, by the engine's name; no rule can list them. */
const ROW_AGGREGATES = ['first', 'quantile_cont', 'quantile_disc', 'string_agg'] as const;

/** One of {@link AGGREGATES}, or one that only other names stand for. */
export type AggregateName = keyof typeof AGGREGATES | (typeof ROW_AGGREGATES)[number];

/** Whether an aggregate gives a value of single rows, or all of them, and is not counted among those of {@link AGGREGATES}. */
export function isRowAggregate(name: string): boolean {
  return ROW_AGGREGATES.some((known) => known === name);
}

const AGGREGATE_ALIASES: ReadonlyMap<string, AggregateName> = new Map<string, AggregateName>([
  ['mean', 'avg'],
  ['stddev', 'stddev_samp'],
  ['variance', 'var_samp'],
  ['std', 'stddev_samp'],
]);

function isAggregateName(name: string): name is keyof typeof AGGREGATES {
  return Object.hasOwn(AGGREGATES, name);
}

/** The aggregate with a name in lower case, or `null` if there is none that may run. */
export function findAggregate(name: string): AggregateName | null {
  return isAggregateName(name) ? name : (AGGREGATE_ALIASES.get(name) ?? null);
}

/** What an aggregation rule calls an aggregate; `null` if it cannot list it. */
export function listedAggregate(name: AggregateName, distinct: boolean): AggregateFunction | null {
  if (!isAggregateName(name)) return null;
  return distinct ? AGGREGATES[name].distinct : AGGREGATES[name].plain;
}

/** Aggregates of the engine that no query can use, listed so that a refusal can say what they are. */
const REFUSED_AGGREGATES: ReadonlySet<string> = new Set([
  ...['approx_top_k', 'arg_max_null', 'collect_list', 'collect_set'],
  ...['arg_max_nulls_last', 'arg_min_null', 'arg_min_nulls_last', 'array_agg', 'bit_and'],
  ...['bit_or', 'bit_xor', 'bitstring_agg', 'corr', 'covar_pop'],
  ...['covar_samp', 'entropy', 'favg', 'fsum', 'geomean', 'geometric_mean', 'histogram'],
  ...['histogram_exact', 'histogram_values', 'kahan_sum', 'kurtosis', 'kurtosis_pop', 'list', 'mad'],
  ...['mode', 'product', 'regr_avgx', 'regr_avgy'],
  ...[
    'regr_count',
    'regr_intercept',
    'regr_r2',
    'regr_slope',
    'regr_sxx',
    'regr_sxy',
    'regr_syy',
    'reservoir_quantile',
  ],
  ...['sem', 'skewness', 'sum_no_overflow', 'sumkahan', 'wavg', 'weighted_avg'],
  ...['json_group_array', 'json_group_object', 'json_group_structure'],
]);

/** Whether a name in lower case is an aggregate that is always refused. */
export function isRefusedAggregate(name: string): boolean {
  return REFUSED_AGGREGATES.has(name);
}

/** Window functions, besides the aggregates, and how many arguments each takes. */
export const WINDOWS = {
  row_number: { least: 0, most: 0 },
  rank: { least: 0, most: 0 },
  dense_rank: { least: 0, most: 0 },
  percent_rank: { least: 0, most: 0 },
  cume_dist: { least: 0, most: 0 },
  first_value: { least: 1, most: 1 },
  last_value: { least: 1, most: 1 },
  lag: { least: 1, most: 3 },
  lead: { least: 1, most: 3 },
  ntile: { least: 1, most: 1 },
} as const satisfies Readonly<Record<string, { readonly least: number; readonly most: number }>>;

/** One of {@link WINDOWS}. */
export type WindowName = keyof typeof WINDOWS;

/** Whether a name in lower case is a window function that a query can use. */
export function isWindowName(name: string): name is WindowName {
  return Object.hasOwn(WINDOWS, name);
}
