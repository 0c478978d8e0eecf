import { checkQuery } from 'sealroom/query';
import { beforeAll, expect, test } from 'vitest';
import { countingManifest } from './count-once.ts';
import { useShop } from './shop.ts';

// All small databases of four persons: in the other member's table with one of two regions, or not there, and some lists of the member
// that asks. Two judges: plain SQL with a threshold, and the answer without one of the persons.

const MANIFEST = countingManifest({ isCustom: true });

const shop = useShop();

beforeAll(async () => {
  await shop.engine.run('CREATE TABLE crm.customers(email VARCHAR, phone VARCHAR, spend BIGINT, region VARCHAR)');
  await shop.engine.run(
    'CREATE TABLE shop.mine(email VARCHAR, phone VARCHAR, bucket BIGINT, tag VARCHAR, weight BIGINT)',
  );
});

const PERSONS = ['e0', 'e1', 'e2', 'e3'];
const REGIONS = [null, 'x', 'y'];

/** The lists of the member that asks: emails, each with its weight. */
const LISTS = [
  [],
  [['e0', 1]],
  [
    ['e0', 1],
    ['e1', 5],
  ],
  [
    ['e2', 5],
    [null, 1],
  ],
  PERSONS.map((email) => [email, 3]),
] as const;

/** The region of each person, or null for those who are not there, in all ways. */
function statesOf(persons: number): readonly (readonly (string | null)[])[] {
  if (persons === 0) return [[]];
  return statesOf(persons - 1).flatMap((state) => REGIONS.map((region) => [...state, region]));
}

const COUNT = 'COUNT(DISTINCT c.email) AS n';
const BY = 'GROUP BY c.region';
const FORMS = [
  `SELECT ${COUNT} FROM customers c WHERE c.email NOT IN (SELECT email FROM mine)`,
  `SELECT c.region, ${COUNT} FROM customers c WHERE c.email NOT IN (SELECT email FROM mine WHERE email IS NOT NULL) ${BY}`,
  `SELECT c.region, ${COUNT}, SUM(c.spend) AS s FROM customers c WHERE NOT EXISTS (SELECT 1 FROM mine m WHERE m.email = c.email) ${BY}`,
  `SELECT c.region, ${COUNT} FROM customers c ANTI JOIN mine m ON m.email = c.email AND m.weight > c.spend ${BY}`,
  `SELECT c.region, ${COUNT} FROM customers c WHERE c.email IN (SELECT m.email FROM mine m WHERE m.weight > c.spend) ${BY}`,
  `SELECT c.region, ${COUNT} FROM customers c LEFT JOIN mine m ON m.email = c.email WHERE m.email IS NULL ${BY}`,
  `SELECT k, COUNT(DISTINCT email) AS n FROM (SELECT c.email, c.email IN (SELECT email FROM mine WHERE email IS NOT NULL) AS k FROM customers c) t GROUP BY k`,
  `SELECT k, COUNT(DISTINCT email) AS n FROM (SELECT DISTINCT c.email, c.region AS k FROM customers c WHERE c.email NOT IN (SELECT email FROM mine WHERE email IS NOT NULL)) t GROUP BY k`,
];

/** The condition that each row has enough persons, of what a form counts. */
function withThreshold(form: string): string {
  const column = form.includes('DISTINCT email') ? 'email' : 'c.email';
  return `${form} HAVING COUNT(DISTINCT ${column}) >= 2`;
}

async function rowsOf(sql: string): Promise<readonly string[]> {
  const rows = (await shop.engine.runAndReadAll(sql)).getRowsJson();
  return rows.map((row) => JSON.stringify(row)).sort();
}

/** The group of a row: all but its numbers. */
function groupOf(row: string): string {
  return JSON.stringify((JSON.parse(row) as unknown[]).slice(0, -1).filter((value) => !/^\d+$/.test(String(value))));
}

test('R-64 a person that is taken out changes one row at most, and what remains has the threshold', async () => {
  const facts = new Map([['mine', { rows: 5, multiplicity: new Map([['email', 1]]) }]]);
  const allowed: (readonly [form: string, sql: string])[] = [];
  for (const form of FORMS) {
    const verdict = checkQuery(await shop.parser.parse(form, MANIFEST.dialect), {
      ...{ manifest: MANIFEST, member: 'shop', receivers: ['shop'], facts },
    });
    expect([form, verdict.findings.map(({ code, message }) => `${code} ${message}`)]).toEqual([form, []]);
    if (verdict.allowed) allowed.push([form, verdict.statement.sql]);
  }
  for (const list of LISTS) {
    await shop.engine.run('DELETE FROM shop.mine');
    for (const [email, weight] of list) {
      await shop.engine.run(
        `INSERT INTO shop.mine VALUES (${email === null ? 'NULL' : `'${email}'`}, 'p', 1, 't', ${String(weight)})`,
      );
    }
    const answers = new Map<string, readonly (readonly string[])[]>();
    const states = statesOf(PERSONS.length);
    for (const state of states) {
      await shop.engine.run('DELETE FROM crm.customers');
      for (const [index, region] of state.entries()) {
        if (region === null) continue;
        await shop.engine.run(
          `INSERT INTO crm.customers VALUES ('${String(PERSONS[index])}', 'p', ${String(index)}, '${region}')`,
        );
      }
      const rows: (readonly string[])[] = [];
      for (const [form, sql] of allowed) {
        rows.push(await rowsOf(sql));
        expect([form, state, rows.at(-1)]).toEqual([form, state, await rowsOf(withThreshold(form))]);
      }
      answers.set(JSON.stringify(state), rows);
    }
    for (const state of states) {
      for (const index of state.keys()) {
        const without = state.map((region, place) => (place === index ? null : region));
        for (const [place, rows] of (answers.get(JSON.stringify(state)) ?? []).entries()) {
          const other = answers.get(JSON.stringify(without))?.[place] ?? [];
          const changed = [
            ...rows.filter((row) => !other.includes(row)),
            ...other.filter((row) => !rows.includes(row)),
          ];
          expect([state, without, new Set(changed.map(groupOf)).size]).toEqual([
            state,
            without,
            Math.min(1, changed.length),
          ]);
        }
      }
    }
  }
});
