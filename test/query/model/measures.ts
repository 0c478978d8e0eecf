import type { Choices } from './choices.ts';
import { expressionOf } from './expressions.ts';
import type { Value } from './functions.ts';
import { type Column, type Expression, type Row, valueIn } from './rows.ts';

const NUMBERS_AT = (rows: readonly Row[], { at }: Expression): readonly number[] =>
  rows.map(at).filter((value) => typeof value === 'number');

/** A random aggregate: its text, and what it is over rows. `extreme` is the argument of MIN and MAX. */
export interface Measure {
  readonly sql: string;
  readonly at: (rows: readonly Row[]) => Value;
  readonly extreme?: Expression;
}

function order(a: Value, b: Value): number {
  return a === b ? 0 : String(a) < String(b) ? -1 : 1;
}

function numeric(a: number, b: number): number {
  return a - b;
}

function quantile(values: readonly number[], part: number): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted(numeric);
  const place = part * (sorted.length - 1);
  const [low = 0, high = 0] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low + (high - low) * (place - Math.floor(place));
}

/** The persons of a column, of rows that meet a condition. */
function personsOf(rows: readonly Row[], name: string, meets: (row: Row) => boolean): number {
  return new Set(
    rows
      .filter(meets)
      .map((row) => valueIn(row, name))
      .filter((value) => value !== null),
  ).size;
}

/** Rows of `ads` in the order of their numbers. */
function byId(rows: readonly Row[]): readonly Row[] {
  return rows.toSorted((one, other) => Number(valueIn(one, 'a.id')) - Number(valueIn(other, 'a.id')));
}

function joined(values: readonly Value[], separator: string): string | null {
  const texts = values.filter((value) => value !== null);
  return texts.length === 0 ? null : texts.join(separator);
}

/** Aggregates that look at the order of rows. */
function ordered(columns: readonly Column[], choices: Choices): readonly (() => Measure)[] {
  const own = columns.filter(({ name }) => name.startsWith('a.'));
  const chosen = expressionOf(choices.of(['number', 'date']), own, choices, 0);
  const campaigns = (rows: readonly Row[]): readonly Value[] => rows.map((row) => valueIn(row, 'a.campaign'));
  return [
    () => ({
      sql: `MAX_BY(${chosen.sql}, a.id)`,
      at: (rows) => byId(rows).map(chosen.at).at(-1) ?? null,
    }),
    () => ({
      sql: "LISTAGG(a.campaign, '>') WITHIN GROUP (ORDER BY a.id DESC)",
      at: (rows) => joined(campaigns(byId(rows)).toReversed(), '>'),
    }),
    () => ({
      sql: "array_join(sort_array(collect_set(a.campaign)), '-')",
      at: (rows) => joined([...new Set(campaigns(rows))].filter((value) => value !== null).sort(order), '-') ?? '',
    }),
  ];
}

/** A random aggregate over columns. */
export function measureOf(columns: readonly Column[], choices: Choices, depth: number): Measure {
  const persons = columns.filter(({ isPerson }) => isPerson === true);
  const person = choices.of(persons).name;
  const number = expressionOf('number', columns, choices, depth);
  const texts = columns.some(({ type, isPerson }) => type === 'text' && isPerson !== true);
  const truth = expressionOf('truth', columns, choices, depth);
  const isMet = (row: Row): boolean => truth.at(row) === true;
  const sum = (values: readonly number[]): Value => (values.length === 0 ? null : values.reduce((a, b) => a + b, 0));
  const extreme = expressionOf(choices.of(texts ? ['number', 'text'] : ['number']), columns, choices, 0);
  const least = (rows: readonly Row[], sign: number): Value => {
    const values = rows.map(extreme.at).filter((value) => value !== null);
    const compare = extreme.type === 'number' ? (a: Value, b: Value) => Number(a) - Number(b) : order;
    return values.toSorted((a, b) => sign * compare(a, b))[0] ?? null;
  };
  const measures: readonly (() => Measure)[] = [
    () => ({ sql: 'COUNT(*)', at: (rows) => rows.length }),
    () => ({ sql: `COUNT(DISTINCT ${person})`, at: (rows) => personsOf(rows, person, () => true) }),
    () => ({ sql: `COUNT(DISTINCT ${person})`, at: (rows) => personsOf(rows, person, () => true) }),
    () => ({ sql: `APPROX_COUNT_DISTINCT(${person})`, at: (rows) => personsOf(rows, person, () => true) }),
    () => ({
      sql: `COUNT(DISTINCT CASE WHEN ${truth.sql} THEN ${person} END)`,
      at: (rows) => personsOf(rows, person, isMet),
    }),
    () => ({ sql: `COUNT(${number.sql})`, at: (rows) => NUMBERS_AT(rows, number).length }),
    () => ({ sql: `SUM(${number.sql})`, at: (rows) => sum(NUMBERS_AT(rows, number)) }),
    () => ({ sql: `SUM(DISTINCT ${number.sql})`, at: (rows) => sum([...new Set(NUMBERS_AT(rows, number))]) }),
    () => ({
      sql: `AVG(${number.sql})`,
      at: (rows) => {
        const values = NUMBERS_AT(rows, number);
        return values.length === 0 ? null : Number(sum(values)) / values.length;
      },
    }),
    () => ({ sql: `MIN(${extreme.sql})`, at: (rows) => least(rows, 1), extreme }),
    () => ({ sql: `MAX(${extreme.sql})`, at: (rows) => least(rows, -1), extreme }),
    () => ({ sql: `MEDIAN(${number.sql})`, at: (rows) => quantile(NUMBERS_AT(rows, number), 0.5) }),
    () => ({ sql: `PERCENTILE(${number.sql}, 0.25)`, at: (rows) => quantile(NUMBERS_AT(rows, number), 0.25) }),
    () => ({ sql: `COUNT_IF(${truth.sql})`, at: (rows) => rows.filter(isMet).length }),
  ];
  return choices.of([
    ...measures,
    ...(columns.some(({ name }) => name === 'a.day') ? ordered(columns, choices) : []),
  ])();
}
