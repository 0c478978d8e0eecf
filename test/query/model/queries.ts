import { Choices } from './choices.ts';
import { FUNCTIONS, type Type, type Value } from './functions.ts';
import {
  type Column,
  columnsOf,
  type Database,
  type Expression,
  grouped,
  type Row,
  scan,
  type Source,
  valueIn,
} from './rows.ts';
import { SOURCES } from './sources.ts';

const CONSTANTS: Readonly<Record<Type, readonly (readonly [sql: string, value: Value])[]>> = {
  text: [
    ["'c0'", 'c0'],
    ["'c1'", 'c1'],
    ["''", ''],
  ],
  number: [
    ['0', 0],
    ['1', 1],
    ['2.5', 2.5],
    ['-3', -3],
  ],
  date: [
    ["DATE '2024-02-29'", '2024-02-29'],
    ["DATE '2023-12-31'", '2023-12-31'],
  ],
  time: [["TIMESTAMP '2024-02-29 12:00:00'", '2024-02-29 12:00:00']],
  truth: [['true', true]],
};

/** A random expression of a type. */
export function expressionOf(type: Type, columns: readonly Column[], choices: Choices, depth: number): Expression {
  const plain = columns.filter((column) => column.type === type && column.isPerson !== true);
  if (plain.length > 0 && (depth <= 0 || choices.once(2))) {
    const { name } = choices.of(plain);
    return { sql: name, type, at: (row) => valueIn(row, name) };
  }
  if (depth <= 0 || choices.once(6)) {
    const [sql, value] = choices.of(CONSTANTS[type]);
    return { sql, type, at: () => value };
  }
  const made = choices.of(FUNCTIONS.filter(({ gives }) => gives === type));
  const parts = made.takes.map((each) => expressionOf(each, columns, choices, depth - 1));
  let next = 0;
  const sql = made.sql.replaceAll('?', () => parts[next++]?.sql ?? '');
  const at = (row: Row): Value => {
    const values = parts.map((part) => part.at(row));
    if (made.nulls === undefined && values.includes(null)) return null;
    return made.at(...(values as never[]));
  };
  return { sql, type, at };
}

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

function measureOf(columns: readonly Column[], choices: Choices, depth: number): Measure {
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
  return choices.of<() => Measure>([
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
    () => ({
      sql: `COUNT_IF(${truth.sql})`,
      at: (rows) => rows.filter(isMet).length,
    }),
  ])();
}

/** The number of the scan in a sub-query that filters. */
const FILTER_SCAN = 9;

/** A condition with a sub-query over the other table. */
function filterOf(columns: readonly Column[], choices: Choices): Filter | null {
  const name = 'a.person';
  if (!columns.some((column) => column.name === name)) return null;
  const table = choices.of(['sales', 'sales', 'ads'] as const);
  const inner = expressionOf('truth', columnsOf(table, 'q'), choices, 1);
  const isNot = choices.once(2);
  const isIn = choices.once(2);
  const where = `WHERE ${inner.sql}`;
  const text = isIn
    ? `${name} ${isNot ? 'NOT ' : ''}IN (SELECT q.person FROM ${table} q ${where})`
    : `${isNot ? 'NOT ' : ''}EXISTS (SELECT 1 FROM ${table} q ${where} AND q.person = ${name})`;
  const keep = (rows: readonly Row[], database: Database): readonly Row[] => {
    const found = scan(database, table, 'q', FILTER_SCAN)
      .filter((row) => inner.at(row) === true)
      .map((row) => valueIn(row, 'q.person'));
    return rows.flatMap((row) => {
      const person = valueIn(row, name);
      if (isIn && isNot && found.length > 0 && (person === null || found.includes(null))) return [];
      const has = typeof person === 'string' && found.includes(person);
      if (has === isNot) return [];
      // The persons of a table that filters are those that it leaves.
      return [has ? { ...row, persons: new Map([...row.persons, [FILTER_SCAN, new Set([person])]]) } : row];
    });
  };
  return { text, keep, scans: table === 'ads' ? [FILTER_SCAN] : [] };
}

interface Filter {
  readonly text: string;
  readonly keep: (rows: readonly Row[], database: Database) => readonly Row[];
  readonly scans: readonly number[];
}

/** A row of an answer, before HAVING, with what the judges want to know of it. */
export interface Answer {
  readonly values: readonly Value[];
  /** The rows that it is made of. */
  readonly rows: readonly Row[];
}

/** A random query, and what it gives. */
export interface ModelQuery {
  readonly sql: string;
  /** The name of its form of FROM. */
  readonly source: keyof typeof SOURCES;
  /** `isShown`: whether a group by all keys is shown; the totals of GROUPING SETS are those of the groups that are. */
  readonly answer: (database: Database, isShown?: (rows: readonly Row[]) => boolean) => readonly Answer[];
  readonly measures: readonly Measure[];
  readonly keys: number;
  /** The output that HAVING wants not to be null; `null` without HAVING. */
  readonly having: number | null;
  /** The scans of `ads` whose persons are behind the rows of the answer. */
  readonly scans: readonly number[];
}

/** The sets of a GROUP BY, each with the places of its keys. */
function setsOf(count: number, form: string): readonly (readonly number[])[] {
  const all = Array.from({ length: count }, (_, place) => place);
  if (form === 'ROLLUP') return all.map((place) => all.slice(0, count - place)).concat([[]]);
  if (form === 'CUBE')
    return all.reduce<readonly number[][]>((sets, key) => [...sets, ...sets.map((set) => [...set, key])], [[]]);
  return [all];
}

function groupText(keys: readonly Expression[], form: string): string {
  const list = keys.map(({ sql }) => sql).join(', ');
  if (keys.length === 0) return '';
  return form === 'plain' ? ` GROUP BY ${list}` : ` GROUP BY ${form}(${list})`;
}

const PARTS: readonly Type[] = ['text', 'number', 'date'];

/** A random query over `ads` and `sales`; `depth` is that of its expressions. */
export function queryOf(choices: Choices, depth: number): ModelQuery {
  const names = Object.keys(SOURCES) as (keyof typeof SOURCES)[];
  const name = choices.of(names);
  const truth = (columns: readonly Column[], each: Choices): Expression => expressionOf('truth', columns, each, depth);
  const source: Source = SOURCES[name](choices, truth);
  const where = choices.once(2) ? truth(source.columns, choices) : null;
  const filter = choices.once(4) ? filterOf(source.columns, choices) : null;
  const keys = Array.from({ length: choices.of([0, 1, 1, 2]) }, () =>
    expressionOf(choices.of(PARTS), source.columns, choices, depth - 1),
  ).filter((key, place, all) => key.sql.includes('.') && all.findIndex(({ sql }) => sql === key.sql) === place);
  const form = keys.length > 0 && choices.once(4) ? choices.of(['ROLLUP', 'CUBE']) : 'plain';
  const measures = Array.from({ length: choices.of([1, 1, 2]) }, () => measureOf(source.columns, choices, depth - 1));
  const having = choices.once(5) ? choices.below(measures.length) : null;
  const condition = having === null ? '' : ` HAVING ${measures[having]?.sql ?? ''} IS NOT NULL`;
  const terms = [source.where, where?.sql, filter?.text].filter((term) => term !== undefined);
  const items = [
    ...keys.map(({ sql }, place) => `${sql} AS k${String(place)}`),
    ...measures.map(({ sql }, place) => `${sql} AS m${String(place)}`),
  ];
  const sql = [
    source.named === undefined ? '' : `WITH ${source.named} `,
    `SELECT ${items.join(', ')} FROM ${source.sql}`,
    terms.length === 0 ? '' : ` WHERE ${terms.join(' AND ')}`,
    groupText(keys, form),
    condition,
  ].join('');
  const answer: ModelQuery['answer'] = (database, isShown = () => true) => {
    const kept = source.rows(database).filter((row) => where === null || where.at(row) === true);
    const all = filter === null ? kept : filter.keep(kept, database);
    const whole = [...grouped(all, (row) => keys.map((key) => key.at(row))).values()];
    const rows = form === 'plain' ? all : whole.filter(isShown).flat();
    const groups = setsOf(keys.length, form).flatMap((set) => {
      const at = (row: Row): readonly Value[] => keys.map((key, place) => (set.includes(place) ? key.at(row) : null));
      if (set.length === 0) return keys.length > 0 && rows.length === 0 ? [] : [{ key: keys.map(() => null), rows }];
      return [...grouped(rows, at).values()].map((group) => ({
        key: group[0] === undefined ? [] : at(group[0]),
        rows: group,
      }));
    });
    return groups.map((group) => ({
      values: [...group.key, ...measures.map(({ at }) => at(group.rows))],
      rows: group.rows,
    }));
  };
  return {
    sql,
    source: name,
    answer,
    measures,
    keys: keys.length,
    having: having === null ? null : keys.length + having,
    scans: [...source.scans, ...(filter?.scans ?? [])],
  };
}
