import { readdir, readFile, rm } from 'node:fs/promises';
import { parseSigner, signCheckpoint } from 'sealroom/audit';
import { recipientsOf } from 'sealroom/package';
import { openRoom } from 'sealroom/room';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SECRET, type Outcome } from '../support/cli.ts';
import { ask, ID, SampleRoom } from '../room/run/support.ts';

const REGIONS = `SELECT i.region, COUNT(DISTINCT i.email) AS people, SUM(i.spend) AS spend
  FROM impressions i WHERE i.email IN (SELECT email FROM purchases) GROUP BY i.region`;

const EXPECTED = 'region,people,spend\nBavaria,156,1283.00\nCarinthia,156,1283.00\nTyrol,156,1283.00\n';

let room: SampleRoom;

beforeAll(async () => {
  room = await SampleRoom.start();
});

afterAll(async () => {
  await room[Symbol.asyncDispose]();
});

const run = (argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> => room.session.run(argv, { env });
const check = (...argv: string[]): Promise<Outcome> => run(['check', '--room', 'room', '--as', 'brand', ...argv]);
const query = (...argv: string[]): Promise<Outcome> => run(['query', '--room', 'room', '--as', 'brand', ...argv]);
const records = async (): Promise<number> => (await room.log()).split('\n').length - 1;

/** Arguments with other values of some options. */
function replace(argv: readonly string[], more: readonly string[]): string[] {
  const kept = argv.filter((argument, index) => !more.includes(argument) && !more.includes(argv[index - 1] ?? ''));
  return [...kept, ...more];
}

describe('sealroom check', () => {
  test('says what is added, what it costs and what runs, and spends nothing', async () => {
    const before = await records();
    const { code, out, err } = await check(REGIONS);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('allowed\nreads:\n  impressions\n  purchases\n');
    expect(out).toContain('at least 10 different values of `impressions.email`');
    expect(out).toContain('impressions: 1000 of 1000 left, 999 after this query (LIFETIME lifetime)');
    expect(out).toContain('HAVING ((count(DISTINCT "i"."email") >= 10) AND (count(DISTINCT "i"."email") >= 5))');
    expect(await records()).toBe(before);
  });

  test('refuses with all reasons at their places, and exit code 3', async () => {
    const { code, out, err } = await check('SELECT i.email, MAX(i.spend) FROM impressions i');
    expect(code).toBe(3);
    expect(out).toContain('FINGERPRINT_USE: ');
    expect(out).toContain('1 | SELECT i.email, MAX(i.spend) FROM impressions i\n    |                 ^^^');
    expect(out).toContain('help: ');
    expect(err).toBe('error: the query is refused for 3 reasons\n');
  });

  test('checks against a manifest alone, and answers in JSON', async () => {
    const { code, out } = await run(['check', '--manifest', 'manifest.json', '--as', 'brand', '--json', REGIONS]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      allowed: true,
      tables: ['impressions', 'purchases'],
      findings: [],
      budgets: [],
      statement: { limit: 1_000_001 },
    });
    const refused = await run(['check', '--manifest', 'manifest.json', '--as', 'brand', '--json', 'SELECT 1']);
    expect(refused.code).toBe(3);
    expect(JSON.parse(refused.out)).toMatchObject({ allowed: false, findings: [{ code: 'NO_TABLE' }] });
    expect(JSON.parse(refused.err)).toMatchObject({ error: { code: 'RULE_QUERY' } });
  });

  test('says what may be asked of each table, with a query that is allowed', async () => {
    const { code, out } = await check('--examples');
    expect(code).toBe(0);
    expect(out).toContain('impressions of pub:\n  allows COUNT_DISTINCT of `email`\n  allows SUM of `spend`\n');
    expect(out).toContain('  try: --template pages-since\n');
    const tried = [...out.matchAll(/^ {2}try: (SELECT .*)$/gm)].map(([, sql = '']) => sql);
    expect(tried).toHaveLength(4);
    for (const sql of tried) expect([sql, (await check(sql)).code]).toEqual([sql, 0]);
    const manifest = await run(['check', '--manifest', 'manifest.json', '--as', 'brand', '--examples', '--json']);
    expect(JSON.parse(manifest.out)).toMatchObject({ tables: [{ table: 'impressions', sql: tried[0] }, {}, {}, {}] });
    expect((await check('--examples', 'SELECT 1')).code).toBe(2);
  });

  test('says the same for each member that may ask, as the rules of the room', async () => {
    const examples = (await check('--examples')).out;
    const { code, out, err } = await run(['room', 'rules', '--room', 'room']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(`brand may ask:\n${examples.replaceAll(/^(?=.)/gm, '  ')}`);
    const pub = await run(['room', 'rules', '--room', 'room', '--as', 'pub', '--json']);
    expect(JSON.parse(pub.out)).toMatchObject({ members: [{ member: 'pub', tables: [{ sql: null }, {}, {}, {}] }] });
    expect((await run(['room', 'rules', '--room', 'room', '--as', 'nobody'])).code).toBe(2);
  });

  test('warns with examples, too, of a manifest that not all have signed', async () => {
    const { signatures, ...manifest } = JSON.parse(await room.session.text('manifest.json')) as Record<string, unknown>;
    expect(signatures).toBeDefined();
    await room.session.put('unsigned.json', JSON.stringify(manifest));
    const argv = ['check', '--manifest', 'unsigned.json', '--as', 'brand', '--examples'];
    expect((await run(argv)).code).toBe(1);
    const { code, err } = await run([...argv, '--unsigned']);
    expect(code).toBe(0);
    expect(err).toMatch(/^warning: the manifest is not signed by .*brand.*: whoever passed it on/);
  });

  test('takes a template with values', async () => {
    const { code, out } = await check('--template', 'pages-since', '--param', 'since=1200');
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('$1 = "1200"') });
    const wrong = await check('--template', 'pages-since', '--param', 'since=soon', '--param=until=1');
    expect(wrong.code).toBe(3);
    expect(wrong.out.match(/PARAMETER_TYPE/g)).toHaveLength(1);
    expect(wrong.out).toContain("help: The template's parameters are `since` (BIGINT, has a default).");
    const withDefault = await check('--template', 'pages-since');
    expect(withDefault).toMatchObject({
      code: 0,
      out: expect.stringMatching(/\$1 = "1500"\ndefaults:\n {2}since = `1500`\n$/),
    });
    expect(JSON.parse((await check('--template', 'pages-since', '--json')).out)).toMatchObject({
      parameters: { since: '1500' },
    });
    expect((await check('--template', 'nothing')).out).toMatch(
      /^TEMPLATE_UNKNOWN: [^]* help: Its templates are `pages-since`/,
    );
  });
});

describe('sealroom query', () => {
  test('prints CSV where nobody looks', async () => {
    const { code, out, err } = await query(REGIONS);
    expect({ code, out }).toEqual({ code: 0, out: EXPECTED });
    expect(err).toMatch(/^rows: 3\nimpressions: \d+ of 1000 left, \d+ after this query .*\nattempt: [-0-9a-f]{36}\n$/);
  });

  test('an answer without rows says which groups are left out', async () => {
    const { code, err } = await query(REGIONS.replace(' GROUP', " AND i.region = 'Nowhere' GROUP"));
    expect({ code, err }).toEqual({
      code: 0,
      err: expect.stringMatching(/^rows: 0\n[^]*\nhint: Each row needs at least 10 /),
    });
  });

  test.each(['csv', 'parquet', 'arrow'])('writes %s, which `decrypt` reads', async (format) => {
    expect((await query(REGIONS, '-o', `regions.${format}`)).code).toBe(0);
    const argv = ['decrypt', `regions.${format}`, '--id', ID, '-o', '-', '--output-format', 'csv'];
    const { out, code } = await run(argv, { C3R_SHARED_SECRET: SECRET });
    expect({ code, out }).toEqual({ code: 0, out: EXPECTED });
    expect((await query(REGIONS, '-o', `regions.${format}`)).err).toContain('--overwrite');
  });

  test('takes a query that begins with a comment, as files do', async () => {
    for (const comment of ['-- who was reached?\n', '--- a=b\n', '--\n']) {
      const sql = comment + REGIONS;
      expect(await query(sql)).toMatchObject({ code: 0, out: EXPECTED });
      expect(JSON.parse((await check('--json', sql)).out)).toMatchObject({ sql });
    }
  });

  test('reads a query from a file or standard input, and records no name of a file as one', async () => {
    await room.session.put('regions.sql', REGIONS);
    expect(await query('--file', 'regions.sql')).toMatchObject({ code: 0, out: EXPECTED });
    const before = await records();
    for (const name of ['regions.sql', 'missing.sql', 'manifest.json']) {
      const { code, err } = await query(name);
      expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(`write \`--file ${name}\``) });
    }
    expect(await query('-')).toMatchObject({ code: 2, err: 'error: standard input has no query\n' });
    expect(await records()).toBe(before);
  });

  test('spends nothing for a result that cannot be written', async () => {
    const before = await records();
    expect((await query(REGIONS, '-o', 'missing/regions.csv')).code).toBe(1);
    expect((await query(REGIONS, '-o', 'regions.xlsx')).code).toBe(1);
    expect((await query(REGIONS, '--package', 'missing/regions.age')).code).toBe(1);
    expect((await query(REGIONS, '--package', 'x.age', '--for', 'brand', '--for', 'pub')).err).toContain(
      'some receivers have post-quantum keys and others do not',
    );
    expect(await records()).toBe(before);
  });

  test('answers in JSON, with the values where no file takes them', async () => {
    const { out } = await query('--template', 'pages-since', '--param', 'since=1897', '--json');
    expect(JSON.parse(out)).toMatchObject({
      rows: 3,
      isCut: false,
      columns: [{ name: 'page' }, { name: 'n' }],
      values: [
        ['confidential-page-0', '1'],
        ['confidential-page-1', '1'],
        ['confidential-page-2', '1'],
      ],
      receipt: { checkpoint: expect.stringContaining('— sealroom/') },
    });
  });

  test('names a result by the day of the run in UTC, and replaces none without being told', async () => {
    const asked = ['--template', 'pages-since', '-o', '{template}-{date}.csv', '--package', '{date}.age'];
    expect((await query(...asked)).code).toBe(0);
    expect(await room.session.text('pages-since-2026-11-24.csv')).toMatch(/^page,n\n/);
    const again = await query(...asked);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('the output already exists') });
    expect((await query(...asked, '--overwrite')).code).toBe(0);
    const wrong = await query(REGIONS, '-o', '{template}.csv');
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('needs `--template`') });
    const unknown = await query(REGIONS, '-o', 'a-{dates}.csv');
    expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('did you mean `date`?') });
  });

  test('tells the reasons of a refusal, records it, and ends with exit code 3', async () => {
    const before = await records();
    const { code, out, err } = await query('SELECT i.email FROM impressions i');
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toContain('FINGERPRINT_USE: `email` is a fingerprint column');
    expect(err).toContain('error: the query is refused for 2 reasons');
    expect(await records()).toBe(before + 1);
  });

  test.each([
    [['SELECT 1', '--template', 'pages-since'], 'a query and `--template` cannot be combined'],
    [[], 'missing query'],
    [['SELECT 1', '--param', 'a=b'], '`--param` needs `--template`'],
    [['--template', 'pages-since', '--param', 'since'], '`--param` needs the form `name=value`'],
    [['--template', 'pages-since', '--param', 'a=1', '--param', 'a=2'], 'the parameter `a` is given twice'],
    [['SELECT 1', '--for', 'stranger'], '`stranger` is not a member of the collaboration\nhint: its members are '],
    [['SELECT 1', '--for', 'brnad'], '`brnad` is not a member of the collaboration\nhint: did you mean `brand`?'],
    [['SELECT 1', '--timeout', '0'], '`--timeout` must be a whole number from 1 to 1,000,000'],
  ])('refuses %j as wrong use', async (argv, message) => {
    const { code, err } = await query(...argv);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(message) });
  });

  test.each(['C3R_SHARED_SECRET', 'SEALROOM_SECRET_FILE'])(
    'does not start with %s in its environment',
    async (name) => {
      const argv = ['--room', 'room', '--as', 'brand', REGIONS];
      for (const command of ['query', 'check']) {
        const { code, err } = await run([command, ...argv], { [name]: SECRET });
        expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(name) });
        expect(err).not.toContain(SECRET);
      }
    },
  );
});

describe('a package', () => {
  const SEALED = 'SELECT v.note, v.page FROM visits v WHERE v.seconds < 1003';
  const keys = ['--trust', 'room/runner.pub', '--home', 'home', '--as', 'brand'];

  test('carries sealed columns to their receiver, who opens both in one go', async () => {
    const asked = await query(SEALED, '--package', 'notes.age');
    expect(asked).toMatchObject({ code: 0, out: '' });
    const bytes = await readFile(room.session.path('notes.age'));
    expect(bytes.toString('latin1')).not.toContain('confidential');
    const argv = ['decrypt', 'notes.age', '--identity', 'brand.age', ...keys];
    const { code, err } = await run(argv, { C3R_SHARED_SECRET: SECRET });
    expect(code).toBe(0);
    expect(err).toContain('wrote notes.out.csv');
    expect(err).toContain('asked by brand for brand');
    expect(err).toContain('from the tables pub.visits');
    expect((await room.session.text('notes.out.csv')).split('\n').sort()).toEqual([
      '',
      'hidden-note-0,confidential-page-0',
      'hidden-note-1,confidential-page-1',
      'hidden-note-2,confidential-page-2',
      'note,page',
    ]);
  });

  test('opened by the keys that a project file names says so', async () => {
    await query(REGIONS, '--package', 'told.age');
    await room.session.put('sealroom.yaml', 'trust: room/runner.pub\n');
    try {
      const argv = ['decrypt', 'told.age', '--identity', 'brand.age', '--home', 'home', '--as', 'brand', '--again'];
      const note = 'note: the keys of rooms that count are those in `room/runner.pub`, which `sealroom.yaml` names\n';
      expect((await run(argv)).err).toContain(note);
      expect((await run([...argv, '--overwrite', '--trust', 'room/runner.pub'])).err).not.toContain('note:');
    } finally {
      await rm(room.session.path('sealroom.yaml'));
    }
  });

  test('without sealed columns opens without the secret', async () => {
    await query(REGIONS, '--package', 'regions.age', '--for', 'pub');
    const { code, out } = await run([
      'decrypt',
      'regions.age',
      '--identity',
      'pub.age',
      ...replace(keys, ['--as', 'pub']),
      '-o',
      '-',
      '--output-format',
      'csv',
    ]);
    expect({ code, out }).toEqual({ code: 0, out: EXPECTED });
  });

  test('is not made for a member that a table does not allow', async () => {
    const { code, err } = await query(REGIONS, '--package', 'for-auditor.age', '--for', 'auditor');
    expect({ code, err }).toMatchObject({ code: 3, err: expect.stringContaining('RECEIVER_NOT_ALLOWED') });
    expect(await room.session.names()).not.toContain('for-auditor.age');
  });

  test('does not open with another identity, another key of the room, or another id', async () => {
    await query(REGIONS, '--package', 'r.age', '--overwrite');
    const open = (...argv: string[]): Promise<Outcome> => run(['decrypt', 'r.age', '-o', 'r.csv', ...argv]);
    expect(await open('--identity', 'pub.age', ...keys)).toMatchObject({
      code: 1,
      err: expect.stringContaining('r.age'),
    });
    await run(['audit', 'key', 'other.key', '--name', `sealroom/${ID}`]).then(({ out }) =>
      room.session.put('other.pub', out),
    );
    expect(await open('--identity', 'brand.age', ...replace(keys, ['--trust', 'other.pub']))).toMatchObject({
      code: 4,
    });
    expect(await open('--identity', 'brand.age')).toMatchObject({ code: 2 });
    expect(await run(['decrypt', 'none.age', '-o', 'r.csv', '--identity', 'brand.age', ...keys])).toMatchObject({
      code: 1,
      err: 'error: none.age: cannot read: no such file or directory\n',
    });
    const id = '00000000-1111-2222-3333-444444444444';
    expect(await open('--identity', 'brand.age', ...keys, '--id', id)).toMatchObject({ code: 2 });
    expect(await room.session.names()).not.toContain('r.csv');
  });

  test('opens once, unless it is told otherwise, and for its receivers only', async () => {
    await query(REGIONS, '--package', 'once.age');
    const open = (...argv: string[]): Promise<Outcome> =>
      run(
        replace(
          ['decrypt', 'once.age', '--identity', 'brand.age', '--output', 'once.csv', '--overwrite', ...keys],
          argv,
        ),
      );
    const stranger = await open('--as', 'pub');
    expect(stranger).toMatchObject({ code: 4, err: expect.stringContaining('the package is for brand, not for pub') });
    const unnamed = ['decrypt', 'once.age', '--identity', 'brand.age', '--trust', 'room/runner.pub', '--home', 'home'];
    expect(await run(unnamed)).toMatchObject({ code: 2, err: expect.stringContaining('needs `--as`') });
    // A failure does not count as opened.
    expect(await open('--output', 'none/once.csv')).toMatchObject({ code: 1 });
    expect(await open()).toMatchObject({ code: 0 });
    await rm(room.session.path('once.csv'));
    const again = await open();
    expect(again).toMatchObject({ code: 4, err: expect.stringContaining('was opened in this home before') });
    expect(await room.session.names()).not.toContain('once.csv');
    expect(await open('--again')).toMatchObject({ code: 0 });
    expect(await open('--home', 'other-home')).toMatchObject({ code: 0 });
  });

  test('brings a checkpoint, and the log is checked against those of all packages', async () => {
    await query(REGIONS, '--package', 'proof.age');
    const open = (...argv: string[]): Promise<Outcome> =>
      run(
        replace(
          ['decrypt', 'proof.age', '--identity', 'brand.age', '-o', 'proof.csv', '--overwrite', '--json', ...keys],
          argv,
        ),
      );
    const opened = await open();
    const { package: shown } = JSON.parse(opened.out) as {
      package: { checkpoint: string; statement: { attempt: string } };
    };
    expect(await room.session.text(`home/packages/${shown.statement.attempt}`)).toBe(shown.checkpoint);
    const names = await readdir(room.session.path('home/packages'));
    const notes = await Promise.all(names.map((name) => room.session.text(`home/packages/${name}`)));
    await room.session.put('seen', notes.join(''));
    const verify = (): Promise<Outcome> =>
      run(['audit', 'verify', 'room/audit', '--trust', 'room/runner.pub', '--seen', 'seen']);
    expect(await verify()).toMatchObject({
      code: 0,
      err: expect.stringContaining(`and ${String(notes.length + 1)} checkpoints`),
    });
    // The operator signs another log of the same size: found with the packages alone, and with the log.
    const [origin = '', size = ''] = shown.checkpoint.split('\n');
    const fork = signCheckpoint(
      { size: Number(size), root: new Uint8Array(32) },
      parseSigner((await room.session.text('room/runner.key')).trim()),
    );
    await room.session.put('seen', fork + notes.join(''));
    const found = await verify();
    expect(found.code).toBe(4);
    const message = `the signer of \`${origin}\` signed two logs: its checkpoints of ${size} records differ`;
    expect(found.err).toContain(message);
    expect(found.err).toContain(fork);
    expect(found.err).not.toContain('were changed');
    await room.session.put('home/packages/00000000-1111-4222-8333-444444444444', fork);
    const refused = await open('--again');
    expect(refused.code).toBe(4);
    expect(JSON.parse(refused.err)).toMatchObject({
      error: { code: 'AUDIT_FORK', message, evidence: [fork, shown.checkpoint] },
    });
    await rm(room.session.path('home/packages'), { recursive: true });
  });

  test('with a sealed cell, that states that it has none, ends with exit code 4', async () => {
    await using runner = await room.runner();
    const outcome = await runner.run(ask(SEALED));
    if (outcome.kind === 'refused') throw new Error('refused');
    const { statement } = outcome.result;
    const columns = statement.columns.map(({ name }) => ({ name, protection: 'cleartext' }) as const);
    const { manifest } = await openRoom(room.directory);
    const bytes = await runner.pack(
      { ...outcome.result, statement: { ...statement, columns } },
      recipientsOf(manifest, ['brand']),
    );
    await room.session.put('false.age', bytes);
    const argv = ['decrypt', 'false.age', '--identity', 'brand.age', ...keys, '-o', 'false.csv'];
    for (const env of [{}, { C3R_SHARED_SECRET: SECRET }]) {
      expect(await run(argv, env)).toMatchObject({
        code: 4,
        err: expect.stringContaining('the package has a sealed cell, and states that it has none'),
      });
    }
    expect(await room.session.names()).not.toContain('false.csv');
  });

  test('that was changed ends with exit code 4, and leaves nothing', async () => {
    await query(REGIONS, '--package', 'r.age', '--overwrite');
    const bytes = await readFile(room.session.path('r.age'));
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await room.session.put('changed.age', bytes);
    const { code, err } = await run(['decrypt', 'changed.age', '--identity', 'brand.age', ...keys, '-o', 'c.csv']);
    expect({ code, err }).toMatchObject({ code: 4, err: expect.stringContaining('changed or cut short') });
    expect(await room.session.names()).not.toContain('c.csv');
  });

  test('takes no identity for a table', async () => {
    const { code, err } = await run(['decrypt', 'visits.parquet', '--id', ID, '--identity', 'brand.age', ...keys]);
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('result package') });
  });
});
