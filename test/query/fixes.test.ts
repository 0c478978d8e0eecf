import { describe, expect, test } from 'vitest';
import { applyFix, type CheckContext, type Finding, type FindingCode, type Verdict, verifyFixes } from 'sealroom/query';
import { checkContextOf, FILE } from '../adversarial/adversarial-file.ts';
import { withPolicies } from './contexts.ts';
import { useRoom } from './room.ts';

const room = useRoom();

type Refusal = Extract<Verdict, { readonly allowed: false }>;

/** The refusal of a text, with the fixes that hold. */
async function refuse(sql: string, context: CheckContext): Promise<Refusal> {
  const verdict = await verifyFixes(sql, await room.ask(sql, context), (text) => room.ask(text, context));
  if (verdict.allowed) throw new Error('expected a refusal');
  return verdict;
}

const ON = 'i.email_fingerprint = p.email_fingerprint';
const FROM = `FROM impressions i JOIN purchases p ON ${ON}`;
const LIST = 'FROM segments s JOIN audience a ON s.email_fingerprint = a.email_fingerprint';

describe('R-68 a refusal says what to write', () => {
  test.each<[string, FindingCode, string, string, string | null]>([
    [
      'agg',
      'AGG_ARG',
      `SELECT i.region, COUNT(*) AS n ${FROM} GROUP BY i.region`,
      `SELECT i.region, COUNT(DISTINCT i.email_fingerprint) AS n ${FROM} GROUP BY i.region`,
      'it counts persons, and not rows',
    ],
    [
      'agg',
      'AGG_ARG',
      `SELECT count( 1 ) AS n ${FROM}`,
      `SELECT COUNT(DISTINCT i.email_fingerprint) AS n ${FROM}`,
      'it counts persons, and not rows',
    ],
    [
      'agg',
      'AGG_NOT_ALLOWED',
      `SELECT COUNT(i.email_fingerprint) AS n ${FROM}`,
      `SELECT COUNT(DISTINCT i.email_fingerprint) AS n ${FROM}`,
      'it counts different values, and not rows',
    ],
    [
      'agg',
      'AGG_REQUIRED',
      `SELECT i.region ${FROM}`,
      `SELECT i.region, COUNT(DISTINCT i.email_fingerprint) AS persons ${FROM} GROUP BY i.region`,
      'it counts the persons of each group, instead of showing rows',
    ],
    [
      'agg',
      'STAR',
      `SELECT * ${FROM}`,
      `SELECT COUNT(DISTINCT i.email_fingerprint) ${FROM}`,
      'it counts the persons, instead of showing rows',
    ],
    [
      'agg',
      'NOT_GROUPED',
      `SELECT i.region, i.campaign, SUM(p.amount) AS s ${FROM} GROUP BY i.region HAVING SUM(p.amount) > 3 ORDER BY 3`,
      `SELECT i.region, i.campaign, SUM(p.amount) AS s ${FROM} GROUP BY i.region, i.campaign HAVING SUM(p.amount) > 3 ORDER BY 3`,
      'the answer has a row for each value of the column',
    ],
    [
      'agg',
      'NOT_GROUPED',
      `SELECT i.region, SUM(p.amount) AS s ${FROM}\nORDER BY 2 -- by sum`,
      `SELECT i.region, SUM(p.amount) AS s ${FROM} GROUP BY i.region\nORDER BY 2 -- by sum`,
      'the answer has a row for each value of the column',
    ],
    [
      'agg',
      'FINGERPRINT_USE',
      `SELECT i.region, i.email_fingerprint AS n ${FROM} GROUP BY i.region`,
      `SELECT i.region, COUNT(DISTINCT i.email_fingerprint) AS n ${FROM} GROUP BY i.region`,
      'it counts the persons, instead of showing them',
    ],
    [
      'agg',
      'JOIN_TYPE',
      `SELECT COUNT(DISTINCT i.email_fingerprint) AS n FROM impressions i LEFT OUTER JOIN purchases p ON ${ON}`,
      `SELECT COUNT(DISTINCT i.email_fingerprint) AS n ${FROM}`,
      'rows without a partner are left out',
    ],
    [
      'agg',
      'JOIN_TYPE',
      "SELECT COUNT(DISTINCT i.email_fingerprint) AS n FROM impressions AS i CROSS JOIN purchases AS p WHERE i.region = 'x'",
      `SELECT COUNT(DISTINCT i.email_fingerprint) AS n FROM impressions AS i JOIN purchases AS p ON ${ON} WHERE i.region = 'x'`,
      'only rows of the same person are joined',
    ],
    [
      'agg',
      'UNKNOWN_COLUMN',
      `SELECT i.regoin, SUM(p.amount) AS s ${FROM} GROUP BY 1`,
      `SELECT i.region, SUM(p.amount) AS s ${FROM} GROUP BY 1`,
      null,
    ],
    [
      'agg',
      'UNKNOWN_TABLE',
      `SELECT SUM(p.amount) AS s FROM impresions i JOIN purchases p ON ${ON}`,
      `SELECT SUM(p.amount) AS s ${FROM}`,
      null,
    ],
    [
      'agg',
      'DISTINCT',
      `SELECT DISTINCT i.region, SUM(p.amount) AS s ${FROM} GROUP BY i.region`,
      `SELECT i.region, SUM(p.amount) AS s ${FROM} GROUP BY i.region`,
      'groups with equal numbers are shown apart',
    ],
    [
      'customAny',
      'FUNCTION_NOT_ALLOWED',
      'SELECT STRLEN(page) AS p FROM visits',
      'SELECT LENGTH(page) AS p FROM visits',
      null,
    ],
    [
      'agg',
      'FUNCTION_NOT_ALLOWED',
      `SELECT uper(i.region) AS r, SUM(p.amount) AS s ${FROM} GROUP BY 1`,
      `SELECT UPPER(i.region) AS r, SUM(p.amount) AS s ${FROM} GROUP BY 1`,
      null,
    ],
    [
      'agg',
      'LITERAL_FORMAT',
      `SELECT SUM(p.amount) AS s ${FROM} WHERE i.impression_date >= '31.1.2024'`,
      `SELECT SUM(p.amount) AS s ${FROM} WHERE i.impression_date >= '2024-01-31'`,
      null,
    ],
    [
      'agg',
      'ALIAS_SHADOWS_COLUMN',
      `SELECT i.campaign AS region, SUM(p.amount) AS s ${FROM} WHERE region = 'x' GROUP BY i.campaign`,
      `SELECT i.campaign AS region, SUM(p.amount) AS s ${FROM} WHERE i.region = 'x' GROUP BY i.campaign`,
      'it is the column, and not the output of this name',
    ],
    [
      'list',
      'DISTINCT_REQUIRED',
      `SELECT s.segment ${LIST}`,
      `SELECT DISTINCT s.segment ${LIST}`,
      'each row comes once',
    ],
    [
      'list',
      'STAR',
      `SELECT DISTINCT * ${LIST}`,
      `SELECT DISTINCT s.segment, s.segment_sealed, s.score, a.customer_sealed, a.tier ${LIST}`,
      'it has the columns that the rules show',
    ],
    [
      'customAny',
      'FINGERPRINT_USE',
      'SELECT v.email_fingerprint FROM visits v',
      'SELECT COUNT(DISTINCT v.email_fingerprint) FROM visits v',
      'it counts the persons, instead of showing them',
    ],
  ])('under %s for %s: %s', async (name, code, sql, expected, changes) => {
    const { findings, suggestion } = await refuse(sql, withPolicies(name));
    const finding = findings.find((each) => each.code === code && each.fix !== undefined);
    expect(findings.map((each) => each.code)).toContain(code);
    expect(finding?.fix).toBeDefined();
    if (finding?.fix === undefined) return;
    expect(applyFix(sql, finding.fix)).toBe(expected);
    expect(finding.fix.changes).toBe(changes);
    expect(suggestion?.sql).toBe(expected);
  });

  test.each([
    [
      `SELECT SUM(i.spend) AS s ${FROM}`,
      `SELECT SUM(i.spend) AS s FROM impressions i LEFT SEMI JOIN purchases p ON ${ON}`,
    ],
    [
      `SELECT SUM(i.spend) AS s ${FROM} WHERE p.product = 'boot' AND i.region = 'x' AND p.store_region = 'y' ORDER BY 1`,
      `SELECT SUM(i.spend) AS s FROM impressions i WHERE i.region = 'x' AND EXISTS (SELECT 1 FROM purchases p WHERE ${ON} AND p.product = 'boot' AND p.store_region = 'y') ORDER BY 1`,
    ],
  ])('for FAN_OUT: a table that only filters counts nothing twice: %s', async (sql, expected) => {
    const multiplicity = new Map([['email_fingerprint', 3]]);
    const context = { ...withPolicies('agg'), facts: new Map([['purchases', { rows: 9, multiplicity }]]) };
    const { findings, suggestion } = await refuse(sql, context);
    expect(findings).toMatchObject([{ code: 'FAN_OUT', fix: { changes: expect.stringContaining('counts once') } }]);
    expect(suggestion?.sql).toBe(expected);
  });

  test('one step after the other, until the query is allowed', async () => {
    const sql = 'SELECT i.regoin, COUNT(*) FROM impresions i JOIN purchases p USING (email_fingerprint)';
    const { findings, suggestion } = await refuse(sql, withPolicies('agg'));
    expect(findings.map(({ code }) => code)).toEqual(expect.arrayContaining(['UNKNOWN_TABLE', 'AGG_ARG']));
    expect(suggestion).toEqual({
      sql: 'SELECT i.region, COUNT(DISTINCT email_fingerprint) FROM impressions i JOIN purchases p USING (email_fingerprint) GROUP BY i.region',
      changes: expect.arrayContaining(['it counts persons, and not rows']),
    });
  });

  test.each([
    ['agg', `SELECT SUM(i.spend * 2) AS s ${FROM}`],
    ['agg', `SELECT SUM(i.spend) AS s ${FROM} WHERE i.impression_date >= '1/2/2024'`],
    ['agg', 'SELECT COUNT(*) FROM'],
    ['agg', 'DROP TABLE impressions'],
    ['customAny', 'SELECT v.income_band FROM visits v'],
  ])('nothing where nothing is known: %s %s', async (name, sql) => {
    const { findings, suggestion } = await refuse(sql, withPolicies(name));
    expect(findings.filter(({ code, fix }) => fix !== undefined && code !== 'FAN_OUT')).toEqual([]);
    expect(suggestion).toBeUndefined();
  });

  test('places are UTF-16 units of the text', async () => {
    const sql = `SELECT 'é😀' || i.region, COUNT(*) AS n ${FROM} GROUP BY 1`;
    const { findings } = await refuse(sql, withPolicies('agg'));
    const fix = findings.find(({ code }) => code === 'AGG_ARG')?.fix;
    expect(fix?.edits.map(({ span: { start, end } }) => sql.slice(start, end))).toEqual(['COUNT(*)']);
  });

  test('a template is never changed', async () => {
    const context = { ...withPolicies('agg'), template: 'x' };
    const verdict = await room.ask(`SELECT COUNT(*) AS n ${FROM}`, context);
    expect(verdict.findings.every((finding: Finding) => finding.fix === undefined)).toBe(true);
  });

  test('a long text has none, and no more texts are checked than allowed', async () => {
    const context = withPolicies('agg');
    const long = `SELECT COUNT(*) AS n ${FROM} -- ${'x'.repeat(4000)}`;
    expect((await room.ask(long, context)).findings.every((finding: Finding) => finding.fix === undefined)).toBe(true);
    const sql = `SELECT COUNT(*) AS n ${FROM}`;
    let checks = 0;
    const count = (text: string): Promise<Verdict> => {
      checks += 1;
      return room.ask(text, context);
    };
    const none = await verifyFixes(sql, await room.ask(sql, context), count, () => false);
    expect(checks).toBe(0);
    expect(none.findings.every((finding: Finding) => finding.fix === undefined)).toBe(true);
    await verifyFixes(sql, await room.ask(sql, context), count);
    expect(checks).toBeLessThanOrEqual(16);
  });
});

describe('fixes of the adversarial file', () => {
  test('leave fewer findings, and what is suggested is allowed', async () => {
    let fixed = 0;
    for (const each of FILE.cases) {
      if (!('sql' in each) || each.context === 'dp' || 'template' in each) continue;
      const [context, sql] = [checkContextOf(each), each.sql];
      if (typeof sql !== 'string') continue;
      const verdict = await room.ask(sql, context);
      if (verdict.allowed) continue;
      const { findings, suggestion } = await refuse(sql, context);
      for (const { fix } of findings) {
        if (fix === undefined) continue;
        fixed += 1;
        const after = await room.ask(applyFix(sql, fix), context);
        expect(after.findings.length).toBeLessThan(findings.length);
      }
      if (suggestion !== undefined) expect(await room.codesOf(suggestion.sql, context)).toEqual(['allowed']);
    }
    expect(fixed).toBeGreaterThan(10);
  });
});
