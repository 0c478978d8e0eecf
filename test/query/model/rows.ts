import type { Type, Value } from './functions.ts';

/** A row of a relation: values by `alias.column`, and for each scan of `ads` the persons that it is made of. */
export interface Row {
  readonly values: ReadonlyMap<string, Value>;
  readonly persons: ReadonlyMap<number, ReadonlySet<string>>;
}

/** The rows of the two tables. */
export interface Database {
  readonly ads: readonly Readonly<Record<string, Value>>[];
  readonly sales: readonly Readonly<Record<string, Value>>[];
}

/** A column that an expression can use. */
export interface Column {
  readonly name: string;
  readonly type: Type;
  /** Whether it is a fingerprint, which is only compared and counted. */
  readonly isPerson?: boolean;
}

/** An expression: its text, and what it is in a row. */
export interface Expression {
  readonly sql: string;
  readonly type: Type;
  readonly at: (row: Row) => Value;
}

/** A FROM: its text, and the rows that it has. */
export interface Source {
  readonly sql: string;
  /** WITH queries that it reads. */
  readonly named?: string;
  /** A condition that WHERE must have. */
  readonly where?: string;
  readonly columns: readonly Column[];
  /** The scans of `ads`, each of which has a threshold. */
  readonly scans: readonly number[];
  readonly rows: (database: Database) => readonly Row[];
}

/** What a column of a table is: of a type, or a fingerprint of persons. */
export type ColumnKind = Type | 'person';

/** The columns of both tables. */
export const COLUMNS: Readonly<Record<keyof Database, Readonly<Record<string, ColumnKind>>>> = {
  ads: {
    person: 'person',
    phone: 'person',
    campaign: 'text',
    day: 'date',
    at: 'time',
    clicks: 'number',
    cost: 'number',
  },
  sales: {
    person: 'person',
    phone: 'person',
    tier: 'text',
    bought: 'date',
    paid: 'time',
    qty: 'number',
    amount: 'number',
  },
};

/** What a column is in a row. */
export function valueIn(row: Row, name: string): Value {
  const value = row.values.get(name);
  if (value === undefined) throw new Error(`no ${name} among ${[...row.values.keys()].join(', ')}`);
  return value;
}

/** The columns of a table under an alias. */
export function columnsOf(table: keyof Database, alias: string): readonly Column[] {
  return Object.entries(COLUMNS[table]).map(([column, type]) => {
    const name = `${alias}.${column}`;
    return type === 'person' ? { name, type: 'text', isPerson: true } : { name, type };
  });
}

/** The rows of a table under an alias; `scan` numbers the persons of `ads`. */
export function scan(database: Database, table: keyof Database, alias: string, number: number): readonly Row[] {
  return database[table].map((record) => {
    const values = new Map(Object.entries(record).map(([column, value]) => [`${alias}.${column}`, value]));
    const person = table === 'ads' ? record['person'] : null;
    const persons = new Map(table === 'ads' ? [[number, new Set(typeof person === 'string' ? [person] : [])]] : []);
    return { values, persons };
  });
}

/** One row made of several, whose values come from elsewhere. */
export function merged(rows: readonly Row[], values: ReadonlyMap<string, Value>): Row {
  const persons = new Map<number, Set<string>>();
  for (const row of rows) {
    for (const [number, set] of row.persons) {
      const all = persons.get(number) ?? new Set();
      for (const person of set) all.add(person);
      persons.set(number, all);
    }
  }
  return { values, persons };
}

/** Both rows side by side. */
export function beside(left: Row, right: Row): Row {
  return merged([left, right], new Map([...left.values, ...right.values]));
}

/** The values of rows by a key, in the order in which the keys come. */
export function grouped(
  rows: readonly Row[],
  keyOf: (row: Row) => readonly Value[],
): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify(keyOf(row));
    const group = groups.get(key) ?? [];
    group.push(row);
    groups.set(key, group);
  }
  return groups;
}
