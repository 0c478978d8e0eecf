import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cleartextRows, manifestWith, RoomSession, sign } from '../room/support.ts';
import { type Outcome, SECRET, Session } from '../support/cli.ts';

/** An encrypted table of 50 rows. */
let table: string;

beforeAll(async () => {
  await using room = await RoomSession.start();
  table = await readFile(await room.encrypt('enc.csv', cleartextRows(50)), 'utf8');
});

/** A session with a signed manifest, a room and an encrypted table. */
async function start(): Promise<Session> {
  const session = await Session.start({ 'spring.json': sign(manifestWith()), 'enc.csv': table });
  expect(await run(session, 'init', 'spring', '--manifest', 'spring.json')).toMatchObject({
    code: 0,
    out: expect.stringMatching(
      /^created the room `spring` for `Spring campaign`\nmanifest [0-9a-f]{64}\nverifier key .*: sealroom\//,
    ),
    err: 'hint: next: `sealroom room add <table> <file> --room spring`\n',
  });
  return session;
}

/** Runs `sealroom room <argv>` without the secret; names the room unless a room is made. */
function run(session: Session, ...argv: readonly string[]): Promise<Outcome> {
  return session.run(['room', ...argv, ...(argv[0] === 'init' ? [] : ['--room', 'spring'])], { env: {} });
}

describe('room', () => {
  test('a table is added, listed, loaded again and removed', async () => {
    await using session = await start();
    const list = (): Promise<Outcome> => run(session, 'list');
    expect((await list()).out).toMatch(
      /^`Spring campaign`, collaboration 7a2c.*\nmanifest [0-9a-f]{64}, signed by all 2 members\npub\.impressions {2}not loaded\nbrand\.closed {2}not loaded\n$/,
    );
    // What lies beside the file, and whether it fits, is nothing to a room.
    await session.put('enc.csv.sealroom.json', '{}');
    expect((await run(session, 'add', 'impressions', 'none.csv')).err).toBe(
      'error: none.csv: cannot read: no such file or directory\n',
    );
    const added = await run(session, 'add', 'impressions', 'enc.csv');
    expect(added).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(
        /^loaded impressions of pub: 50 rows\ncolumns: email_fingerprint \(fingerprint\), device_sealed \(sealed\), region \(cleartext\), day \(cleartext\), spend \(cleartext\)\nleft out, because no rule names them: `notes`\nsnapshot [0-9a-f]{64}\ntime: /,
      ),
    });
    expect((await list()).out).toMatch(/\npub\.impressions {2}50 rows {2}\S+Z {2}[0-9a-f]{64} {2}intact\n/);
    expect((await run(session, 'add', 'impressions', 'enc.csv')).out).toMatch(
      /\nsnapshot [0-9a-f]{64}, replacing [0-9a-f]{64}\n/,
    );
    expect((await run(session, 'remove', 'impresions')).err).toBe(
      'error: the table `impresions` is not loaded\nhint: did you mean `impressions`?\n',
    );
    expect(await run(session, 'remove', 'impressions')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^removed impressions, snapshot [0-9a-f]{64}\n$/),
    });
    expect((await list()).out).toMatch(/\npub\.impressions {2}not loaded\n/);
    const log = (await run(session, 'log')).out.replaceAll(/[0-9a-f]{64}/g, 'hash').replaceAll(/\S+Z/g, 'now');
    expect(log.split('\n')).toEqual([
      '0  now  manifest hash',
      '1  now  load     impressions of pub  50 rows  hash',
      '2  now  load     impressions of pub  50 rows  hash',
      '3  now  remove   impressions of pub  50 rows  hash',
      '',
    ]);
  });

  test('--json gives one object, and the facts in it', async () => {
    await using session = await start();
    const json = async (...argv: readonly string[]): Promise<unknown> =>
      JSON.parse((await run(session, ...argv, '--json')).out);
    const added = await json('add', 'impressions', 'enc.csv');
    expect(added).toMatchObject({
      table: { name: 'impressions', owner: 'pub', snapshot: { rows: 50 } },
      leftOut: ['notes'],
      replacedSha256: null,
    });
    expect(await json('list')).toMatchObject({
      directory: session.path('spring'),
      manifest: { name: 'Spring campaign' },
      tables: [
        { name: 'impressions', state: 'intact', snapshot: (added as { table: { snapshot: unknown } }).table.snapshot },
        { name: 'closed', state: 'not loaded', snapshot: null },
      ],
    });
    expect(await json('remove', 'impressions')).toMatchObject({
      table: 'impressions',
      removedSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const failed = await run(session, 'remove', 'impressions', '--json');
    expect(failed).toMatchObject({ code: 2, out: '' });
    expect(JSON.parse(failed.err)).toMatchObject({ error: { code: 'USAGE_OPTION', hint: 'no table is loaded' } });
    expect(await json('update', 'spring.json')).toMatchObject({ removed: [] });
  });

  test('a cleartext value is refused with its row, and exit code 3', async () => {
    await using session = await start();
    const lines = table.split('\n');
    lines[8] = `private@example.org,${(lines[8] ?? '').split(',').slice(1).join(',')}`;
    await session.put('bad.csv', lines.join('\n'));
    const { code, out, err } = await run(session, 'add', 'impressions', 'bad.csv');
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toMatch(
      /^error: bad\.csv, row 8, column `email_fingerprint`: expected a fingerprint, got cleartext\nhint: nothing was loaded; /,
    );
    expect(err).not.toContain('private@');
  });

  test('a changed snapshot is told by `list`, with exit code 4', async () => {
    await using session = await start();
    await run(session, 'add', 'impressions', 'enc.csv');
    const [name = ''] = await readdir(session.path('spring/snapshots'));
    const path = join(session.path('spring/snapshots'), name);
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(0xff, 8192, 8200));
    const { code, out, err } = await run(session, 'list');
    expect(code).toBe(4);
    expect(out).toMatch(/\npub\.impressions .* changed\n/);
    expect(err).toMatch(/^error: spring: snapshots were changed after they were loaded: impressions\nhint: load/);
  });

  test('no command runs with the secret in its environment', async () => {
    await using session = await start();
    const commands = [
      ['init', 'other', '--manifest', 'spring.json'],
      ['add', 'impressions', 'enc.csv'],
      ['list'],
      ['remove', 'impressions'],
      ['update', 'spring.json'],
      ['log'],
    ];
    for (const argv of commands) {
      const { code, err } = await session.run(['room', ...argv], { env: { C3R_SHARED_SECRET: SECRET } });
      expect(code).toBe(1);
      expect(err).toMatch(/^error: `C3R_SHARED_SECRET` is set, and a room must run without the shared secret\nhint: /);
      expect(err).not.toContain(SECRET);
    }
    expect(await session.names()).toEqual(['enc.csv', 'spring', 'spring.json']);
  });

  test('the log is listed, and the command that checks it works as it is printed', async () => {
    await using session = await start();
    const { code, out, err } = await run(session, 'log');
    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^0 {2}\S+ {2}manifest [0-9a-f]{64}\n$/),
    });
    const argv = /`sealroom (.*)`/.exec(err)?.[1]?.split(' ') ?? [];
    expect(argv).toEqual(['audit', 'verify', 'spring/audit', '--trust', 'spring/runner.pub']);
    expect(await session.run(argv)).toMatchObject({ code: 0 });
    const json = await run(session, 'log', '--json');
    expect({ ...json, out: JSON.parse(json.out) as unknown }).toMatchObject({
      code: 0,
      out: { event: { kind: 'manifest' } },
      err: '',
    });
  });

  test('a new manifest tells which tables must be loaded again', async () => {
    await using session = await start();
    await run(session, 'add', 'impressions', 'enc.csv');
    await session.put('next.json', sign(manifestWith({ settings: { allowDuplicates: false } })));
    expect(await run(session, 'update', 'next.json')).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(
        /^manifest [0-9a-f]{64}\nremoved impressions, which does not fit this manifest: load it again\n$/,
      ),
    });
    await session.put('first.json', sign(manifestWith()));
    expect(await run(session, 'update', 'first.json')).toMatchObject({
      code: 0,
      err: expect.stringMatching(
        /^warning: this version was already in force from \S+Z: it undoes what was agreed since\n$/,
      ),
    });
  });

  test('a clock that is more than a day past the last record is refused by each command that records', async () => {
    await using session = await start();
    expect(await run(session, 'add', 'impressions', 'enc.csv')).toMatchObject({ code: 0 });
    const log = await session.text('spring/audit/log.jsonl');
    session.now = () => new Date(Date.now() + 3650.5 * 24 * 60 * 60 * 1000);
    const question = ['query', '--room', 'spring', '--as', 'brand', 'SELECT 1'];
    const commands = [
      ['add', 'impressions', 'enc.csv'],
      ['remove', 'impressions'],
      ['update', 'other.json'],
    ] as const;
    await session.put('other.json', sign(manifestWith({ manifest: { name: 'Summer campaign' } })));
    for (const argv of commands) {
      const { code, err } = await run(session, ...argv);
      expect({ code, err }).toEqual({
        code: 1,
        err: expect.stringMatching(
          /^error: spring\/audit: the clock is 3,650 days past the last record of the log, of \S+Z\nhint: set the clock right; .*`--clock-jump`/,
        ),
      });
    }
    expect(await session.run(question, { env: {} })).toMatchObject({
      code: 1,
      err: expect.stringContaining('--clock-jump'),
    });
    // What only reads goes on, and nothing was recorded or changed.
    expect(await run(session, 'list')).toMatchObject({ code: 0, out: expect.stringContaining('50 rows') });
    expect(await run(session, 'log')).toMatchObject({ code: 0 });
    expect(await session.run(['check', ...question.slice(1)], { env: {} })).toMatchObject({ code: 3 });
    expect(await session.text('spring/audit/log.jsonl')).toBe(log);
    expect(await session.run([...question, '--clock-jump'], { env: {} })).toMatchObject({ code: 3 });
    expect((await run(session, 'log')).out).toMatch(
      /\n2 {2}\S+ {2}clock {4}more than a day after the record before, of \S+Z\n3 {2}\S+ {2}refused {2}brand/,
    );
    for (const argv of commands) {
      const days = (await session.text('spring/audit/log.jsonl')).split('\n').length * 2;
      session.now = () => new Date(Date.now() + (3650 + days) * 24 * 60 * 60 * 1000);
      expect(await run(session, ...argv, '--clock-jump')).toMatchObject({ code: 0 });
    }
    const verified = await session.run(['audit', 'verify', 'spring/audit', '--trust', 'spring/runner.pub']);
    expect(verified).toMatchObject({ code: 0 });
  });

  test('where there is no room, the hint says how to make one', async () => {
    await using session = await Session.start({ 'enc.csv': table });
    for (const argv of [['list'], ['remove', 'x'], ['add', 'x', 'enc.csv']]) {
      expect(await run(session, ...argv)).toMatchObject({
        code: 1,
        err: expect.stringMatching(/not the directory of a room.*\nhint: make one with `sealroom room init`/),
      });
    }
  });

  test('progress is shown on a terminal, and nowhere else', async () => {
    await using session = await start();
    const argv = ['room', 'add', 'impressions', 'enc.csv', '--room', 'spring'];
    expect((await session.run(argv, { env: {}, isTerminal: true })).err).toMatch(/load .*rows\/s/);
    expect((await session.run(argv, { env: {} })).err).toBe('');
  });
});
