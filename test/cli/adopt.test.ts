import { chmod, copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Outcome } from '../support/cli.ts';
import { HomeSession } from '../support/homes.ts';
import { signedPeopleManifest } from '../support/people.ts';
import { type StrictKey, StrictKms } from '../support/strict-kms.ts';

// Envelopes that come from elsewhere: whom they lead to, and how they get into a home.

const ID = '00000000-1111-2222-3333-444444444444';
const FILE = `collaborations/${ID}/generation-1.json`;
const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [{ sourceHeader: 'a', targetHeader: 'a', type: 'sealed', pad: { type: 'none' } }],
});
const ENCRYPT = ['encrypt', 'in.csv', '-s', 's.json', '--id', ID, '-o', 'out.csv', '-f'];

let kms: StrictKms;
let key: StrictKey;
let home: HomeSession;

beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'member');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'stand-in');
  vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
  kms = await StrictKms.start();
});

beforeEach(async () => {
  key = kms.createKey();
  home = await HomeSession.start({ 'in.csv': 'a\nx\n', 's.json': SCHEMA, 'm.json': signedPeopleManifest() });
});

afterEach(() => home[Symbol.asyncDispose]());

afterAll(async () => {
  vi.unstubAllEnvs();
  await kms[Symbol.asyncDispose]();
});

const uri = (): string => `aws-kms:${kms.uri(key.arn)}`;

/** Makes a secret in another home, and returns the path of its envelope. */
async function madeElsewhere(
  options: readonly string[] = ['--id', ID, '--key', uri()],
  name = 'theirs',
): Promise<string> {
  await mkdir(home.path(name), { mode: 0o700, recursive: true });
  const { out } = await home.done(['key', 'create', '--home', name, '--json', ...options]);
  return (JSON.parse(out) as { readonly file: string }).file;
}

/** Puts an envelope into the home as `cp` does. */
async function plant(file: string): Promise<void> {
  await mkdir(home.path(`home/collaborations/${ID}`), { recursive: true, mode: 0o700 });
  await copyFile(file, home.path(`home/${FILE}`));
}

/** What the service was asked while something was tried. */
async function askedBy(
  attempt: () => Promise<Outcome>,
): Promise<{ readonly outcome: Outcome; readonly asked: unknown }> {
  const before = kms.requests.length;
  const outcome = await attempt();
  return { outcome, asked: kms.requests.slice(before) };
}

const secretIn = async (file: string): Promise<string> =>
  (JSON.parse(await readFile(file, 'utf8')) as { readonly secretId: string }).secretId;

describe('an envelope that leads to an endpoint that the home has not used', () => {
  test('is not followed after it was adopted with another key than it names', async () => {
    await using other = await StrictKms.start();
    const twin = other.createKey('member', key);
    await madeElsewhere(['--id', ID, '--key', `aws-kms:${other.uri(twin.arn)}`], 'twin');
    await home.done(['key', 'adopt', `twin/${FILE}`, '--yes', '--key', uri()]);
    const before = other.requests.length;
    const outcome = await home.run(ENCRYPT);
    expect([outcome.code, other.requests.length]).toEqual([1, before]);
    expect(outcome.err).toContain(`endpoint=${other.endpoint}\`, which this home has not used`);
    await home.done([...ENCRYPT, '--key', uri()]);
  });

  const COMMANDS: readonly (readonly string[])[] = [
    ENCRYPT,
    ['decrypt', 'out.csv', '--id', ID, '-o', 'back.csv'],
    ['reencrypt', 'out.csv', '--id', ID, '-o', 'again.csv', '--from', '1'],
    ['key', 'show', '--check'],
    ['key', 'wrap', '--id', ID, '--to', 'age:a.key'],
    ['key', 'rotate', '--id', ID],
    ['key', 'rotate', '--id', ID, '--to', 'age:a.key'],
    ['key', 'export-c3r', '--id', ID, '--yes'],
  ];

  test('is not asked for: no command reaches the endpoint', async () => {
    await plant(await madeElsewhere());
    await home.session.put('out.csv', 'a\n');
    for (const argv of COMMANDS) {
      const { outcome, asked } = await askedBy(() => home.run(argv));
      expect([argv.slice(0, 2).join(' '), outcome.code, asked]).toEqual([argv.slice(0, 2).join(' '), 1, []]);
      expect(outcome.err).toContain(`reached by \`endpoint=${kms.endpoint}\`, which this home has not used`);
      expect(outcome.err).toMatch(/^hint: .*`--key`.*`sealroom key adopt`.*secret [0-9a-f]{32}, generation 1 of /m);
    }
  });

  test('is not looked at by the doctor, who says so', async () => {
    await plant(await madeElsewhere());
    const { outcome, asked } = await askedBy(() => home.run(['key', 'doctor', '--json']));
    expect(asked).toEqual([]);
    const { checks } = JSON.parse(outcome.out) as { readonly checks: readonly { readonly item: string }[] };
    expect(checks.find(({ item }) => item.startsWith('key aws-kms:'))).toMatchObject({
      state: 'warning',
      found: expect.stringContaining(`has not used endpoint=${kms.endpoint}`) as unknown,
    });
  });

  test('is opened once its key was named, by an option or a variable', async () => {
    await plant(await madeElsewhere());
    await home.done([...ENCRYPT, '--key', uri()]);
    await home.done(ENCRYPT);
    await using other = await HomeSession.start({ 'in.csv': 'a\nx\n', 's.json': SCHEMA });
    await mkdir(other.path(`home/collaborations/${ID}`), { recursive: true, mode: 0o700 });
    await copyFile(home.path(`home/${FILE}`), other.path(`home/${FILE}`));
    await other.done(ENCRYPT, { env: { SEALROOM_KEY: uri() } });
    await other.done(ENCRYPT);
  });

  test('stays closed if the key that was named did not open it', async () => {
    await plant(await madeElsewhere());
    const wrong = `aws-kms:${kms.uri(kms.createKey().arn)}`;
    expect((await home.run([...ENCRYPT, '--key', wrong])).code).toBe(1);
    const { outcome, asked } = await askedBy(() => home.run(ENCRYPT));
    expect([outcome.code, asked]).toEqual([1, []]);
  });

  test('a rotation does not follow it either, if the secret was opened with another key', async () => {
    const file = await madeElsewhere(['--id', ID, '--key', 'age:a.key']);
    await plant(file);
    // Who has the key of the envelope can write what its URI says.
    await using other = await StrictKms.start();
    const twin = other.createKey('member', key);
    await madeElsewhere(['--id', ID, '--key', `aws-kms:${other.uri(twin.arn)}`], 'twin');
    await plant(home.path(`twin/${FILE}`));
    const before = other.requests.length;
    const outcome = await home.run(['key', 'rotate', '--id', ID, '--key', uri()]);
    expect(outcome.err).toContain(`endpoint=${other.endpoint}`);
    expect(outcome.code).toBe(1);
    expect(other.requests.length).toBe(before);
  });
});

describe.each([
  ['profile', () => `aws-kms:${key.arn}?profile=theirs`, 'profile=theirs'],
  [
    'module and PIN file',
    (folder: string) => `pkcs11:object=w;id=%01?module-path=${folder}/module.so&pin-source=file:${folder}/pin`,
    'module-path=',
  ],
])('an envelope that leads to a %s that the home has not used', (_, uriIn, named) => {
  test('is refused before anything is loaded or read', async () => {
    const file = await madeElsewhere();
    const made = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    const folder = home.path('theirs');
    const provider = uriIn(folder).split(':')[0];
    const entries = Object.entries({ ...made, key: uriIn(folder), provider }).sort(([a], [b]) => (a < b ? -1 : 1));
    await writeFile(file, `${JSON.stringify(Object.fromEntries(entries))}\n`);
    await writeFile(home.path('theirs/pin'), '1', { mode: 0o666 });
    await plant(file);
    // Neither the module nor the PIN file could be used, which would be another error.
    const { outcome, asked } = await askedBy(() => home.run(ENCRYPT));
    expect([outcome.code, asked]).toEqual([1, []]);
    expect(outcome.err).toContain(`reached by \`${named}`);
  });
});

describe('the first use of another key', () => {
  test('is announced once, with secret, generation and key', async () => {
    const file = await madeElsewhere(['--id', ID, '--key', 'age:a.key']);
    await plant(file);
    const first = await home.done(ENCRYPT);
    const id = (await secretIn(file)).slice(0, 32);
    expect(first.err).toContain(
      `warning: this home uses the key for the first time: secret ${id}, generation 1 of ${ID}, under age:${home.path('a.key')}\n`,
    );
    expect((await home.done(ENCRYPT)).err).not.toContain('warning');
  });

  test('is none if the key made an envelope here', async () => {
    await home.done(['key', 'create', '--id', ID, '--key', uri()]);
    expect((await home.done(ENCRYPT)).err).not.toContain('warning');
    await home.done(['key', 'wrap', '--id', ID, '--to', 'age:b.key']);
    await home.done(['key', 'rotate', '--id', ID]);
    expect((await home.done(ENCRYPT)).err).not.toContain('warning');
    expect((await stat(home.path('home/keys.json'))).mode & 0o777).toBe(0o600);
    const list = JSON.parse(await home.session.text('home/keys.json')) as unknown;
    const endpoint = encodeURIComponent(kms.endpoint);
    expect(list).toEqual({
      keys: [`age:${home.path('b.key')}`, `aws-kms:${key.arn}?endpoint=${endpoint}`],
      version: 1,
    });
  });

  test('is not known from a list that others can write to, or that was changed', async () => {
    await home.done(['key', 'create', '--id', ID, '--key', 'age:a.key']);
    await chmod(home.path('home/keys.json'), 0o666);
    expect((await home.run(ENCRYPT)).err).toContain('other users can write to the list of keys');
    await chmod(home.path('home/keys.json'), 0o600);
    await home.session.put('home/keys.json', 'age-encryption.org/v1\n-> scrypt');
    const keystore = await home.run(ENCRYPT);
    expect(keystore.err).toMatch(/the file is a keystore, .*\nhint: move the keystore elsewhere/);
    expect(await home.session.text('home/keys.json')).toMatch(/^age-encryption/);
    await home.session.put('home/keys.json', '{}\n');
    expect((await home.run(ENCRYPT)).err).toContain('the list of the keys that the home has used was changed');
  });
});

describe('`key adopt`', () => {
  test('shows what the envelope is, asks, opens it, records it, and then its key is known', async () => {
    const file = await madeElsewhere();
    const id = await secretIn(file);
    const refused = await askedBy(() => home.run(['key', 'adopt', file]));
    expect([refused.outcome.code, refused.asked]).toEqual([2, []]);
    for (const line of [
      `collaboration: ${ID}`,
      'generation: 1',
      `secret: ${id.slice(0, 32)}`,
      `key: aws-kms:${key.arn}?endpoint=${encodeURIComponent(kms.endpoint)}`,
      `reached by: endpoint=${kms.endpoint}`,
      'bound to roles: no',
    ]) {
      expect(refused.outcome.err).toContain(`${line}\n`);
    }
    expect(refused.outcome.err).toMatch(/^made: \d{4}-/m);
    expect(refused.outcome.err).toMatch(
      /^hint: `--yes` answers the question: take this envelope .*\? Compare the id of the secret/m,
    );
    expect(await readdir(home.path('home'))).toEqual([]);

    const { out } = await home.done(['key', 'adopt', file, '--yes', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      generation: 1,
      secretId: id.slice(0, 32),
      file: home.path(`home/${FILE}`),
    });
    expect((await home.events()).at(-1)).toMatchObject({ action: 'receive', purpose: 'adopt', peer: null });
    expect((await home.done(ENCRYPT)).err).not.toContain('warning');
    // The same once more changes nothing.
    await home.done(['key', 'adopt', home.path(`home/${FILE}`), '--yes']);
    expect(await readFile(home.path(`home/${FILE}`), 'utf8')).toBe(await readFile(file, 'utf8'));
  });

  test('makes the key of an envelope known that is in the home already', async () => {
    await plant(await madeElsewhere());
    await home.done(['key', 'adopt', home.path(`home/${FILE}`), '--yes']);
    await home.done(ENCRYPT);
  });

  test('takes only the secret that was asked for', async () => {
    const file = await madeElsewhere();
    const id = await secretIn(file);
    const wrong = `${id.slice(0, 31)}${id[31] === '0' ? '1' : '0'}`;
    for (const [wanted, code] of [
      [wrong, 1],
      [`${id.slice(0, 63)}${id[63] === '0' ? '1' : '0'}`, 1],
      [id.slice(0, 31), 2],
      ['x'.repeat(32), 2],
      [id.slice(0, 32).toUpperCase(), 0],
      [id, 0],
    ] as const) {
      const { outcome, asked } = await askedBy(() => home.run(['key', 'adopt', file, '--secret-id', wanted, '--yes']));
      expect([wanted, outcome.code]).toEqual([wanted, code]);
      if (code !== 0) expect(asked).toEqual([]);
    }
  });

  test('refuses what does not open, and leaves the home as it was', async () => {
    const file = await madeElsewhere();
    const text = await readFile(file, 'utf8');
    for (const [change, code] of [
      [text.replace('"generation":1', '"generation":2'), 4],
      [text.replace('"version":2', '"version":3'), 4],
      [text.replace(/"secretId":"(.{32})[0-9a-f]{32}"/, '"secretId":"$1"').replace('"version":2', '"version":1'), 4],
      ['{}', 4],
    ] as const) {
      await home.session.put('changed.json', change);
      expect((await home.run(['key', 'adopt', 'changed.json', '--yes'])).code).toBe(code);
      expect(await readdir(home.path('home')).then((names) => names.includes('collaborations'))).toBe(false);
    }
  });

  test('refuses version 1, with the way to version 2', async () => {
    const vectors = JSON.parse(await readFile('test/vectors/envelopes.json', 'utf8')) as {
      readonly envelopes: Readonly<Record<string, string>>;
    };
    await home.session.put('old.json', vectors.envelopes['age'] ?? '');
    const outcome = await home.run(['key', 'adopt', 'old.json', '--yes']);
    expect(outcome.code).toBe(4);
    expect(outcome.err).toMatch(/version 1 cannot be taken in$/m);
    expect(outcome.err).toMatch(/^hint: .*`sealroom key wrap --to <key>`/m);
  });

  test('replaces an envelope of the same secret, and none of another', async () => {
    const file = await madeElsewhere(['--id', ID, '--key', 'age:a.key']);
    await home.done(['key', 'adopt', file, '--yes']);
    await home.done(['key', 'wrap', '--home', 'theirs', '--id', ID, '--to', uri()]);
    const replaced = await home.done(['key', 'adopt', file, '--yes']);
    expect(replaced.err).toContain(`replaces: the envelope under age:${home.path('a.key')}\n`);
    expect(await home.session.text(`home/${FILE}`)).toContain('"provider":"aws-kms"');
    const other = await madeElsewhere(['--id', ID, '--key', uri()], 'others');
    const { outcome, asked } = await askedBy(() => home.run(['key', 'adopt', other, '--yes']));
    expect([outcome.code, asked]).toEqual([1, []]);
    expect(outcome.err).toContain('the home already has another secret of generation 1');
  });

  test('asks roles: a steward may, an auditor may not, and nobody takes the mark of roles off', async () => {
    await mkdir(home.path('theirs'), { mode: 0o700 });
    await home.becomes('kim');
    await copyFile(home.path('home/sign.key'), home.path('theirs/sign.key'));
    const { out } = await home.done([
      'key',
      'create',
      '--home',
      'theirs',
      '--json',
      '--manifest',
      'm.json',
      '--key',
      uri(),
    ]);
    const { file, collaborationId } = JSON.parse(out) as { readonly file: string; readonly collaborationId: string };
    const adopt = ['key', 'adopt', file, '--yes'];
    await home.becomes('sol');
    expect((await home.run(adopt)).code).toBe(3);
    await home.becomes('abe');
    const { outcome, asked } = await askedBy(() => home.run([...adopt, '--manifest', 'm.json']));
    expect([outcome.code, asked]).toEqual([3, []]);
    expect((await home.events()).at(-1)).toMatchObject({ action: 'refuse', purpose: 'adopt' });
    await home.becomes('sol');
    expect((await home.done([...adopt, '--manifest', 'm.json'])).err).toContain('bound to roles: yes\n');
    // A custodian could make one without the mark, with a program of their own.
    const secret = await home.done(['key', 'export-c3r', '--home', 'theirs', '--manifest', 'm.json', '--yes']);
    const env = { C3R_SHARED_SECRET: secret.out.trim() };
    const free = ['key', 'create', '--home', 'free', '--import', '--id', collaborationId, '--key', uri(), '--json'];
    const made = JSON.parse((await home.done(free, { env })).out) as { readonly file: string };
    const unbound = await home.run(['key', 'adopt', made.file, '--yes', '--manifest', 'm.json']);
    expect(unbound.code).toBe(4);
    expect(unbound.err).toContain('bound to roles, and this one is not');
  });
});

test('an envelope of version 1 opens with a warning, and `key wrap` makes one of version 2', async () => {
  const vectors = JSON.parse(await readFile('test/vectors/envelopes.json', 'utf8')) as {
    readonly files: Readonly<Record<string, string>>;
    readonly envelopes: Readonly<Record<string, string>>;
  };
  const text = vectors.envelopes['age'] ?? '';
  const { collaborationId } = JSON.parse(text) as { readonly collaborationId: string };
  const folder = home.path(`home/collaborations/${collaborationId}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(`${folder}/generation-1.json`, text, { mode: 0o600 });
  await writeFile(home.path('old.key'), Buffer.from(vectors.files['x25519'] ?? '', 'base64'), { mode: 0o600 });
  const argv = ['encrypt', 'in.csv', '-s', 's.json', '--id', collaborationId, '-o', 'out.csv', '-f'];
  const named = await home.done([...argv, '--key', 'age:old.key']);
  expect(named.err).toMatch(
    /^warning: the envelope of generation 1 of .* has version 1, .*`sealroom key wrap --to <key>`/m,
  );
  await home.done(['key', 'wrap', '--id', collaborationId, '--key', 'age:old.key', '--to', 'age:old.key']);
  expect(await readFile(`${folder}/generation-1.json`, 'utf8')).toMatch(/"secretId":"[0-9a-f]{64}","version":2/);
  expect((await home.done(argv)).err).not.toContain('warning');
});
