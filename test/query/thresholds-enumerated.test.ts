import fc from 'fast-check';
import { checkQuery, type Verdict } from 'sealroom/query';
import { expect, test } from 'vitest';
import { runs } from '../support/runs.ts';
import { countingManifest, type Terms } from './count-once.ts';
import { useShop } from './shop.ts';

// Unions, WITH queries that are read twice, and MIN and MAX over small databases. The judge knows nothing of the checks: it looks whether
// the persons that are counted have the values that are shown, and takes persons out.
const SEED = 20261129;
const MINIMUM = 2;

const shop = useShop();

type Customer = readonly [email: number, phone: number, spend: number | null, region: number];
type Mine = readonly [email: number, phone: number, tag: number];

interface Data {
  readonly customers: readonly Customer[];
  readonly mine: readonly Mine[];
}

const small = fc.integer({ min: 0, max: 2 });
const email = fc.integer({ min: 0, max: 4 });
const DATA: fc.Arbitrary<Data> = fc.record({
  customers: fc.array(fc.tuple(email, small, fc.constantFrom(null, 1, 2, 3), small), {
    minLength: 3,
    maxLength: 8,
  }),
  mine: fc.uniqueArray(fc.tuple(email, small, small), { minLength: 2, maxLength: 5, selector: ([own]) => own }),
});

function rowsOf(rows: readonly (readonly (number | null)[])[], columns: string): string {
  const list = rows.map((row) => `(${row.map((value) => (value === null ? 'NULL' : String(value))).join(', ')})`);
  const none = `(${columns
    .split(',')
    .map(() => 'NULL::INTEGER')
    .join(', ')})`;
  return `(VALUES ${rows.length === 0 ? none : list.join(', ')}) t(${columns})${rows.length === 0 ? ' WHERE false' : ''}`;
}

async function load({ customers, mine }: Data): Promise<void> {
  await shop.engine.run(
    `CREATE OR REPLACE TABLE crm.customers AS SELECT 'e' || e AS email, 'p' || p AS phone, s::BIGINT AS spend, 'r' || r AS region FROM ${rowsOf(customers, 'e, p, s, r')};` +
      `CREATE OR REPLACE TABLE shop.mine AS SELECT 'e' || e AS email, 'p' || p AS phone, 0::BIGINT AS bucket, 'r' || t AS tag, t::BIGINT AS weight FROM ${rowsOf(mine, 'e, p, t')}`,
  );
}

async function ask(sql: string, terms: Terms = {}): Promise<Verdict> {
  const context = { manifest: countingManifest({ isCustom: true, ...terms }), member: 'shop', receivers: ['shop'] };
  return checkQuery(await shop.parser.parse(sql), context);
}

async function read(sql: string): Promise<readonly (readonly string[])[]> {
  return (await shop.engine.runAndReadAll(sql)).getRowsJS().map((row) => row.map(String));
}

/** The rows of an answer that differ when a person is taken out, by their key. */
async function changedWithout(statement: string, data: Data, person: number): Promise<readonly string[]> {
  const before = await read(statement);
  await load({ ...data, customers: data.customers.filter(([own]) => own !== person) });
  const after = await read(statement);
  await load(data);
  const texts = (rows: readonly (readonly string[])[]): Set<string> => new Set(rows.map((row) => JSON.stringify(row)));
  const [old, now] = [texts(before), texts(after)];
  const differing = [...before, ...after].filter(
    (row) => old.has(JSON.stringify(row)) !== now.has(JSON.stringify(row)),
  );
  return [...new Set(differing.map(([key = '']) => key))];
}

const JOINED = 'customers c JOIN mine m ON';

/** Parts of a union: persons as `p`, and a key `g`. Those that the answer may show come twice as often. */
const SOUND = [
  'SELECT c.email AS p, c.region AS g FROM customers c',
  `SELECT c.email AS p, c.region AS g FROM ${JOINED} c.email = m.email`,
  `SELECT m.email AS p, c.region AS g FROM ${JOINED} c.email = m.email WHERE m.tag <> 'r1'`,
  `SELECT c.email AS p, c.region AS g FROM ${JOINED} c.phone = m.phone`,
  "SELECT DISTINCT c.email AS p, c.region AS g FROM customers c WHERE c.phone = 'p1'",
  'SELECT p, g FROM (SELECT email AS p, region AS g, spend FROM customers) t WHERE spend > 1',
];

const PARTS = [
  ...SOUND,
  ...SOUND,
  `SELECT m.email AS p, c.region AS g FROM ${JOINED} c.phone = m.phone`,
  `SELECT c.email AS p, m.tag AS g FROM ${JOINED} c.email = m.email`,
  "SELECT c.email AS p, 'r1' AS g FROM customers c",
  'SELECT c.email AS p, c.phone AS g FROM customers c',
  "SELECT c.email AS p, CASE WHEN c.spend > 2 THEN 'r0' ELSE c.region END AS g FROM customers c",
  'SELECT m.email AS p, m.tag AS g FROM mine m',
  'SELECT c.email AS p, d.region AS g FROM customers c JOIN customers d ON c.phone = d.phone',
  `SELECT c.email AS p, CAST(NULL AS VARCHAR) AS g FROM ${JOINED} c.email = m.email`,
];

const union = fc.record({
  parts: fc.array(fc.constantFrom(...PARTS), { minLength: 2, maxLength: 3 }),
  operator: fc.constantFrom('UNION ALL', 'UNION ALL', 'UNION', 'UNION', 'EXCEPT', 'INTERSECT'),
  isNamed: fc.boolean(),
  isGrouped: fc.boolean(),
  measure: fc.constantFrom(...['COUNT(DISTINCT p)', 'COUNT(DISTINCT p)'], 'COUNT(*)', 'MAX(g)', 'COUNT(DISTINCT g)'),
});

test('R-65 persons of a union are counted together, and each of them has the value that is shown', async () => {
  let allowed = 0;
  let refused = 0;
  const property = fc.asyncProperty(DATA, fc.array(union, { minLength: 8, maxLength: 8 }), async (data, queries) => {
    await load(data);
    for (const { parts, operator, isNamed, isGrouped, measure } of queries) {
      const inner = parts.join(` ${operator} `);
      if (!inner.includes('customers')) continue;
      // What may be grouped by is one column in all parts.
      const isPhone = parts.every((part) => part.includes('c.phone AS g'));
      const valueOf = ([, phone, , region]: Customer): string => (isPhone ? `p${String(phone)}` : `r${String(region)}`);
      const items = `${isGrouped ? 'g' : "'all' AS g"}, ${measure} AS n`;
      const from = isNamed ? 'u' : `(${inner}) u`;
      const sql = `${isNamed ? `WITH u AS (${inner}) ` : ''}SELECT ${items} FROM ${from}${isGrouped ? ' GROUP BY g' : ''}`;
      const verdict = await ask(sql);
      if (!verdict.allowed) {
        refused += 1;
        continue;
      }
      allowed += 1;
      const shown = await read(verdict.statement.sql);
      const plain = await read(sql);
      const behind = await read(inner);
      for (const [key = '', number] of shown) {
        expect(plain).toContainEqual([key, number]);
        const persons = new Set(
          behind.flatMap(([person = '', value]) => (!isGrouped || value === key ? [person] : [])),
        );
        const owners = [...persons].filter((person) =>
          data.customers.some((row) => `e${String(row[0])}` === person && (!isGrouped || valueOf(row) === key)),
        );
        expect([sql, owners.length, owners.length >= MINIMUM]).toEqual([sql, Number(number), true]);
      }
      for (const person of new Set(data.customers.map(([own]) => own))) {
        const own = new Set(data.customers.flatMap((row) => (row[0] === person ? [valueOf(row)] : [])));
        const changed = await changedWithout(verdict.statement.sql, data, person);
        expect([sql, changed.filter((key) => isGrouped && !own.has(key))]).toEqual([sql, []]);
      }
    }
  });
  await fc.assert(property, { seed: SEED, numRuns: runs(60) });
  expect(Math.min(allowed, refused)).toBeGreaterThan(runs(60) / 2);
});

const READ = [
  'SELECT email AS p, region AS g, spend AS s FROM customers',
  `SELECT c.email AS p, c.region AS g, c.spend AS s FROM ${JOINED} c.email = m.email`,
  `SELECT c.email AS p, c.region AS g, c.spend AS s FROM ${JOINED} c.phone = m.phone`,
  `SELECT c.email AS p, m.tag AS g, c.spend AS s FROM ${JOINED} c.email = m.email`,
  'SELECT email AS p, region AS g, SUM(spend) AS s FROM customers GROUP BY email, region',
];

const twice = fc.record({
  inner: fc.constantFrom(...READ),
  on: fc.constantFrom('x.p = y.p', 'x.g = y.g', 'x.p = y.p AND x.g = y.g', 'x.s = y.s', 'x.p = y.p AND x.s < y.s'),
  group: fc.constantFrom('x.g', 'y.g', "'all'"),
  measure: fc.constantFrom('COUNT(DISTINCT x.p)', 'COUNT(DISTINCT y.p)', 'SUM(x.s)', 'COUNT(*)'),
  join: fc.constantFrom('JOIN', 'LEFT JOIN'),
});

test('R-33 each reading of a WITH query has its own persons, who are counted', async () => {
  let allowed = 0;
  let refused = 0;
  const property = fc.asyncProperty(DATA, fc.array(twice, { minLength: 8, maxLength: 8 }), async (data, queries) => {
    await load(data);
    for (const { inner, on, group, measure, join } of queries) {
      const from = `h x ${join} h y ON ${on}`;
      const isGrouped = group !== "'all'";
      const sql = `WITH h AS (${inner}) SELECT ${group} AS g, ${measure} AS n FROM ${from}${isGrouped ? ` GROUP BY ${group}` : ''}`;
      const verdict = await ask(sql);
      if (!verdict.allowed) {
        refused += 1;
        continue;
      }
      allowed += 1;
      const shown = await read(verdict.statement.sql);
      const plain = await read(sql);
      for (const row of shown) expect(plain).toContainEqual(row);
      const behind = await read(`WITH h AS (${inner}) SELECT ${group}, x.p, y.p FROM ${from}`);
      const enough = new Set(
        behind
          .map(([key = '']) => key)
          .filter((key) =>
            [1, 2].every((side) => {
              const persons = behind.flatMap((row) => (row[0] === key && row[side] !== 'null' ? [row[side]] : []));
              return new Set(persons).size >= MINIMUM;
            }),
          ),
      );
      expect([sql, shown.map(([key]) => key).sort()]).toEqual([sql, [...enough].sort()]);
      for (const person of new Set(data.customers.map(([own]) => own))) {
        const changed = await changedWithout(verdict.statement.sql, data, person);
        const own = new Set(
          data.customers.flatMap(([mail, , , region]) => (mail === person ? [`r${String(region)}`] : [])),
        );
        const foreign = changed.filter((key) => isGrouped && !own.has(key));
        expect([sql, foreign.length <= 1]).toEqual([sql, true]);
      }
    }
  });
  await fc.assert(property, { seed: SEED, numRuns: runs(60) });
  expect(Math.min(allowed, refused)).toBeGreaterThan(runs(60) / 2);
});

const extreme = fc.record({
  from: fc.constantFrom(
    'customers c',
    `${JOINED} c.email = m.email`,
    'customers c LEFT JOIN mine m ON c.email = m.email',
  ),
  group: fc.constantFrom('', 'c.region', 'm.tag', 'c.phone'),
  value: fc.constantFrom('c.spend', 'c.spend', 'c.region', 'm.weight'),
  function: fc.constantFrom('MIN', 'MAX'),
  having: fc.constantFrom('', '', 'HAVING MAX(c.spend) > 1', 'HAVING MIN(c.spend) IS NULL', 'HAVING COUNT(*) > 2'),
});

test('R-66 MIN and MAX are shown where enough persons have exactly that value, and are NULL elsewhere', async () => {
  let values = 0;
  let nulls = 0;
  const property = fc.asyncProperty(DATA, fc.array(extreme, { minLength: 8, maxLength: 8 }), async (data, queries) => {
    await load(data);
    for (const { from, group, value, function: name, having } of queries) {
      if (!from.includes('mine') && (group + value).includes('m.')) continue;
      const key = group === '' ? "'all'" : group;
      const by = group === '' ? '' : `GROUP BY ${group}`;
      const sql = `SELECT ${key} AS g, ${name}(${value}) AS v, COUNT(DISTINCT c.email) AS n FROM ${from} ${by} ${having}`;
      const verdict = await ask(sql);
      if (!verdict.allowed) throw new Error(`${sql}: ${verdict.findings.map(({ message }) => message).join('; ')}`);
      const shared = (of: string, most: string): string =>
        `CASE WHEN (SELECT COUNT(DISTINCT i.p) FROM b i WHERE i.g IS NOT DISTINCT FROM b.g AND i.${of} = ${most}(b.${of})) >= ${String(MINIMUM)} THEN ${most}(b.${of}) END`;
      const kept = having.replace('MAX(c.spend)', shared('s', 'MAX')).replace('MIN(c.spend)', shared('s', 'MIN'));
      // One condition on the group after another, with a correlated count of persons for each value.
      const judge = `WITH b AS (SELECT ${key} AS g, ${value} AS v, c.spend AS s, c.email AS p FROM ${from})
        SELECT g, ${shared('v', name)} AS v, COUNT(DISTINCT p) AS n FROM b GROUP BY g ${kept === '' ? 'HAVING' : `${kept} AND`} COUNT(DISTINCT p) >= ${String(MINIMUM)}`;
      const shown = await read(verdict.statement.sql);
      expect([sql, [...shown].sort()]).toEqual([sql, [...(await read(judge))].sort()]);
      values += shown.filter(([, each]) => each !== 'null').length;
      nulls += shown.filter(([, each]) => each === 'null').length;
      if (group === 'c.region' || group === 'c.phone') continue;
      for (const person of new Set(data.customers.map(([own]) => own))) {
        const changed = await changedWithout(verdict.statement.sql, data, person);
        expect([sql, changed.length <= 1]).toEqual([sql, true]);
      }
    }
  });
  await fc.assert(property, { seed: SEED, numRuns: runs(60) });
  expect(Math.min(values, nulls)).toBeGreaterThan(runs(60) / 2);
});
