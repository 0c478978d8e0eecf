import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseManifest } from 'sealroom/collab';
import { checkQuery, QueryParser, type Verdict } from 'sealroom/query';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../tooling/run-tool.ts';

const TEXT = readFileSync(join(ROOT, 'docs/queries.md'), 'utf8');
const MANIFEST = parseManifest(readFileSync(join(ROOT, 'samples/room/manifest.json'), 'utf8'));

/** The SQL of the section on reports, by block. */
const SECTION = TEXT.slice(TEXT.indexOf('## Reports'), TEXT.indexOf('## Persons'));
const BLOCKS = [...SECTION.matchAll(/^ *```sql\n([^]*?)^ *```$/gm)].map(([, block = '']) =>
  block
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== ''),
);

let parser: QueryParser;

beforeAll(async () => {
  parser = await QueryParser.open();
});

afterAll(() => {
  parser.close();
});

/** As the shoe maker asks, whose customers buy up to five times. */
async function ask(sql: string): Promise<Verdict> {
  const facts = new Map([['purchases', { rows: 300, multiplicity: new Map([['person', 5]]) }]]);
  return checkQuery(await parser.parse(sql), { manifest: MANIFEST, member: 'shoes', receivers: ['shoes'], facts });
}

function codesOf(verdict: Verdict): readonly string[] {
  return verdict.allowed ? ['allowed'] : verdict.findings.map(({ code }) => code);
}

describe('docs/queries.md: reports whose rows count once', () => {
  const pairs = BLOCKS.filter((block) => block.length === 2);
  const others = BLOCKS.filter((block) => block.length > 2).flat();

  test('has reports in both forms, and others', () => {
    expect([pairs.length, others.length]).toEqual([3, 4]);
  });

  test.each(pairs)('refused: %s, runs: %s', async (refused, runs) => {
    expect(codesOf(await ask(refused))).toContain('FAN_OUT');
    expect(codesOf(await ask(runs))).toEqual(['allowed']);
  });

  test.each(others)('runs: %s', async (sql) => {
    expect(codesOf(await ask(sql))).toEqual(['allowed']);
  });

  test('a group of which a person has several values is refused in either form', async () => {
    const grouped = 'GROUP BY p.product';
    expect(
      codesOf(
        await ask(
          `SELECT p.product, COUNT(DISTINCT p.person) AS n FROM impressions i JOIN purchases p USING (person) ${grouped}`,
        ),
      ),
    ).toEqual(['FAN_OUT']);
    expect(
      codesOf(
        await ask(
          `SELECT p.product, COUNT(DISTINCT p.person) AS n FROM purchases p WHERE p.person IN (SELECT person FROM impressions) ${grouped}`,
        ),
      ),
    ).toEqual(['FAN_OUT']);
  });
});
