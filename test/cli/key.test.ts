import { chmod, readFile, writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { generateX25519Identity } from 'age-encryption';
import { describe, expect, test } from 'vitest';
import { runCli } from '#cli/run';
import { ID, LOW_COST, type Outcome, type RunOptions, SECRET, Session } from '../support/cli.ts';

const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [{ sourceHeader: 'name', targetHeader: 'name', type: 'sealed', pad: { type: 'none' } }],
});

const FILES = { 'in.csv': 'name\nada\ngrace\n', 'schema.json': SCHEMA };

const ENCRYPT = ['encrypt', 'in.csv', '--schema', 'schema.json', '--id', ID, '-o', 'out.csv'];
const DECRYPT = ['decrypt', 'out.csv', '--id', ID, '-o', 'back.csv'];

/** A session with a home of its own, and the identity files `a.key` and `b.key`. */
class KeySession implements AsyncDisposable {
  readonly session: Session;

  private constructor(session: Session) {
    this.session = session;
  }

  static async start(): Promise<KeySession> {
    const session = await Session.start(FILES);
    for (const name of ['a.key', 'b.key']) {
      await session.put(name, `# made for a test\n${await generateX25519Identity()}\n`);
      await chmod(session.path(name), 0o600);
    }
    return new KeySession(session);
  }

  run(argv: readonly string[], env: NodeJS.ProcessEnv = {}, options: RunOptions = {}): Promise<Outcome> {
    return this.session.run(argv, { ...options, env: { SEALROOM_HOME: this.session.path('home'), ...env } });
  }

  async done(argv: readonly string[], env: NodeJS.ProcessEnv = {}, options: RunOptions = {}): Promise<Outcome> {
    const outcome = await this.run(argv, env, options);
    expect(outcome, outcome.err).toMatchObject({ code: 0 });
    return outcome;
  }

  path(name: string): string {
    return this.session.path(name);
  }

  envelope(generation = 1): string {
    return this.path(`home/collaborations/${ID}/generation-${String(generation)}.json`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.session[Symbol.asyncDispose]();
  }
}

describe('sealroom key', () => {
  test('create: encrypt and decrypt find the envelope and the key by themselves', async () => {
    await using keys = await KeySession.start();
    const made = await keys.done(['key', 'create', '--id', ID.toUpperCase(), '--key', 'age:a.key', '--json']);
    expect(JSON.parse(made.out)).toMatchObject({
      collaborationId: ID,
      generation: 1,
      provider: 'age',
      key: `age:${keys.path('a.key')}`,
      isInsecure: true,
      file: keys.envelope(),
    });
    await keys.done(ENCRYPT);
    await keys.done(DECRYPT);
    expect((await keys.session.text('back.csv')).split('\n').sort()).toEqual(['', 'ada', 'grace', 'name']);
  });

  test('create: a second one is refused, and a missing key, collaboration or scheme', async () => {
    await using keys = await KeySession.start();
    const create = ['key', 'create', '--id', ID, '--key', 'age:a.key'];
    await keys.done(create);
    const before = await readFile(keys.envelope(), 'utf8');
    expect(await keys.run(create)).toMatchObject({
      code: 1,
      err: expect.stringContaining('the home already has a secret of the collaboration') as string,
    });
    expect(await readFile(keys.envelope(), 'utf8')).toBe(before);
    expect(await keys.run(['key', 'create', '--id', ID])).toMatchObject({ code: 2 });
    expect(await keys.run(['key', 'create', '--key', 'age:a.key'])).toMatchObject({ code: 2 });
    expect(await keys.run(['key', 'create', '--id', '../x', '--key', 'age:a.key'])).toMatchObject({ code: 2 });
    expect((await keys.run(['key', 'create', '--id', ID.replace('1111', '1112'), '--key', 'vault:x'])).err).toContain(
      '`keystore:`',
    );
    expect((await keys.run(['key', 'create', '--id', ID.replace('1111', '1112'), '--key', 'keystor:x'])).err).toContain(
      'hint: did you mean `keystore`?',
    );
    expect(await keys.run(['key'])).toMatchObject({ code: 2 });
  });

  test('create --import takes over the secret of the environment, of which export-c3r is the way back', async () => {
    await using keys = await KeySession.start();
    const create = ['key', 'create', '--id', ID, '--key', 'age:a.key', '--import'];
    expect(await keys.run(create)).toMatchObject({
      code: 1,
      err: expect.stringContaining('the environment has no shared secret') as string,
    });
    await keys.done(create, { C3R_SHARED_SECRET: SECRET });
    const exporting = ['key', 'export-c3r', '--id', ID];
    const refused = await keys.run(exporting);
    expect(refused).toMatchObject({ code: 2, out: '', err: expect.stringContaining('--yes') as string });
    expect(await keys.done([...exporting, '--yes'])).toMatchObject({ out: `${SECRET}\n`, err: '' });
    const { out } = await keys.done([...exporting, '--yes', '--json', '--generation', '1']);
    expect(JSON.parse(out)).toMatchObject({ collaborationId: ID, generation: 1, secret: SECRET });
    expect(await keys.run([...exporting, '--yes', '--generation', '2'])).toMatchObject({ code: 1, out: '' });
  });

  test('the environment goes before the envelope, and a chosen key before both', async () => {
    await using keys = await KeySession.start();
    await keys.done(['key', 'create', '--id', ID, '--key', 'age:a.key']);
    await keys.done(ENCRYPT, { C3R_SHARED_SECRET: SECRET });
    expect(await keys.run(DECRYPT)).toMatchObject({ code: 4 });
    expect(await keys.run([...DECRYPT, '--key', 'age:a.key'], { C3R_SHARED_SECRET: SECRET })).toMatchObject({
      code: 4,
    });
    const variable = { C3R_SHARED_SECRET: SECRET, SEALROOM_KEY: 'age:a.key' };
    expect(await keys.run(DECRYPT, variable)).toMatchObject({ code: 4 });
    await keys.done(DECRYPT, { C3R_SHARED_SECRET: SECRET });
  });

  test('another key, no envelope, a changed one: each says so, and nothing is written', async () => {
    await using keys = await KeySession.start();
    const none = await keys.run([...ENCRYPT, '--key', 'age:a.key']);
    expect(none).toMatchObject({ code: 1, err: expect.stringContaining('the home has no envelope') as string });
    await keys.done(['key', 'create', '--id', ID, '--key', 'age:a.key']);
    const other = await keys.run([...ENCRYPT, '--key', 'age:b.key']);
    expect(other).toMatchObject({ code: 1, err: expect.stringContaining(`\`age:${keys.path('a.key')}\``) as string });
    await writeFile(keys.envelope(), (await readFile(keys.envelope(), 'utf8')).replace('"created":"2', '"created":"3'));
    const changed = await keys.run([...ENCRYPT, '--json']);
    expect(changed).toMatchObject({ code: 4, out: '' });
    expect(JSON.parse(changed.err)).toMatchObject({ error: { code: 'CUSTODY_ENVELOPE', file: keys.envelope() } });
    expect(await keys.session.names()).not.toContain('out.csv');
  });

  test('show lists what is there and what is wrong with it; --check opens it', async () => {
    await using keys = await KeySession.start();
    expect(await keys.done(['key', 'show'])).toMatchObject({ out: '' });
    expect(JSON.parse((await keys.done(['key', 'show', '--json'])).out)).toMatchObject({ envelopes: [] });
    await keys.done(['key', 'create', '--id', ID, '--key', 'age:a.key']);
    expect((await keys.done(['key', 'show'])).out).toMatch(
      /^generation 1 of 0{8}-.*, secret [0-9a-f]{32}, under age:.*; readable by your other programs/,
    );
    expect((await keys.done(['key', 'show', '--check', '--id', ID])).out).toContain('; opens');
    await writeFile(keys.path('a.key'), `${await generateX25519Identity()}\n`);
    await keys.done(['key', 'show']);
    const checked = await keys.run(['key', 'show', '--check', '--json']);
    expect(checked.code).toBe(1);
    expect(JSON.parse(checked.out)).toMatchObject({
      envelopes: [{ generation: 1, problem: expect.any(String) as string }],
    });
    await writeFile(keys.envelope(), '{}');
    const damaged = await keys.run(['key', 'show']);
    expect(damaged).toMatchObject({ code: 4, out: expect.stringContaining('problem: ') as string });
  });

  test('wrap puts the secret under another key, and the old one no longer opens it', async () => {
    await using keys = await KeySession.start();
    const secret = { C3R_SHARED_SECRET: SECRET };
    const made = await keys.done(['key', 'create', '--import', '--id', ID, '--key', 'env:C3R_SHARED_SECRET'], secret);
    expect(made.err).toContain('warning: the secret itself is in plain text in the environment variable');
    const wrapped = await keys.done(['key', 'wrap', '--id', ID, '--to', 'age:b.key'], secret);
    expect(wrapped.err).toContain('hint: the secret itself is still in `env:C3R_SHARED_SECRET`');
    expect(await keys.run([...ENCRYPT, '--key', 'age:a.key'])).toMatchObject({ code: 1 });
    await keys.done(ENCRYPT);
    await keys.done(DECRYPT, secret);
    const before = await readFile(keys.envelope(), 'utf8');
    expect(await keys.run(['key', 'wrap', '--id', ID, '--to', 'age:none.key'])).toMatchObject({ code: 1 });
    expect(await keys.run(['key', 'wrap', '--id', ID, '--to', 'env:UNSET'])).toMatchObject({ code: 1 });
    expect(await readFile(keys.envelope(), 'utf8')).toBe(before);
    const { out } = await keys.done(['key', 'wrap', '--id', ID, '--to', 'file:bare', '--json', '--generation', '1']);
    expect(JSON.parse(out)).toMatchObject({ envelopes: [{ provider: 'file', key: `file:${keys.path('bare')}` }] });
    expect(await keys.session.text('bare')).toBe(SECRET);
    expect(await keys.run(['key', 'wrap', '--id', ID.replace('1111', '1112'), '--to', 'age:a.key'])).toMatchObject({
      code: 1,
    });
  });

  test('destroy asks, is final and says so', async () => {
    await using keys = await KeySession.start();
    await keys.done(['key', 'create', '--id', ID, '--key', 'age:a.key']);
    const destroy = ['key', 'destroy', '--id', ID, '--generation', '1'];
    expect(await keys.run(destroy)).toMatchObject({ code: 2 });
    expect(await keys.run(['key', 'destroy', '--id', ID, '--yes'])).toMatchObject({ code: 2 });
    await keys.done(ENCRYPT);
    expect((await keys.done([...destroy, '--yes'])).err).toContain('this is final');
    expect(await keys.run(DECRYPT)).toMatchObject({ code: 1 });
    expect(await keys.run([...destroy, '--yes'])).toMatchObject({ code: 1 });
  });

  test('what is done with a secret is in the log of the home, which holds nothing of it', async () => {
    await using keys = await KeySession.start();
    const secret = { C3R_SHARED_SECRET: SECRET };
    await keys.done(['key', 'create', '--import', '--id', ID, '--key', 'age:a.key'], secret);
    await keys.done(ENCRYPT);
    await keys.done(DECRYPT);
    await keys.done(['key', 'wrap', '--id', ID, '--to', 'age:b.key']);
    await keys.done(['key', 'show', '--check']);
    await keys.done(['key', 'export-c3r', '--id', ID, '--yes']);
    await keys.done(['key', 'destroy', '--id', ID, '--generation', '1', '--yes']);
    const { out } = await keys.done(['audit', 'show', keys.path('home/log'), '--json']);
    expect(out).not.toContain(SECRET.slice(4, 40));
    const events = [...out.matchAll(/"action":"([a-z]+)"/g)].map(([, action]) => action);
    expect(events).toEqual(['create', 'unwrap', 'lend', 'unwrap', 'lend', 'wrap', 'unwrap', 'export', 'destroy']);
  });

  test('a keystore is opened with passphrases of a file descriptor, and not without', async () => {
    await using keys = await KeySession.start();
    const create = ['key', 'create', '--id', ID, '--key', 'keystore:keys', '--passphrase-fd', '0'];
    await keys.done(create, {}, { input: 'grit laptop holiday\n' });
    await keys.done([...ENCRYPT, '--passphrase-fd', '0'], {}, { input: 'grit laptop holiday\r\n' });
    expect(await keys.run([...DECRYPT, '--passphrase-fd', '0'], {}, { input: 'battery' })).toMatchObject({
      code: 1,
      err: expect.stringContaining('wrong passphrase for the keystore') as string,
    });
    expect(await keys.run([...DECRYPT, '--passphrase-fd', '0'])).toMatchObject({ code: 1 });
    expect(await keys.run(DECRYPT)).toMatchObject({
      code: 1,
      err: expect.stringContaining('--passphrase-fd') as string,
    });
    const both = ['decrypt', '-', '--id', ID, '-o', 'back.csv', '--file-format', 'csv', '--passphrase-fd', '0'];
    expect(await keys.run(both, {}, { input: 'grit laptop holiday\n' })).toMatchObject({ code: 2 });
  });

  test.each([
    'a',
    'opensesame',
    'Tr0ub4dor&3',
    'hunter2hunter2hunter2',
    'x'.repeat(300),
    'correct horse battery staple',
  ])('a new passphrase that is easy to guess is refused unless it is wanted: %s', async (passphrase) => {
    await using keys = await KeySession.start();
    const options = ['--id', ID, '--key', 'keystore:keys', '--passphrase-fd', '0'];
    const input = `${passphrase}\n`;
    const refused = await keys.run(['key', 'create', ...options], {}, { input });
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('error: ') as string });
    expect(refused.err).toMatch(/: the passphrase is easy to guess\nhint: .*`--weak-passphrase`/);
    expect(passphrase === 'a' || !refused.err.includes(passphrase)).toBe(true);
    expect(await keys.session.names()).not.toContain('keys');
    const { err } = await keys.done(['key', 'create', ...options, '--weak-passphrase'], {}, { input });
    expect(err).toContain('warning: the passphrase is easy to guess');
    // What exists opens, and nothing is said of it.
    expect((await keys.done([...ENCRYPT, '--passphrase-fd', '0'], {}, { input })).err).not.toContain('easy to guess');
  });
});

/** A terminal that types a line at each question. */
async function atTerminal(keys: KeySession, argv: readonly string[], lines: readonly string[]): Promise<Outcome> {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const stdout = new PassThrough();
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 200 });
  const shown = { out: '', err: '' };
  stdout.on('data', (part: Buffer) => (shown.out += part.toString('utf8')));
  const left = [...lines];
  let asked = 0;
  stderr.on('data', (part: Buffer) => {
    shown.err += part.toString('utf8');
    const questions = shown.err.split('◆').length - 1;
    if (questions <= asked) return;
    asked = questions;
    const line = left.shift() ?? '\u0003';
    setTimeout(() => {
      for (const character of line) stdin.write(character);
      if (line !== '\u0003') stdin.write('\r');
    }, 20);
  });
  const env = { SEALROOM_HOME: keys.path('home') };
  const code = await runCli({ argv, env, cwd: keys.session.directory, stdin, stdout, stderr, scryptLogN: LOW_COST });
  return { code, ...shown };
}

describe('at a terminal', () => {
  test('a new passphrase is asked for twice and shown nowhere', async () => {
    await using keys = await KeySession.start();
    const create = ['key', 'create', '--id', ID, '--key', 'keystore:keys'];
    const different = await atTerminal(keys, create, ['opens even sesame', 'opens even sesami']);
    expect(different).toMatchObject({ code: 1, err: expect.stringContaining('the two passphrases differ') as string });
    expect(await keys.session.names()).not.toContain('keys');
    const made = await atTerminal(keys, create, ['opens even sesame', 'opens even sesame']);
    expect(made, made.err).toMatchObject({ code: 0 });
    for (const { err } of [different, made]) {
      expect(err).not.toMatch(/opens|sesam|[•▪*]{2}/);
    }
    const opened = await atTerminal(keys, ENCRYPT, ['opens even sesame']);
    expect(opened, opened.err).toMatchObject({ code: 0 });
  });

  test('an empty one is made of random words, and shown once', async () => {
    await using keys = await KeySession.start();
    const create = ['key', 'create', '--id', ID, '--key', 'keystore:keys'];
    const made = await atTerminal(keys, create, ['']);
    expect(made, made.err).toMatchObject({ code: 0 });
    const [passphrase = ''] = /(?<=\n {2})[a-z]+(-[a-z]+){6}(?=\n)/.exec(made.err) ?? [];
    expect(made.err.split(passphrase)).toHaveLength(2);
    expect(made.out).not.toContain(passphrase);
    expect(await atTerminal(keys, ENCRYPT, [passphrase])).toMatchObject({ code: 0 });
  });

  test('Ctrl-C cancels, and no means no', async () => {
    await using keys = await KeySession.start();
    const create = ['key', 'create', '--id', ID, '--key', 'keystore:keys'];
    expect(await atTerminal(keys, create, [])).toMatchObject({
      code: 1,
      err: expect.stringContaining('was cancelled') as string,
    });
    expect(await keys.session.names()).not.toContain('keys');
    await keys.done(['key', 'create', '--id', ID, '--key', 'age:a.key']);
    const exporting = ['key', 'export-c3r', '--id', ID];
    expect(await atTerminal(keys, exporting, ['n'])).toMatchObject({ code: 1, out: '' });
    expect(await atTerminal(keys, exporting, [])).toMatchObject({ code: 1, out: '' });
    expect((await atTerminal(keys, exporting, ['y'])).out).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
  });
});
