import type { CheckContext } from 'sealroom/query';
import { describe, expect, test } from 'vitest';
import { visitsWith, personsOf, changed } from './contexts.ts';
import { useRoom } from './room.ts';

// What a query over a table with constraints can be besides a SELECT with groups: unions, WITH queries that are read twice, MIN and
// MAX, spreads. Enumerations are in `thresholds-enumerated.test.ts`.
const room = useRoom();

const PERSONS = visitsWith(personsOf());

async function expectCodes(sql: string, context: CheckContext, ...codes: readonly string[]): Promise<void> {
  expect([sql, [...new Set(await room.codesOf(sql, context))]]).toEqual([sql, codes]);
}

async function rowsOf(sql: string, context: CheckContext): Promise<readonly (readonly unknown[])[]> {
  return (await room.read(await room.statementOf(sql, context))).getRowsJson();
}

const JOINED = 'visits v JOIN orders o ON v.email_fingerprint = o.email_fingerprint';
const BY_DATE = 'visits v JOIN orders o ON v.visit_date = o.order_date';

describe('WITH queries', () => {
  test('R-33 can be read many times, each with persons of its own', async () => {
    const inner = `SELECT v.email_fingerprint, v.page FROM ${JOINED}`;
    const sql = `WITH h AS (${inner}) SELECT x.page, COUNT(DISTINCT x.email_fingerprint) AS n FROM h x JOIN h y ON x.email_fingerprint = y.email_fingerprint GROUP BY x.page`;
    const context = visitsWith(personsOf({ minimumIdentityCount: 5 }));
    const plain = await room.read(
      `SELECT page, COUNT(DISTINCT email_fingerprint) FROM (${inner}) h GROUP BY page ORDER BY 1`,
    );
    expect(await rowsOf(sql, context)).toEqual(plain.getRowsJson());
    expect(plain.getRowsJson().length).toBeGreaterThan(0);
    const statement = await room.statementOf(
      sql.replace('x.page,', 'y.page,').replace('BY x.page', 'BY y.page'),
      context,
    );
    expect(statement.match(/count\(DISTINCT "[xy]"\."email_fingerprint"\) >= 5/g)).toHaveLength(2);
  });

  test.each([
    [
      'THRESHOLD_UNREACHABLE',
      'WITH h AS (SELECT email_fingerprint, page FROM visits), k AS (SELECT page FROM h) SELECT COUNT(*) AS n FROM h JOIN k ON h.page = k.page',
    ],
    ['FAN_OUT', 'WITH h AS (SELECT * FROM visits) SELECT SUM(x.seconds) AS s FROM h x JOIN h y ON x.page = y.page'],
    [
      'THRESHOLD_UNREACHABLE',
      'WITH h AS (SELECT email_fingerprint, seconds FROM visits) SELECT COUNT(*) AS n FROM h WHERE seconds > (SELECT AVG(seconds) FROM h)',
    ],
    [
      'THRESHOLD_UNREACHABLE',
      'WITH h AS (SELECT email_fingerprint FROM visits), unread AS (SELECT page FROM visits) SELECT COUNT(*) AS n FROM h',
    ],
    [
      'PERSONS_MIXED',
      'WITH h AS (SELECT email_fingerprint, RANK() OVER (ORDER BY seconds) AS r FROM visits) SELECT x.r, COUNT(DISTINCT x.email_fingerprint) AS n FROM h x JOIN h y ON x.email_fingerprint = y.email_fingerprint GROUP BY x.r',
    ],
    [
      'COMPARISON_NOT_ALLOWED',
      "WITH h AS (SELECT email_fingerprint, page FROM visits) SELECT COUNT(DISTINCT x.email_fingerprint) AS n FROM h x JOIN h y ON x.email_fingerprint = y.email_fingerprint WHERE y.page = 'x'",
    ],
  ])('R-33 a second reading gets around nothing: %s, %s', async (code, sql) => {
    const context = visitsWith({
      ...personsOf(),
      comparisonControls: { allowedLiteralComparisonColumns: ['seconds'] },
    });
    expect([sql, await room.codesOf(sql, context)]).toEqual([sql, expect.arrayContaining([code])]);
  });

  test('R-3 readings count each time, so that a chain of them stays small', async () => {
    const chain = (length: number, read: (name: string) => string): string => {
      const steps = Array.from({ length }, (_, index) => `h${String(index + 1)} AS (${read(`h${String(index)}`)})`);
      return `WITH h0 AS (SELECT email_fingerprint, page FROM visits), ${steps.join(', ')} SELECT COUNT(DISTINCT email_fingerprint) AS n FROM h${String(length)}`;
    };
    const twice = (name: string): string =>
      `SELECT x.email_fingerprint, x.page FROM ${name} x JOIN ${name} y ON x.email_fingerprint = y.email_fingerprint`;
    const once = (name: string): string => `SELECT email_fingerprint, page FROM ${name}`;
    await expectCodes(chain(3, once), PERSONS, 'allowed');
    await expectCodes(chain(30, once), PERSONS, 'allowed');
    await expectCodes(chain(50, once), PERSONS, 'TOO_LARGE');
    const start = performance.now();
    await expectCodes(chain(30, twice), PERSONS, 'TOO_LARGE');
    expect(performance.now() - start).toBeLessThan(2000);
    await expectCodes(chain(50, once), visitsWith({}), 'allowed');
  });
});

describe('unions', () => {
  const union = (...parts: readonly string[]): string =>
    `WITH h AS (${parts.join(' UNION ALL ')}) SELECT page, COUNT(DISTINCT email_fingerprint) AS n FROM h GROUP BY page`;
  const own = `SELECT v.email_fingerprint, v.page FROM ${JOINED}`;
  const other = `SELECT v.email_fingerprint, v.page FROM ${BY_DATE}`;

  test('R-65 persons of all parts are counted together', async () => {
    const context = visitsWith(personsOf({ minimumIdentityCount: 10 }));
    const plain = await room.read(`${union(own, other)} HAVING COUNT(DISTINCT email_fingerprint) >= 10 ORDER BY page`);
    expect(await rowsOf(union(own, other), context)).toEqual(plain.getRowsJson());
    expect(await rowsOf(union(own, other, own).replace(' ALL', ''), context)).toEqual(plain.getRowsJson());
    expect(plain.getRowsJson().length).toBeGreaterThan(0);
  });

  /** Each would show a value, or a number, of persons that a part of the union only pads. */
  const PADDED = [
    union(own, "SELECT email_fingerprint, '/p/1' AS page FROM visits"),
    union(own, 'SELECT email_fingerprint, CAST(NULL AS VARCHAR) AS page FROM visits'),
    union(own, 'SELECT email_fingerprint, income_band AS page FROM visits'),
    union(own, 'SELECT email_fingerprint, lower(page) AS page FROM visits'),
    union(own, 'SELECT email_fingerprint, MAX(page) AS page FROM visits GROUP BY email_fingerprint'),
    union(own, 'SELECT email_fingerprint, coupon AS page FROM orders'),
    union(own, other).replace('COUNT(DISTINCT email_fingerprint)', 'COUNT(*)'),
    union(own, other).replace('COUNT(DISTINCT email_fingerprint)', 'COUNT(email_fingerprint)'),
    union(own, other).replace('COUNT(DISTINCT email_fingerprint)', 'COUNT(DISTINCT page)'),
    union(own, other).replace('COUNT(DISTINCT email_fingerprint)', 'MIN(page)'),
    `${union(own, other)} HAVING MAX(page) > 'a'`,
    'WITH h AS (SELECT email_fingerprint, seconds FROM visits WHERE seconds = 599 UNION ALL SELECT email_fingerprint, 0 AS seconds FROM visits) SELECT SUM(seconds) AS s FROM h',
    'WITH h AS (SELECT email_fingerprint, seconds FROM visits WHERE seconds = 599 UNION ALL SELECT email_fingerprint, NULL AS seconds FROM visits) SELECT AVG(seconds) AS s FROM h',
    // Persons of another table, and of the wrong side of a join.
    'WITH h AS (SELECT email_fingerprint FROM visits UNION ALL SELECT email_fingerprint FROM orders) SELECT COUNT(DISTINCT email_fingerprint) AS n FROM h',
    `WITH h AS (SELECT v.email_fingerprint FROM visits v UNION ALL SELECT o.email_fingerprint FROM ${BY_DATE}) SELECT COUNT(DISTINCT email_fingerprint) AS n FROM h`,
    'WITH h AS (SELECT email_fingerprint FROM visits EXCEPT SELECT email_fingerprint FROM visits WHERE seconds > 5) SELECT COUNT(DISTINCT email_fingerprint) AS n FROM h',
    // A union behind another sub-query, whose keys could be computed.
    `SELECT page, COUNT(DISTINCT email_fingerprint) AS n FROM (SELECT * FROM (${own} UNION ALL ${other}) t) u GROUP BY page`,
    // The other reading of a table in one part is not counted.
    union(own, 'SELECT v.email_fingerprint, w.page FROM visits v JOIN visits w ON v.visit_date = w.visit_date'),
  ];

  test.each(PADDED)('R-65 nothing but the number of persons with a value is shown: %s', async (sql) => {
    const context = visitsWith(personsOf({ allowedAggregateExpressionType: 'ANY_EXPRESSION' }));
    expect([sql, await room.codesOf(sql, context)]).toEqual([sql, expect.arrayContaining(['THRESHOLD_UNREACHABLE'])]);
  });

  test('R-65 holds for a table of the asking member as well, where others receive the result', async () => {
    const sql =
      "WITH h AS (SELECT email_fingerprint, coupon FROM orders UNION ALL SELECT email_fingerprint, 'x' AS coupon FROM orders) SELECT coupon, COUNT(DISTINCT email_fingerprint) AS n FROM h GROUP BY coupon";
    const base = changed('customAny', (table) => (table === 'orders' ? personsOf() : {}), {
      settings: { preserveNulls: true },
      receivers: ['brand'],
    });
    await expectCodes(sql, base, 'allowed');
    const codes = await room.codesOf(sql, { ...base, receivers: ['brand', 'pub'] });
    expect(codes).toContain('THRESHOLD_UNREACHABLE');
    await expectCodes(sql.replace("'x' AS coupon", 'coupon'), base, 'allowed');
  });

  test('R-42 marks of the parts of a union of other tables make no groups of the owner', async () => {
    const marked = (mark: string): string =>
      `SELECT d.g, COUNT(DISTINCT v.email_fingerprint) AS n FROM visits v JOIN (SELECT email_fingerprint, country AS g FROM raw_users UNION ALL SELECT email_fingerprint, ${mark} AS g FROM raw_users WHERE country = 'DE') d ON v.email_fingerprint = d.email_fingerprint GROUP BY d.g`;
    const base = visitsWith(personsOf());
    const context: CheckContext = {
      ...base,
      manifest: {
        ...base.manifest,
        tables: base.manifest.tables.map((table) => {
          const visits = base.manifest.tables.find(({ name }) => name === 'visits');
          if (table.name !== 'raw_users' || visits?.rule?.kind !== 'custom') return table;
          return { ...table, rule: { ...visits.rule, outputConstraints: [] } };
        }),
      },
    };
    await expectCodes(marked("'mark'"), context, 'FAN_OUT');
    await expectCodes(marked('country'), context, 'allowed');
  });
});

describe('a table of the asking member', () => {
  const COUPONS = `WITH h AS (SELECT v.email_fingerprint, v.page FROM ${JOINED} UNION ALL SELECT v.email_fingerprint, v.page FROM ${BY_DATE}) SELECT page, COUNT(DISTINCT email_fingerprint) AS n FROM h GROUP BY page`;
  const both = changed('customAny', (table) => (table === 'visits' || table === 'orders' ? personsOf() : {}), {
    settings: { preserveNulls: true },
  });

  test('R-33 has no threshold where its persons cannot be counted, if nobody else receives the result', async () => {
    const verdict = await room.ask(COUPONS, both);
    const thresholds = verdict.obligations.flatMap((each) => (each.kind === 'threshold' ? [each.table] : []));
    expect([verdict.allowed, thresholds]).toEqual([true, ['visits']]);
    const joined = await room.ask(`SELECT v.page, COUNT(DISTINCT o.coupon) AS n FROM ${JOINED} GROUP BY v.page`, both);
    expect(joined.obligations.filter(({ kind }) => kind === 'threshold')).toHaveLength(2);
  });

  test('R-33 keeps its threshold where others receive the result, or where another member asks', async () => {
    expect(await room.codesOf(COUPONS, { ...both, receivers: ['brand', 'pub'] })).toContain('THRESHOLD_UNREACHABLE');
    expect(await room.codesOf(COUPONS, { ...both, receivers: ['pub'] })).toContain('THRESHOLD_UNREACHABLE');
    expect(await room.codesOf(COUPONS, { ...both, member: 'pub', receivers: ['pub'] })).toContain(
      'THRESHOLD_UNREACHABLE',
    );
  });
});

describe('MIN and MAX', () => {
  const sql =
    'SELECT page, MIN(seconds) AS lo, MAX(income) AS hi, COUNT(*) AS n FROM (SELECT email_fingerprint, page, CASE WHEN seconds > 600 THEN 1 END AS seconds, visit_date AS income FROM visits) t GROUP BY page';

  test('R-66 show a value that enough persons have', async () => {
    const context = visitsWith(
      personsOf({ allowedAggregateExpressionType: 'ANY_EXPRESSION', minimumIdentityCount: 10 }),
    );
    const rows = await rowsOf(sql, context);
    expect(rows.map(([, low]) => low)).toEqual(rows.map(() => 1));
    expect(new Set(rows.map(([, , high]) => high))).toEqual(new Set([null]));
    await expectCodes(sql, PERSONS, 'AGG_ARG');
  });

  test('R-66 hide a value of few persons everywhere: in outputs, windows and HAVING', async () => {
    const few = await rowsOf('SELECT page, MAX(seconds) AS m FROM visits GROUP BY page', PERSONS);
    expect(few.map(([, most]) => most)).toEqual(few.map(() => null));
    expect(few.length).toBeGreaterThan(0);
    for (const tail of [
      'HAVING MAX(seconds) > 0',
      'HAVING NOT (MAX(seconds) < 0)',
      'QUALIFY RANK() OVER (ORDER BY MAX(seconds) NULLS LAST) = 1 AND MAX(seconds) > 0',
    ]) {
      expect(await rowsOf(`SELECT page, COUNT(*) AS n FROM visits GROUP BY page ${tail}`, PERSONS)).toEqual([]);
    }
    const over = await rowsOf(
      'SELECT page, MAX(MAX(seconds)) OVER () AS m, MIN(seconds) + 1 AS k FROM visits GROUP BY page',
      PERSONS,
    );
    expect(new Set(over.flatMap(([, most, more]) => [most, more]))).toEqual(new Set([null]));
  });

  test('R-66 take columns, and are not in the row of what was held back', async () => {
    const context = visitsWith({
      ...personsOf({ allowedAggregateExpressionType: 'ANY_EXPRESSION' }),
      'x-suppression': 'summary',
    });
    await expectCodes('SELECT page, MIN(seconds + 1) AS m FROM visits GROUP BY page', context, 'THRESHOLD_UNREACHABLE');
    await expectCodes('SELECT page, MIN(1) AS m FROM visits GROUP BY page', context, 'THRESHOLD_UNREACHABLE');
    const rows = await rowsOf(
      "SELECT visit_date, MIN(page) AS lo, COUNT(*) AS n FROM (SELECT email_fingerprint, visit_date, page FROM visits WHERE page = '/p/1') t GROUP BY visit_date",
      context,
    );
    expect(rows.filter(([key]) => key === null).map(([, low]) => low)).toEqual([null]);
  });

  test('R-66 compare a column as groups do', async () => {
    const context = visitsWith({ ...personsOf(), comparisonControls: { allowedColumnComparisonColumns: ['page'] } });
    await expectCodes('SELECT page, MIN(seconds) AS m FROM visits GROUP BY page', context, 'COMPARISON_NOT_ALLOWED');
    await expectCodes('SELECT MIN(page) AS m FROM visits', context, 'allowed');
  });

  test('R-66 are rounded where sums are, with exact numbers of persons', async () => {
    const context = visitsWith({
      ...personsOf({ minimumIdentityCount: 14 }),
      'x-round': { counts: 10, sums: 100 },
    });
    const statement = await room.statementOf('SELECT page, MAX(seconds) AS m FROM visits GROUP BY page', context);
    expect(statement).toMatch(/FILTER \(WHERE \("ranked"\."c1" = "ranked"\."c3"\)\) >= 14\) THEN max/);
    expect(statement).toMatch(/round\(/);
  });
});

describe('spreads', () => {
  const sql =
    'SELECT page, AVG(seconds) AS a, STDDEV(seconds) AS d, VAR_POP(seconds) AS v, COUNT(*) AS n FROM visits GROUP BY page';

  test('R-33 are shown over three persons at least, where nothing rounds', async () => {
    const plain = await room.rowsOf(`${sql} HAVING COUNT(DISTINCT email_fingerprint) >= 20`);
    expect(await room.rowsOf(await room.statementOf(sql, PERSONS))).toEqual(plain);
    await expectCodes(sql, visitsWith(personsOf({ minimumIdentityCount: 3 })), 'allowed');
    await expectCodes(sql, visitsWith(personsOf({ minimumIdentityCount: 2 })), 'THRESHOLD_UNREACHABLE');
    for (const round of [{ counts: 100 }, { counts: 1, sums: 10 }]) {
      await expectCodes(sql, visitsWith({ ...personsOf(), 'x-round': round }), 'THRESHOLD_UNREACHABLE');
    }
    await expectCodes(
      'SELECT page, STDDEV(DISTINCT seconds) AS d FROM visits GROUP BY page',
      PERSONS,
      'THRESHOLD_UNREACHABLE',
    );
  });

  test('R-54 a column whose rows may be of fewer persons has none', async () => {
    const context = visitsWith(
      personsOf({
        outputColumnThresholds: [
          { outputColumnName: 'page', minimumIdentityCount: 0 },
          { outputColumnName: 'seconds', minimumIdentityCount: 2 },
        ],
      }),
    );
    await expectCodes(sql, context, 'THRESHOLD_UNREACHABLE');
  });
});
