import type { Choices } from './choices.ts';
import { expressionOf } from './expressions.ts';
import type { Type, Value } from './functions.ts';
import { type Measure, measureOf } from './measures.ts';
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
  if (form === 'GROUPING SETS')
    return [all, ...all.map((place) => [place])].slice(0, count > 1 ? undefined : 1).concat([[]]);
  if (form === 'CUBE')
    return all.reduce<readonly number[][]>((sets, key) => [...sets, ...sets.map((set) => [...set, key])], [[]]);
  return [all];
}

function groupText(keys: readonly Expression[], form: string): string {
  const list = keys.map(({ sql }) => sql).join(', ');
  if (keys.length === 0) return '';
  if (form === 'plain') return ` GROUP BY ${list}`;
  if (form !== 'GROUPING SETS') return ` GROUP BY ${form}(${list})`;
  const single = keys.length > 1 ? keys.map(({ sql }) => `(${sql})`) : [];
  return ` GROUP BY GROUPING SETS(${[`(${list})`, ...single, '()'].join(', ')})`;
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
  ).filter((key, place, all) => /[a-z]\./.test(key.sql) && all.findIndex(({ sql }) => sql === key.sql) === place);
  const form = keys.length > 0 && choices.once(4) ? choices.of(['ROLLUP', 'CUBE', 'GROUPING SETS']) : 'plain';
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
