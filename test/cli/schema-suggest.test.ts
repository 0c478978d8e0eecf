import { describe, expect, test } from 'vitest';
import { Session } from '../support/cli.ts';

const PEOPLE = [
  'E-Mail Address,Phone / Mobile,Geburtsdatum,Betrag (EUR),Bemerkung',
  ...Array.from({ length: 60 }, (_, i) =>
    [
      i % 3 === 0 ? `Ann${String(i)}@Example.org` : `ann${String(i)}@example.org`,
      i % 6 === 0 ? 'NULL' : `+49 171 ${String(2_000_000 + i)}`,
      `${String(10 + (i % 18))}.03.19${String(50 + (i % 40))}`,
      `"${String(i * 3)},50"`,
      i % 2 === 0 ? 'VIP' : 'pays late',
    ].join(','),
  ),
  '',
].join('\n');

/** Values of the table above: none of them may leave it. */
const VALUES = /example\.org|Example|2000|\.03\.19|,50|VIP|pays/;

describe('a suggestion', () => {
  test('takes any header, in any language, and explains every choice', async () => {
    await using session = await Session.start({ 'in.csv': PEOPLE });
    const { code, err, out } = await session.run(['schema', 'in.csv', '--suggest']);
    expect([code, out]).toEqual([0, '']);
    expect(JSON.parse(await session.text('in.csv.json'))).toMatchObject({
      columns: [
        { sourceHeader: { name: 'e-mail address', normalise: ['email'] }, targetHeader: 'e_mail_address_fingerprint' },
        { sourceHeader: 'e-mail address', targetHeader: 'e_mail_address_sealed' },
        { sourceHeader: { name: 'phone / mobile', normalise: ['phone:DE'], nulls: ['NULL'] }, type: 'fingerprint' },
        { sourceHeader: 'phone / mobile', type: 'sealed' },
        { sourceHeader: 'geburtsdatum', type: 'sealed' },
        { sourceHeader: 'betrag (eur)', targetHeader: 'betrag_eur', type: 'cleartext' },
        { sourceHeader: 'bemerkung', type: 'sealed' },
      ],
    });
    expect(err).toContain('column `e-mail address`: fingerprint and sealed: e-mail addresses');
    expect(err).toContain('normalised by `phone:DE`; null texts `NULL` (10)');
    expect(err).toMatch(/\n {2}after email +- /);
    expect(`${err}${await session.text('in.csv.json')}`).not.toMatch(VALUES);
  });

  test('shows the match-key report as an aligned table of at most 100 characters', async () => {
    const long = `${'x'.repeat(300)},b\n${'y'.repeat(9)},z\n`;
    await using session = await Session.start({ 'in.csv': PEOPLE, 'long.csv': long });
    for (const name of ['in.csv', 'long.csv']) {
      const { err } = await session.run(['schema', name, '--suggest', '-o', `${name}.out`]);
      const lines = err.split('\n');
      const first = lines.findIndex((line) => line.startsWith('column  '));
      const last = lines.findIndex((line) => line.startsWith('size after encryption'));
      const table = lines.slice(first, last).filter((line) => !line.startsWith('  after'));
      expect(new Set(table.map((line) => [...line].length)).size).toBe(1);
      expect(table[0]?.length).toBeLessThanOrEqual(100);
    }
  });

  test('has all of it as JSON, and no values', async () => {
    await using session = await Session.start({ 'in.csv': PEOPLE });
    const { out, err } = await session.run(['schema', 'in.csv', '--suggest', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      advice: [
        { column: 'e-mail address', holds: 'e-mail addresses', kinds: ['fingerprint', 'sealed'], normalise: ['email'] },
        { nulls: { NULL: 10 } },
        { kinds: ['sealed'] },
        { kinds: ['cleartext'] },
        { kinds: ['sealed'] },
      ],
      report: {
        rows: 60,
        isWhole: true,
        columns: [
          {
            before: { capitals: 20, distinct: 60, isExact: true, topShare: 1 / 60 },
            after: { capitals: 0, distinct: 60 },
          },
          { before: { placeholders: 10, nulls: 0 }, after: { placeholders: 0, nulls: 10 } },
          { after: null },
          {},
          {},
        ],
      },
    });
    expect(out).not.toMatch(VALUES);
    expect(err).toBe('wrote the table schema to `in.csv.json`\n');
  });

  test('shows values on a terminal, on request, and nowhere else', async () => {
    await using session = await Session.start({ 'in.csv': PEOPLE });
    const shown = await session.run(['schema', 'in.csv', '--suggest', '--samples'], { isTerminal: true });
    expect(shown.err).toContain('  values: `Ann0@Example.org`, `ann1@example.org`, `ann2@example.org`');
    expect(await session.text('in.csv.json')).not.toMatch(VALUES);
    const refused = await session.run(['schema', 'in.csv', '--suggest', '--samples', '-f']);
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toContain('on a terminal only');
    expect(refused.err).not.toMatch(VALUES);
  });

  test('shows values without letting them move the cursor', async () => {
    await using session = await Session.start({ 'in.csv': 'x\na\u001b[2Jevil\u202e\n' });
    const { err } = await session.run(['schema', 'in.csv', '--suggest', '--samples'], { isTerminal: true });
    expect(err).toContain('`a\\u{1b}[2Jevil\\u{202e}`');
  });

  test('takes the country of phone numbers', async () => {
    await using session = await Session.start({ 'in.csv': PEOPLE });
    await session.run(['schema', 'in.csv', '--suggest', '--country', 'at']);
    expect(await session.text('in.csv.json')).toContain('"phone:AT"');
    const refused = await session.run(['schema', 'in.csv', '--suggest', '--country', 'Austria', '-f']);
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('expected a country code for `--country`, got `AUSTRIA`');
  });

  test.each([['--samples'], ['--country', 'DE'], ['--json']])('%s without it is refused', async (...options) => {
    await using session = await Session.start({ 'in.csv': PEOPLE });
    expect((await session.run(['schema', 'in.csv', '--template', ...options])).code).toBe(2);
  });

  test('of a table with over 1,600 columns has 1,600 targets and a word on the others', async () => {
    const names = Array.from({ length: 1700 }, (_, i) => `c${String(i)}`).join();
    await using session = await Session.start({ 'in.csv': `${names}\n${names}\n` });
    const { code, err } = await session.run(['schema', 'in.csv', '--suggest']);
    expect(code).toBe(0);
    expect(JSON.parse(await session.text('in.csv.json'))).toMatchObject({ columns: { length: 1600 } });
    expect(err).toContain(
      'warning: 100 columns are left out, from column 1,601 (`c1600`) on: a schema has at most 1,600 target columns',
    );
  });

  test('leaves out a column without a header, and refuses two of one header', async () => {
    await using session = await Session.start({ 'empty.csv': 'a,,b\n1,2,3\n', 'twins.csv': 'a,b,A \n1,2,3\n' });
    const { code, err } = await session.run(['schema', 'empty.csv', '--suggest']);
    expect(code).toBe(0);
    expect(err).toContain('warning: column 2 (``) is left out: it has no header');
    const twins = await session.run(['schema', 'twins.csv', '--suggest']);
    expect(twins.code).toBe(1);
    expect(twins.err).toContain('columns 1 and 3 have the same header `a`');
  });
});

describe('encrypt', () => {
  const schema = JSON.stringify({
    headerRow: true,
    columns: [
      { sourceHeader: 'E-Mail Address', targetHeader: 'mail', type: 'fingerprint' },
      { sourceHeader: 'Bemerkung', targetHeader: 'note', type: 'fingerprint' },
    ],
  });
  const argv = [
    ...['encrypt', 'in.csv', '--schema', 's.json', '--id', '00000000-1111-2222-3333-444444444444'],
    ...['--allow-cleartext', '--allow-duplicates'],
  ];

  test('--dry-run shows the report of the whole table', async () => {
    await using session = await Session.start({ 'in.csv': PEOPLE, 's.json': schema });
    const { code, err } = await session.run([...argv, '--dry-run']);
    expect(code).toBe(0);
    expect(err).toContain('match keys: shares of 60 rows (all rows)');
    expect(err).toMatch(/size after encryption: \d\.\d KiB as CSV \(exact\)/);
    expect(err).toContain('column `E-Mail Address`: 33 % have capitals');
    expect(err).not.toMatch(VALUES);
  });

  test('shows the report, and what is alarming in it, before its summary', async () => {
    await using session = await Session.start({ 'in.csv': PEOPLE, 's.json': schema });
    const { code, err } = await session.run(argv);
    expect(code).toBe(0);
    expect(err).toContain('match keys: shares of 60 rows (all rows)');
    expect(err).toMatch(/^column +.* cells\nE-Mail Address .* KiB\nBemerkung .* KiB$/m);
    expect(err).not.toMatch(VALUES);
    expect(err).toContain(
      'warning: column `E-Mail Address`: 33 % have capitals: values that differ in them do not match',
    );
    expect(err).toContain(
      'warning: column `Bemerkung`: the most frequent value is 50 % of rows: frequency analysis finds it',
    );
    expect(err.indexOf('warning:')).toBeLessThan(err.indexOf('wrote '));
  });

  test('--json has the report', async () => {
    await using session = await Session.start({ 'in.csv': PEOPLE, 's.json': schema });
    const { out } = await session.run([...argv, '--dry-run', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      output: null,
      report: { rows: 60, isWhole: true, outputUnit: 'csv', columns: [{ before: { capitals: 20 } }, {}] },
    });
  });
});
