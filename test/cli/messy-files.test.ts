import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { parseManifest } from 'sealroom/collab';
import { describe, expect, test } from 'vitest';
import { ID, type Outcome, Session } from '../support/cli.ts';

/** Customers as a German office exports them: semicolons, decimal commas, windows-1252, texts that mean nothing. */
const EXPORT = [
  'Kunden-Nr.;E-Mail Address;Phone / Mobile;Straße;Betrag (EUR)',
  ...Array.from({ length: 40 }, (_, row) => {
    const phone = row % 4 === 0 ? 'n/a' : `(030) 1067${String(100 + row)}`;
    return `${String(9000 + row)};KUNDE${String(row)}@Example.ORG;${phone};Gartenstraße ${String(row)};${String(row)},50`;
  }),
].join('\r\n');

/** The same people at a partner. */
const READERS = [
  'reader_id,email,phone,channel',
  ...Array.from(
    { length: 40 },
    (_, row) =>
      `R${String(row)},kunde${String(row)}@example.org,+49301067${String(100 + row)},${row % 2 === 0 ? 'tv' : 'web'}`,
  ),
].join('\n');

const INIT =
  'collab init m.yaml --as shop --home home --key age:home/receive.key --allow-cleartext --allow-duplicates'.split(' ');
const ADD = '--rule aggregation --min 5'.split(' ');

async function withExport(work: (session: Session) => Promise<void>): Promise<void> {
  await using session = await Session.start({});
  await writeFile(session.path('export.csv'), Buffer.from(EXPORT, 'latin1'));
  await work(session);
}

async function done(session: Session, argv: readonly string[]): Promise<Outcome> {
  const outcome = await session.run(argv, { env: {} });
  expect([outcome.code, outcome.code === 0 ? '' : outcome.err]).toEqual([0, '']);
  return outcome;
}

const headersOf = (text: string): readonly string[] =>
  (JSON.parse(text) as { columns: { targetHeader: string }[] }).columns.map(({ targetHeader }) => targetHeader);

describe('an export in windows-1252 with semicolons', () => {
  test('is read alike by the proposal, the manifest and the encryption of its table', () =>
    withExport(async (session) => {
      await done(session, INIT);
      await done(session, ['schema', 'export.csv', '--suggest', '--encoding', 'windows-1252', '-o', 's.json']);
      expect(headersOf(await session.text('s.json'))).toContain('strasse_sealed');
      const add = ['collab', 'add-table', 'customers', '--schema', 's.json', '--data', 'export.csv', ...ADD];
      expect(await session.run(add, { env: {} })).toMatchObject({
        code: 1,
        err: expect.stringMatching(/export.csv:1: .*not valid UTF-8\nhint: .*`--encoding windows-1252`/) as string,
      });
      const { err } = await done(session, [...add, '--encoding', 'windows-1252', '--delimiter', ';']);
      expect(err).not.toMatch(/^error/m);
      expect(await session.text('sealroom.yaml')).toMatch(/customers: \{.*delimiter: ;, encoding: windows-1252 \}/);
      await done(session, ['collab', 'sign']);
      await done(session, ['encrypt', '--table', 'customers', '--dry-run']);
      await done(session, ['encrypt', '--table', 'customers']);
      expect((await stat(session.path('export.protected.parquet'))).size).toBeGreaterThan(1000);
    }));

  test('is noted where its delimiter was found out', () =>
    withExport(async (session) => {
      await done(session, INIT);
      await done(session, ['schema', 'export.csv', '--suggest', '--encoding', 'windows-1252', '-o', 's.json']);
      const add = ['collab', 'add-table', 'customers', '-s', 's.json', '--data', 'export.csv', ...ADD];
      const { err } = await done(session, [...add, '--encoding', 'windows-1252']);
      expect(err).toMatch(/^note: export\.csv: .*semicolons .*`--delimiter`/m);
    }));
});

describe('fingerprint columns of two members', () => {
  test('with other names are warned of; the one with a common name is whose values are counted', () =>
    withExport(async (session) => {
      await session.put('readers.csv', READERS);
      await done(session, INIT);
      const encoding = ['--encoding', 'windows-1252'];
      await done(session, ['schema', 'export.csv', '--suggest', ...encoding, '-o', 's.json']);
      const { err: proposal } = await done(session, ['schema', 'readers.csv', '--suggest', '-o', 'r.json']);
      expect(proposal).toMatch(/^hint: fingerprints match only in columns of one name/m);
      await done(session, ['collab', 'add-table', 'c', '-s', 's.json', '--data', 'export.csv', ...encoding, ...ADD]);
      await done(session, [
        'collab',
        'join',
        'm.yaml',
        '--as',
        'paper',
        '--home',
        'paper',
        '--key',
        'age:paper/receive.key',
      ]);
      const add = ['collab', 'add-table', 'r', '-s', 'r.json', '--data', 'readers.csv', ...ADD, '--home', 'paper'];
      const { err } = await done(session, add);
      expect(err).toMatch(/^warning: `r` matches no table of another member: .*`email_fingerprint`.*`targetHeader`/m);
      const same = (await session.text('r.json')).replace('"email_fingerprint"', '"e_mail_address_fingerprint"');
      await session.put('r.json', same);
      const again = await done(session, [...add, '--overwrite']);
      expect(again.err).not.toMatch(/matches no table/);
      const rules = parseManifest(await session.text('m.yaml')).tables.map(({ rule }) => rule);
      expect(rules).toMatchObject([
        { outputConstraints: [{ columnName: 'kunden_nr_fingerprint' }] },
        { outputConstraints: [{ columnName: 'e_mail_address_fingerprint' }] },
      ]);
    }));
});

describe('a rule under which nothing can be asked', () => {
  test('is warned of when the table is added', () =>
    withExport(async (session) => {
      await session.put('readers.csv', READERS);
      await done(session, INIT);
      await done(session, ['schema', 'readers.csv', '--suggest', '-o', 'r.json']);
      const add = (name: string, ...options: string[]): Promise<Outcome> =>
        done(session, ['collab', 'add-table', name, '-s', 'r.json', '--data', 'readers.csv', ...options]);
      expect((await add('a', ...ADD)).err).not.toMatch(/^warning/m);
      expect((await add('b', '--rule', 'list')).err).not.toMatch(/^warning/m);
      await done(session, [...'collab join m.yaml --as paper --home paper --key age:paper/receive.key'.split(' ')]);
      const { err } = await add('c', '--rule', 'custom', '--home', 'paper');
      expect(err).toMatch(/^warning: no query can use `c` .*its is custom \(`a`: aggregation, `b`: list\)$/m);
      expect(err).toMatch(/^warning: `c` allows no query yet: .*`--template`.*`allowedAnalysisProviders`/m);
      expect((await add('d', '--rule', 'list', '--home', 'paper')).err).not.toMatch(/^warning/m);
    }));
});

describe('the report of a dry run', () => {
  const argvOf = (input: string): string[] => [
    'encrypt',
    input,
    '-s',
    'r.json',
    '--id',
    ID,
    '--allow-cleartext',
    '--allow-duplicates',
    '--dry-run',
  ];

  test('foretells the size of the output to the byte, for a folder without `--output` too', async () => {
    await using session = await Session.start({ 'readers.csv': READERS });
    await session.run(['schema', 'readers.csv', '--suggest', '-o', 'r.json']);
    await mkdir(session.path('in'));
    await session.put('in/readers.csv', READERS);
    for (const input of ['readers.csv', 'in']) {
      const { out, code } = await session.run([...argvOf(input), '--json']);
      expect(code).toBe(0);
      const { report } = JSON.parse(out) as { report: { outputBytes: number; outputUnit: string } };
      const argv = argvOf(input).filter((word) => word !== '--dry-run');
      expect(await session.run([...argv, '-o', `${input}.out.csv`])).toMatchObject({ code: 0 });
      const { length } = await readFile(session.path(`${input}.out.csv`));
      expect(report).toMatchObject({ outputBytes: length, outputUnit: 'csv' });
    }
  });

  test('comes after the notes, fits into 100 columns, and explains only headings that it has', () =>
    withExport(async (session) => {
      await session.run(['schema', 'export.csv', '--suggest', '--encoding', 'windows-1252', '-o', 'r.json']);
      const { err } = await session.run([...argvOf('export.csv'), '--encoding', 'windows-1252']);
      const lines = err.trimEnd().split('\n');
      const first = lines.findIndex((line) => line.startsWith('match keys: '));
      expect(lines.findLastIndex((line) => /^(note|warning): /.test(line))).toBeLessThan(first);
      expect(lines.slice(first).filter((line) => line.length > 100)).toEqual([]);
      expect(lines[first]).not.toMatch(/ends/);
      expect(lines.at(-1)).toMatch(/^time: /);
    }));
});
