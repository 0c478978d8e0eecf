import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseEnvelope } from 'sealroom/custody';
import { openProvider } from '#src/custody/providers/open-provider';
import { COLLABORATION, factsOf, madeSecret } from '../custody/providers/contract.ts';
import { HomeSession } from '../support/homes.ts';
import { type StrictKey, StrictKms } from '../support/strict-kms.ts';
import { readText } from './repository.ts';

// What docs/keys.md, docs/roles.md and docs/providers.md promise of envelopes, where no test of the code says it already.

/** Demands that a document says something, whatever its line breaks. */
function says(file: string, sentence: string): void {
  expect(readText(file).replaceAll(/\s+/g, ' ')).toContain(sentence);
}

const ID = '5ea1ed00-d3a0-4c0f-8a00-00000000de30';
const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [{ sourceHeader: 'a', targetHeader: 'a', type: 'sealed', pad: { type: 'none' } }],
});
const ENCRYPT = ['encrypt', 'in.csv', '-s', 's.json', '--id', ID, '-o', 'out.csv', '-f'];

type Action = 'GenerateDataKey' | 'Decrypt' | 'DescribeKey';

interface Policy {
  readonly Statement: readonly {
    readonly Principal: { readonly AWS: string | readonly string[] };
    readonly Action: string | readonly string[];
    readonly Condition?: Readonly<Record<'StringEquals' | 'StringLike', Readonly<Record<string, string>> | undefined>>;
  }[];
}

const listOf = (value: string | readonly string[]): readonly string[] => (typeof value === 'string' ? [value] : value);

describe('the policy in docs/providers.md', () => {
  const { Statement: statements } = JSON.parse(
    /```json\n([^]*?)```/.exec(readText('docs/providers.md'))?.[1] ?? '',
  ) as Policy;
  const NAME = 'kms:EncryptionContext:';

  let kms: StrictKms;
  let key: StrictKey;

  /** Acts as a principal of the policy from now on. */
  function actAs(role: string): void {
    vi.stubEnv('AWS_ACCESS_KEY_ID', role);
    const own = statements.filter(({ Principal }) => listOf(Principal.AWS).some((arn) => arn.endsWith(`/${role}`)));
    const actions = own.flatMap((one) => listOf(one.Action)).map((action) => action.replace('kms:', '') as Action);
    key.policy.clear();
    key.policy.set(role, new Set(actions));
    const conditions = own.flatMap(({ Condition }) => (Condition === undefined ? [] : [Condition]));
    const pairs = (kind: 'StringEquals' | 'StringLike'): [string, string][] =>
      conditions
        .flatMap((each) => Object.entries(each[kind] ?? {}))
        .map(([name, value]) => [name.replace(NAME, ''), value]);
    key.requiredContext = Object.fromEntries(pairs('StringEquals'));
    key.requiredNames = pairs('StringLike').map(([name, pattern]) => {
      expect(pattern).toBe('*');
      return name;
    });
  }

  beforeAll(async () => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'stand-in');
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
    kms = await StrictKms.start();
    key = kms.createKey();
  });

  afterAll(async () => {
    vi.unstubAllEnvs();
    await kms[Symbol.asyncDispose]();
  });

  test('lets a custodian make, wrap and rotate, and a steward encrypt and nothing else; sealroom calls nothing else', async () => {
    says('docs/providers.md', 'sealroom calls `GenerateDataKey`, `Decrypt` and `DescribeKey`, and nothing else.');
    says(
      'docs/providers.md',
      'a steward can neither rotate the secret nor wrap it, or another one, for someone else under this key',
    );
    const uri = `aws-kms:${kms.uri(key.arn)}`;
    await using home = await HomeSession.start({ 'in.csv': 'a\nx\n', 's.json': SCHEMA });
    actAs('key-custodian');
    await home.done(['key', 'create', '--id', ID, '--key', uri, '--home', 'custodian']);
    await home.done(['key', 'wrap', '--id', ID, '--to', uri, '--home', 'custodian']);
    const rotated = JSON.parse(
      (await home.done(['key', 'rotate', '--id', ID, '--home', 'custodian', '--json'])).out,
    ) as { readonly file: string; readonly secretId: string };

    actAs('data-steward');
    await home.done(['key', 'adopt', rotated.file, '--secret-id', rotated.secretId, '--yes']);
    await home.done(ENCRYPT);
    const doctor = JSON.parse((await home.run(['key', 'doctor', '--json'])).out) as {
      readonly checks: readonly { readonly item: string }[];
    };
    expect(doctor.checks.find(({ item }) => item.startsWith('key aws-kms'))).toMatchObject({ state: 'ok' });
    for (const argv of [
      ['key', 'wrap', '--id', ID, '--to', uri],
      ['key', 'rotate', '--id', ID],
      ['key', 'create', '--id', ID.replace('30', '31'), '--key', uri],
    ]) {
      expect((await home.run([...argv, '--json'])).err).toContain('"code":"CUSTODY_DENIED"');
    }
    expect([...new Set(kms.requests)].sort()).toEqual(['Decrypt', 'DescribeKey', 'GenerateDataKey']);
    expect(parseEnvelope(await readFile(rotated.file, 'utf8')).algorithm).toBe('AWS-KMS+AES-256-GCM+CONTEXT');
    says('docs/providers.md', '`algorithm` is `AWS-KMS+AES-256-GCM+CONTEXT`');
  });

  test('opens no envelope of version 1 for a steward, and each for a custodian', async () => {
    says('docs/providers.md', 'let the policy ask for `facts`, as the one below does for stewards.');
    const golden = JSON.parse(readText('test/vectors/envelopes.json')) as {
      readonly kmsKey: { readonly arn: string; readonly material: string };
      readonly envelopes: Readonly<Record<string, string>>;
    };
    key = kms.createKey('member', {
      arn: golden.kmsKey.arn,
      material: Buffer.from(golden.kmsKey.material, 'base64'),
    });
    const old = parseEnvelope(golden.envelopes['aws-kms'] ?? '');
    const context = {
      env: {},
      cwd: '/',
      warn: () => undefined,
      askPassphrase: () => Promise.reject(new Error('asked')),
    };
    await using provider = await openProvider(`aws-kms:${kms.uri(key.arn)}`, context);
    actAs('key-custodian');
    using secret = await provider.unwrap(old);
    using expected = madeSecret();
    expect(secret?.equals(expected)).toBe(true);
    actAs('data-steward');
    // The policy names a collaboration, which is not that of the envelope.
    key.requiredContext = { ...key.requiredContext, collaborationId: COLLABORATION };
    await using stewards = await openProvider(`aws-kms:${kms.uri(key.arn)}`, context);
    await expect(stewards.unwrap(old)).rejects.toMatchObject({ code: 'CUSTODY_DENIED' });
  });
});

test('a key in a token may encrypt and decrypt, and cannot be modified: whoever has the PIN makes envelopes', async () => {
  says('docs/providers.md', 'the key that sealroom makes may both encrypt and decrypt and cannot be modified');
  says('docs/providers.md', 'Whoever has the PIN can make envelopes.');
  says('docs/roles.md', 'a token knows no roles');
  await using home = await HomeSession.start({
    'module.so': '',
    'token.json': JSON.stringify({ slots: ['one'], pin: '1', tries: 3, keys: [] }),
  });
  const env = {
    NODE_PATH: join(import.meta.dirname, '../support/node-path'),
    STAND_IN_TOKEN: home.path('token.json'),
  };
  const context = { env, cwd: tmpdir(), warn: () => undefined, askPassphrase: () => Promise.resolve('1') };
  const uri = `pkcs11:token=one;object=w?module-path=${home.path('module.so')}`;
  // Two people with the one PIN that there is.
  for (const person of ['custodian', 'steward']) {
    await using provider = await openProvider(uri, context);
    using secret = madeSecret();
    const envelope = await provider.wrap(secret, factsOf(secret));
    using opened = await provider.unwrap(envelope);
    expect(opened?.equals(secret), person).toBe(true);
  }
  const { keys } = JSON.parse(await home.session.text('token.json')) as {
    readonly keys: readonly { readonly attributes: Readonly<Record<string, unknown>> }[];
  };
  // Encrypt, decrypt, modifiable: attributes by their place in the stand-in.
  expect(keys.map(({ attributes }) => [attributes['8'], attributes['9'], attributes['19']])).toEqual([
    [true, true, false],
  ]);
});

test('the log of a home proves nothing against who has the home, unless a checkpoint was kept elsewhere', async () => {
  says('docs/keys.md', 'So it proves nothing against someone who **has** the home');
  says('docs/roles.md', 'a person who has the home can sign a different log, or remove the log');
  await using home = await HomeSession.start({ 'in.csv': 'a\nx\n', 's.json': SCHEMA });
  await home.done(['key', 'create', '--id', ID, '--key', 'age:a.key']);
  await home.done(ENCRYPT);
  await home.session.put('seen', (await home.done(['audit', 'checkpoint'])).out);
  await home.done(['audit', 'verify', '--seen', 'seen']);
  const before = (await home.events()).length;
  // The same signer, a shorter log: what `log.key` beside the log makes possible.
  await rm(home.path('home/log'), { recursive: true });
  await home.done(['key', 'show', '--check']);
  expect((await home.events()).length).toBeLessThan(before);
  await home.done(['audit', 'verify']);
  expect((await home.run(['audit', 'verify', '--seen', 'seen'])).code).toBe(4);
});

test('the id that is read out decides which envelope gets into a home, whoever exchanged it on the way', async () => {
  says('docs/roles.md', 'with `--secret-id` takes only the secret that the custodian names');
  says('docs/roles.md', 'whoever can **exchange** it on the way can put in an envelope of their own');
  await using home = await HomeSession.start();
  for (const [name, key] of [
    ['kim', 'age:a.key'],
    ['eve', 'age:b.key'],
  ] as const) {
    await mkdir(home.path(name), { mode: 0o700 });
    await home.done(['key', 'create', '--id', ID, '--key', key, '--home', name]);
  }
  const shown = (await home.done(['key', 'show', '--home', 'kim'])).out;
  const id = /secret ([0-9a-f]{32})/.exec(shown)?.[1] ?? '';
  const adopt = (name: string) =>
    home.run(['key', 'adopt', `${name}/collaborations/${ID}/generation-1.json`, '--secret-id', id, '--yes']);
  expect((await adopt('eve')).code).toBe(1);
  expect((await adopt('kim')).code).toBe(0);
  // What is in the home now names the key of kim, and is opened with nothing else.
  await writeFile(home.path('a.key'), await readFile(home.path('b.key')), { mode: 0o600 });
  expect((await home.run(['key', 'export-c3r', '--id', ID, '--yes'])).code).toBe(1);
});
