import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../support/runs.ts';
import { personsOf, visitsWith } from './contexts.ts';
import { useRoom } from './room.ts';

// Random sub-queries over a table with a threshold. Two judges that know nothing of the checks: one takes a person out and looks
// whether the rows of others are as before, the other counts persons one by one.
const SEED = 20240131;
const MINIMUM = 3;

const room = useRoom();
const CONTEXT = visitsWith(personsOf({ minimumIdentityCount: MINIMUM }));

/** Where the rows come from: `v`, and whom they are of. */
const SOURCES = [
  { from: 'late v', persons: ['v'] },
  { from: 'late v JOIN orders o ON v.email_fingerprint = o.email_fingerprint', persons: ['v'] },
  { from: 'late v LEFT JOIN orders o ON v.email_fingerprint = o.email_fingerprint', persons: ['v'] },
  { from: 'late v RIGHT JOIN orders o ON v.email_fingerprint = o.email_fingerprint', persons: ['v'] },
  { from: 'late v FULL JOIN orders o ON v.email_fingerprint = o.email_fingerprint', persons: ['v'] },
  { from: 'orders o LEFT JOIN late v ON v.email_fingerprint = o.email_fingerprint', persons: ['v'] },
  { from: 'late v JOIN orders o ON v.visit_date = o.order_date', persons: ['v'] },
  { from: 'late v JOIN late w ON v.email_fingerprint = w.email_fingerprint', persons: ['v', 'w'] },
  { from: 'late v LEFT JOIN late w ON v.email_fingerprint = w.email_fingerprint', persons: ['v', 'w'] },
  { from: 'late v JOIN late w ON v.page = w.page AND v.visit_date = w.visit_date', persons: ['v', 'w'] },
] as const;

const PARTITIONS = [
  ...['', 'v.email_fingerprint', 'v.email_fingerprint, v.page', 'v.page', 'o.email_fingerprint', 'w.email_fingerprint'],
  ...['v.email_fingerprint, w.email_fingerprint', 'v.seconds', 'v.email_fingerprint', 'w.page, v.email_fingerprint'],
];

const ORDER = 'ORDER BY v.seconds, v.visit_date, v.page';

const WINDOWS = [
  ...['COUNT(*)', 'SUM(v.seconds)', 'MAX(v.page)', 'MIN(v.visit_date)', 'ROW_NUMBER()', 'RANK()', 'LAG(v.seconds)'],
  ...['FIRST_VALUE(v.page)', 'LAST_VALUE(v.seconds)', 'CUME_DIST()', 'AVG(v.seconds)'],
];

const AGGREGATES = ['COUNT(*)', 'SUM(v.seconds)', 'MAX(v.page)', 'MIN(v.seconds)', 'COUNT(DISTINCT v.page)'];

const KEYS = [
  'v.page',
  'v.seconds % 7',
  "CASE WHEN v.seconds > 650 THEN 'late' ELSE v.page END",
  'month(v.visit_date)',
];

/** Conditions on `v`, by tables of the member that asks. */
const FILTERS = [
  'v.email_fingerprint NOT IN (SELECT email_fingerprint FROM orders WHERE amount > 20)',
  'NOT EXISTS (SELECT 1 FROM orders q WHERE q.email_fingerprint = v.email_fingerprint AND q.order_date < v.visit_date)',
  'v.email_fingerprint IN (SELECT q.email_fingerprint FROM orders q WHERE q.order_date >= v.visit_date)',
  "(v.page = '/p/1' OR v.email_fingerprint IN (SELECT email_fingerprint FROM orders))",
];

const shape = fc.record({
  filter: fc.option(fc.constantFrom(...FILTERS), { nil: null }),
  source: fc.constantFrom(...SOURCES),
  kind: fc.constantFrom('window', 'window', 'qualify', 'group', 'key', 'limit'),
  partition: fc.constantFrom(...PARTITIONS),
  window: fc.constantFrom(...WINDOWS),
  aggregate: fc.constantFrom(...AGGREGATES),
  key: fc.constantFrom(...KEYS),
  isOrdered: fc.boolean(),
  rows: fc.integer({ min: 1, max: 30 }),
});

type Shape = typeof shape extends fc.Arbitrary<infer Value> ? Value : never;

/** The scans of `visits` stand for a filter, as a sub-query each, so that joins stay small. */
function withScans(from: string): string {
  return from.replaceAll(/\blate (\w)\b/g, '(SELECT * FROM visits WHERE seconds > 500) $1');
}

/** A sub-query with the persons of each scan, and a value `k`; `null` for one that names a table that it has not. */
function innerOf({ source, filter, kind, partition, window, aggregate, key, isOrdered, rows }: Shape): string | null {
  const needed = kind === 'window' || kind === 'qualify' ? partition : '';
  const isKnown = [...needed.matchAll(/\b([ow])\./g)].every(([, alias]) => source.from.includes(` ${String(alias)} `));
  if (!isKnown) return null;
  const persons = source.persons.map((alias) => `${alias}.email_fingerprint`);
  const shown = persons.map((person, index) => `${person} AS p${String(index)}`).join(', ');
  const from = `${withScans(source.from)}${filter === null ? '' : ` WHERE ${filter}`}`;
  const mustOrder = /NUMBER|RANK|LAG|VALUE|DIST/.test(window);
  const order = isOrdered || mustOrder ? ORDER : '';
  const over = `${window} OVER (${partition === '' ? '' : `PARTITION BY ${partition} `}${order})`;
  switch (kind) {
    case 'window':
      return `SELECT ${shown}, ${over} AS k FROM ${from}`;
    case 'qualify':
      return `SELECT ${shown}, ${key} AS k FROM ${from} QUALIFY ROW_NUMBER() OVER (${partition === '' ? '' : `PARTITION BY ${partition} `}${ORDER}) <= ${String(rows)}`;
    case 'group':
      return `SELECT ${shown}, ${aggregate} AS k FROM ${from} GROUP BY ${persons.join(', ')}${isOrdered ? ', v.page' : ''}`;
    case 'key':
      return `SELECT ${isOrdered ? 'DISTINCT ' : ''}${shown}, ${key} AS k FROM ${from}`;
    case 'limit':
      return `SELECT ${shown}, ${key} AS k FROM ${from} ORDER BY k, p0 LIMIT ${String(rows)}`;
  }
}

type Row = readonly (string | null)[];

/** A value as text, whatever kind of number the engine gives it as. */
function textOf(value: unknown): string | null {
  if (value === null) return null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text === '' || Number.isNaN(Number(text)) ? text : String(Number(Number(text).toPrecision(9)));
}

async function rowsOf(inner: string): Promise<readonly Row[]> {
  const rows = (await room.read(inner)).getRowsJson();
  return rows.map((row) => row.map(textOf));
}

/** The rows of others, in an order of their own. Rows without a person never make up a row of the answer alone. */
function othersOf(rows: readonly Row[], victim: string): readonly string[] {
  const others = rows.filter((row) => {
    const persons = row.slice(0, -1);
    return !persons.includes(victim) && persons.some((person) => person !== null);
  });
  return others.map((row) => JSON.stringify(row)).sort();
}

test('R-50 what is allowed computes for each person the same, whoever else is there, and shows what enough persons share', async () => {
  let allowed = 0;
  let refused = 0;
  const property = fc.asyncProperty(shape, fc.nat(1000), async (each, place) => {
    const inner = innerOf(each);
    fc.pre(inner !== null);
    const sql = `SELECT k, COUNT(DISTINCT p0) AS n FROM (${inner}) t GROUP BY k`;
    const verdict = await room.ask(sql, CONTEXT);
    if (!verdict.allowed) {
      refused += 1;
      expect(verdict.findings.map(({ code }) => code).join(' ')).toMatch(/PERSONS_MIXED|FAN_OUT/);
      return;
    }
    allowed += 1;
    const all = await rowsOf(inner);
    const persons = [...new Set(all.map(([person]) => person))].filter(
      (person) => person !== null && person !== undefined,
    );
    const victim = persons.sort()[place % Math.max(persons.length, 1)] ?? '';
    await room.read('BEGIN');
    try {
      await room.read(`DELETE FROM pub.visits WHERE email_fingerprint = '${victim}'`);
      expect([inner, othersOf(await rowsOf(inner), victim)]).toEqual([inner, othersOf(all, victim)]);
    } finally {
      await room.read('ROLLBACK');
    }
    const groups = new Map<string | null, { readonly persons: readonly Set<string>[] }>();
    for (const row of all) {
      const key = row.at(-1) ?? null;
      const group = groups.get(key) ?? { persons: each.source.persons.map(() => new Set<string>()) };
      for (const [index, set] of group.persons.entries()) {
        const person = row[index];
        if (person !== null && person !== undefined) set.add(person);
      }
      groups.set(key, group);
    }
    const expected = [...groups].filter(([, group]) => group.persons.every(({ size }) => size >= MINIMUM));
    const shown = (await room.read(verdict.statement.sql)).getRowsJson();
    expect([sql, shown.map((row) => row.map(textOf).join(' ')).sort()]).toEqual([
      sql,
      expected.map(([key, group]) => [key, String(group.persons[0]?.size)].join(' ')).sort(),
    ]);
  });
  await fc.assert(property, { seed: SEED, numRuns: runs(200) });
  expect(Math.min(allowed, refused)).toBeGreaterThan(runs(200) / 10);
});
