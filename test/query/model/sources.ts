import type { Choices } from './choices.ts';
import {
  type Expression,
  type Row,
  type Source,
  beside,
  columnsOf,
  type Database,
  grouped,
  merged,
  scan,
  valueIn,
} from './rows.ts';
import type { Value } from './functions.ts';

/** Makes a condition over columns. */
export type MakeCondition = (columns: Source['columns'], choices: Choices) => Expression;

function isEqual(a: Value, b: Value): boolean {
  return a !== null && b !== null && a === b;
}

function joinRows(
  type: string,
  left: readonly Row[],
  right: readonly Row[],
  matches: (row: Row) => boolean,
  nulls: ReadonlyMap<string, Value>,
): readonly Row[] {
  return left.flatMap((one) => {
    const found = right.map((other) => beside(one, other)).filter(matches);
    if (type === 'SEMI') return found.length > 0 ? [merged([one, ...found], one.values)] : [];
    if (type === 'ANTI') return found.length > 0 ? [] : [one];
    if (type === 'LEFT' && found.length === 0) return [{ ...one, values: new Map([...one.values, ...nulls]) }];
    return found;
  });
}

const WORDS: Readonly<Record<string, string>> = {
  INNER: 'JOIN',
  LEFT: 'LEFT JOIN',
  SEMI: 'LEFT SEMI JOIN',
  ANTI: 'LEFT ANTI JOIN',
};

function joinTables(type: string, isReversed: boolean, choices: Choices, condition: MakeCondition): Source {
  const [a, b] = isReversed ? (['sales', 'ads'] as const) : (['ads', 'sales'] as const);
  const [left, right] = [columnsOf(a, 'a'), columnsOf(b, 'b')];
  const key = choices.of(['person', 'person', 'phone']);
  const extra = choices.once(2) && type !== 'COMMA' ? condition([...left, ...right], choices) : null;
  const on = `a.${key} = b.${key}`;
  const matches = (row: Row): boolean =>
    isEqual(valueIn(row, `a.${key}`), valueIn(row, `b.${key}`)) && (extra === null || extra.at(row) === true);
  const nulls = new Map(right.map(({ name }) => [name, null]));
  const rows = (database: Database): readonly Row[] =>
    joinRows(type, scan(database, a, 'a', 0), scan(database, b, 'b', 0), matches, nulls);
  const columns = type === 'SEMI' || type === 'ANTI' ? left : [...left, ...right];
  if (type === 'COMMA') return { sql: `${a} a, ${b} b`, where: on, columns, scans: [0], rows };
  const more = extra === null ? '' : ` AND ${extra.sql}`;
  return { sql: `${a} a ${WORDS[type] ?? type} ${b} b ON ${on}${more}`, columns, scans: [0], rows };
}

function table(name: keyof Database): Source {
  const rows = (database: Database): readonly Row[] => scan(database, name, 'a', 0);
  return { sql: `${name} a`, columns: columnsOf(name, 'a'), scans: name === 'ads' ? [0] : [], rows };
}

/** How often someone is there, and since when. */
function perPerson(): Source {
  const sql = '(SELECT person, COUNT(*) AS n, MIN(day) AS first, SUM(clicks) AS clicks FROM ads GROUP BY person) a';
  const rows = (database: Database): readonly Row[] =>
    [...grouped(scan(database, 'ads', 'x', 0), (row) => [valueIn(row, 'x.person')]).values()].map((group) => {
      const days = group.map((row) => valueIn(row, 'x.day')).filter((day) => day !== null);
      const clicks = group.map((row) => valueIn(row, 'x.clicks')).filter((each) => typeof each === 'number');
      const [first] = group;
      const values: readonly (readonly [string, Value])[] = [
        ['a.person', first === undefined ? null : valueIn(first, 'x.person')],
        ['a.n', group.length],
        ['a.first', days.sort()[0] ?? null],
        ['a.clicks', clicks.length === 0 ? null : clicks.reduce((sum, each) => sum + each, 0)],
      ];
      return merged(group, new Map(values));
    });
  const columns: Source['columns'] = [
    { name: 'a.person', type: 'text', isPerson: true },
    { name: 'a.n', type: 'number' },
    { name: 'a.first', type: 'date' },
    { name: 'a.clicks', type: 'number' },
  ];
  return { sql, columns, scans: [0], rows };
}

/** The first rows of each person, by day and by number of clicks. */
function firstOfPerson(choices: Choices): Source {
  const rank = choices.of(['ROW_NUMBER()', 'NTILE(2)', 'RANK()']);
  const sql = `(SELECT person, campaign, clicks, ${rank} OVER (PARTITION BY person ORDER BY id) AS r FROM ads) a`;
  const rows = (database: Database): readonly Row[] => {
    const all = [...grouped(scan(database, 'ads', 'x', 0), (row) => [valueIn(row, 'x.person')]).values()];
    return all.flatMap((group) => {
      const ordered = group.toSorted((one, other) => Number(valueIn(one, 'x.id')) - Number(valueIn(other, 'x.id')));
      const half = Math.ceil(ordered.length / 2);
      return ordered.map((row, place) => {
        const r = rank.startsWith('NTILE') ? (place < half ? 1 : 2) : place + 1;
        const names = ['person', 'campaign', 'clicks'];
        const values = names.map((name) => [`a.${name}`, valueIn(row, `x.${name}`)] as const);
        return { ...row, values: new Map<string, Value>([...values, ['a.r', r]]) };
      });
    });
  };
  const columns: Source['columns'] = [
    { name: 'a.person', type: 'text', isPerson: true },
    { name: 'a.campaign', type: 'text' },
    { name: 'a.clicks', type: 'number' },
    { name: 'a.r', type: 'number' },
  ];
  return { sql, columns, scans: [0], rows };
}

function renamed(row: Row, names: Readonly<Record<string, string>>): Row {
  return { ...row, values: new Map(Object.entries(names).map(([to, from]) => [to, valueIn(row, from)])) };
}

const MATCH = 'SELECT x.person, x.campaign, x.clicks FROM ads x JOIN sales y ON x.? = y.?';

function matchRows(database: Database, key: string, scanNumber: number): readonly Row[] {
  const matches = (row: Row): boolean => isEqual(valueIn(row, `x.${key}`), valueIn(row, `y.${key}`));
  return joinRows('INNER', scan(database, 'ads', 'x', scanNumber), scan(database, 'sales', 'y', 0), matches, new Map());
}

function columnsOfMatch(alias: string): Source['columns'] {
  return [
    { name: `${alias}.person`, type: 'text', isPerson: true },
    { name: `${alias}.campaign`, type: 'text' },
    { name: `${alias}.clicks`, type: 'number' },
  ];
}

function matchNames(alias: string): Readonly<Record<string, string>> {
  return { [`${alias}.person`]: 'x.person', [`${alias}.campaign`]: 'x.campaign', [`${alias}.clicks`]: 'x.clicks' };
}

/** Two match keys, one after the other. */
function unionOfKeys(choices: Choices): Source {
  const isAll = choices.once(2);
  const branches = ['person', 'phone'].map((key) => MATCH.replaceAll('?', key));
  const rows = (database: Database): readonly Row[] => {
    const all = ['person', 'phone'].flatMap((key) => matchRows(database, key, 0));
    const named = all.map((row) => renamed(row, matchNames('a')));
    if (isAll) return named;
    const groups = grouped(named, (row) => [...row.values.values()]).values();
    return [...groups].flatMap((group) => (group[0] === undefined ? [] : [merged(group, group[0].values)]));
  };
  return {
    sql: `(${branches.join(isAll ? ' UNION ALL ' : ' UNION ')}) a`,
    columns: columnsOfMatch('a'),
    scans: [0],
    rows,
  };
}

/** A WITH query that is read twice. */
function readTwice(): Source {
  const rows = (database: Database): readonly Row[] => {
    const left = matchRows(database, 'person', 0).map((row) => renamed(row, matchNames('a')));
    const right = matchRows(database, 'person', 1).map((row) => renamed(row, matchNames('b')));
    return joinRows(
      'INNER',
      left,
      right,
      (row) => isEqual(valueIn(row, 'a.person'), valueIn(row, 'b.person')),
      new Map(),
    );
  };
  return {
    named: `h AS (${MATCH.replaceAll('?', 'person')})`,
    sql: 'h a JOIN h b ON a.person = b.person',
    columns: [...columnsOfMatch('a'), ...columnsOfMatch('b')],
    scans: [0, 1],
    rows,
  };
}

/** A list of constants that is joined by a cleartext column. */
function withValues(): Source {
  const constants: readonly (readonly [string, number])[] = [
    ['c0', 1],
    ['c1', 2],
    ['c9', 3],
  ];
  const list = constants.map(([name, weight]) => `('${name}', ${String(weight)})`).join(', ');
  const rows = (database: Database): readonly Row[] => {
    const right = constants.map(([name, weight]) => {
      const values: readonly (readonly [string, Value])[] = [
        ['v.name', name],
        ['v.weight', weight],
      ];
      return { values: new Map(values), persons: new Map() };
    });
    const matches = (row: Row): boolean => isEqual(valueIn(row, 'a.campaign'), valueIn(row, 'v.name'));
    return joinRows('INNER', scan(database, 'ads', 'a', 0), right, matches, new Map());
  };
  const columns: Source['columns'] = [
    ...columnsOf('ads', 'a'),
    { name: 'v.name', type: 'text' },
    { name: 'v.weight', type: 'number' },
  ];
  return { sql: `ads a JOIN (VALUES ${list}) AS v(name, weight) ON a.campaign = v.name`, columns, scans: [0], rows };
}

/** A total beside every row. */
function withTotal(): Source {
  const rows = (database: Database): readonly Row[] => {
    const persons = new Set(database.sales.map((record) => record['person']).filter((person) => person !== null));
    const total = { values: new Map([['t.total', persons.size]]), persons: new Map() };
    return scan(database, 'ads', 'a', 0).map((row) => beside(row, total));
  };
  const columns: Source['columns'] = [...columnsOf('ads', 'a'), { name: 't.total', type: 'number' }];
  return { sql: 'ads a CROSS JOIN (SELECT COUNT(DISTINCT person) AS total FROM sales) t', columns, scans: [0], rows };
}

/** A join by all names that both tables have. */
function natural(): Source {
  const matches = (row: Row): boolean =>
    ['person', 'phone', 'id'].every((key) => isEqual(valueIn(row, `a.${key}`), valueIn(row, `b.${key}`)));
  const rows = (database: Database): readonly Row[] =>
    joinRows('INNER', scan(database, 'ads', 'a', 0), scan(database, 'sales', 'b', 0), matches, new Map());
  const columns = [...columnsOf('ads', 'a'), ...columnsOf('sales', 'b')];
  return { sql: 'ads a NATURAL JOIN sales b', columns, scans: [0], rows };
}

/** The forms of FROM, by a name. */
export const SOURCES = {
  table: (choices) => table(choices.of(['ads', 'ads', 'sales'])),
  inner: (choices, condition) => joinTables('INNER', choices.once(2), choices, condition),
  left: (choices, condition) => joinTables('LEFT', choices.once(2), choices, condition),
  semi: (choices, condition) => joinTables('SEMI', choices.once(3), choices, condition),
  anti: (choices, condition) => joinTables('ANTI', choices.once(3), choices, condition),
  comma: (choices, condition) => joinTables('COMMA', choices.once(2), choices, condition),
  perPerson: () => perPerson(),
  firstOfPerson: (choices) => firstOfPerson(choices),
  unionOfKeys: (choices) => unionOfKeys(choices),
  readTwice: () => readTwice(),
  values: () => withValues(),
  total: () => withTotal(),
  natural: () => natural(),
} as const satisfies Readonly<Record<string, (choices: Choices, condition: MakeCondition) => Source>>;
