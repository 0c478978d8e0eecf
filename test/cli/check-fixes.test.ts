import { describe, expect, test } from 'vitest';
import { Session } from '../support/cli.ts';
import { manifestOfContext } from '../support/manifests.ts';

const FROM = 'FROM impressions i JOIN purchases p ON i.email_fingerprint = p.email_fingerprint';
const REFUSED = `SELECT i.region,\n  COUNT(*) AS n\n${FROM}\nGROUP BY i.region`;
const CHECK = ['check', '--manifest', 'm.json', '--unsigned', '--as', 'brand'];

const start = (): Promise<Session> => Session.start({ 'm.json': JSON.stringify(manifestOfContext('agg')) });

describe('check', () => {
  test('R-68 says what to write, and how the answer changes', async () => {
    await using session = await start();
    const { code, out } = await session.run([...CHECK, REFUSED]);
    expect(code).toBe(3);
    expect(out).toMatch(
      /AGG_ARG: [^]*\n {2}help: [^\n]*\n {2}write: {3}COUNT\(DISTINCT i\.email_fingerprint\) AS n\n {9}\(it counts persons, and not rows\)\n/,
    );
    expect(out).toMatch(/\nthis would be allowed:\n {2}SELECT i\.region,\n[^]*\(it counts persons, and not rows\)\n$/);
  });

  test('R-68 has edits for editors', async () => {
    await using session = await start();
    const { out } = await session.run([...CHECK, '--json', REFUSED]);
    const at = REFUSED.indexOf('COUNT(*)');
    expect(JSON.parse(out)).toMatchObject({
      allowed: false,
      findings: [
        {
          code: 'AGG_ARG',
          fix: {
            edits: [{ span: { start: at, end: at + 8 }, text: 'COUNT(DISTINCT i.email_fingerprint)' }],
            changes: 'it counts persons, and not rows',
          },
        },
      ],
      suggestion: { sql: REFUSED.replace('COUNT(*)', 'COUNT(DISTINCT i.email_fingerprint)') },
    });
  });

  test('a refusal without a way out is as before', async () => {
    await using session = await start();
    const { out } = await session.run([...CHECK, '--json', `SELECT SUM(i.spend * 2) AS s ${FROM}`]);
    const verdict: unknown = JSON.parse(out);
    expect(verdict).not.toHaveProperty('suggestion');
    expect(verdict).not.toHaveProperty('findings.0.fix');
    expect(verdict).toHaveProperty('findings.0.help');
  });
});
