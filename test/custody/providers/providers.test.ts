import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sharedSecretFromBytes } from 'sealroom/crypto';
import { openAge, sealAge } from '#src/age/index';
import { openAgeIdentity } from '#src/custody/providers/age/age';
import type { Envelope } from '#src/custody/envelope';
import { EnvelopeProvider } from '#src/custody/providers/envelope-provider';
import { openEnv } from '#src/custody/providers/insecure/env';
import { openSecretFile } from '#src/custody/providers/insecure/file';
import { openKeystore } from '#src/custody/providers/keystore/keystore';
import type { KeyProvider, PassphraseRequest, ProviderContext } from '#src/custody/providers/provider';
import { openProvider } from '#src/custody/providers/open-provider';
import { codeOf, errorOf, expectNoSecret, factsOf, keepsContract, madeSecret } from './contract.ts';

const PASSPHRASE = 'correct horse';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealroom-test-'));
  await writeIdentities('x25519.key', [await generateX25519Identity()]);
  await writeIdentities('other.key', [await generateX25519Identity()]);
  await writeIdentities('hybrid.key', [await generateHybridIdentity()]);
  await writeFile(join(folder, 'broken'), 'not a key', { mode: 0o600 });
});

afterAll(() => rm(folder, { recursive: true }));

/** As `age-keygen -o` writes it. */
async function writeIdentities(name: string, identities: readonly string[]): Promise<void> {
  const blocks = await Promise.all(
    identities.map(
      async (identity) =>
        `# created: 2026-11-24T10:00:00Z\n# public key: ${await identityToRecipient(identity)}\n${identity}\n`,
    ),
  );
  await writeFile(join(folder, name), blocks.join(''), { mode: 0o600 });
}

interface Told {
  readonly warnings: string[];
  readonly questions: PassphraseRequest[];
}

function context(changes: Partial<ProviderContext> = {}): ProviderContext & Told {
  const told: Told = { warnings: [], questions: [] };
  return {
    ...told,
    env: {},
    cwd: folder,
    warn: (message) => told.warnings.push(message),
    askPassphrase: (question) => {
      told.questions.push(question);
      return Promise.resolve(PASSPHRASE);
    },
    ...changes,
  };
}

function base64(first: number): string {
  return Buffer.from(Uint8Array.from({ length: 32 }, (_, index) => index + first)).toString('base64');
}

const SECRET_TEXT = base64(101);
const soon = (provider: KeyProvider): Promise<KeyProvider> => Promise.resolve(provider);
const keystoreIn = (file: string, context: ProviderContext): KeyProvider =>
  new EnvelopeProvider('keystore', openKeystore(file, { scryptLogN: 4, ...context }));
const keystore = (file: string, changes: Partial<ProviderContext> = {}): KeyProvider =>
  keystoreIn(file, context(changes));
const age = (file: string): KeyProvider => new EnvelopeProvider('age', openAgeIdentity(file, context()));
const env = (context: ProviderContext): KeyProvider => new EnvelopeProvider('env', openEnv('SECRET', context));
const file = (name: string): KeyProvider => new EnvelopeProvider('file', openSecretFile(name, context()));

keepsContract('keystore', {
  open: () => soon(keystore('keys')),
  openOther: async () => {
    const other = keystore('others');
    using secret = madeSecret();
    await other.wrap(secret, factsOf(secret));
    return other;
  },
  openUnreachable: () => soon(keystore('broken')),
  unreachableCode: 'SECRET_INVALID',
});

keepsContract('age', {
  open: () => soon(age('x25519.key')),
  openOther: () => soon(age('other.key')),
  openUnreachable: () => soon(age('broken')),
  unreachableCode: 'SECRET_INVALID',
});

keepsContract('age, post-quantum', {
  open: () => soon(age('hybrid.key')),
  openOther: () => soon(age('x25519.key')),
  openUnreachable: () => soon(age('missing')),
  unreachableCode: 'SECRET_INVALID',
});

keepsContract('env', {
  open: () => soon(env(context({ env: { SECRET: SECRET_TEXT } }))),
  openOther: () => soon(env(context({ env: { SECRET: base64(9) } }))),
  openUnreachable: () => soon(env(context())),
  unreachableCode: 'SECRET_MISSING',
  isPlaintext: true,
});

keepsContract('file', {
  open: () => soon(file('secret')),
  openOther: async () => {
    await writeFile(join(folder, 'another'), base64(9), { mode: 0o600 });
    return file('another');
  },
  openUnreachable: () => soon(file('broken')),
  unreachableCode: 'SECRET_INVALID',
  isPlaintext: true,
});

async function wrapWith(provider: KeyProvider): Promise<Envelope> {
  using secret = madeSecret();
  return await provider.wrap(secret, factsOf(secret));
}

describe('openProvider', () => {
  test('chooses by scheme', async () => {
    await using provider = await openProvider('age:x25519.key', context());
    expect(await provider.describe()).toMatchObject({ key: `age:${join(folder, 'x25519.key')}`, problem: null });
  });

  test.each([
    'vault:secret/x',
    SECRET_TEXT,
    'keystore:',
    'age:',
    'file:',
    'env:',
    `env:${SECRET_TEXT}`,
    `x:${SECRET_TEXT}`,
  ])('refuses `%s`, says what is known, and does not repeat it', async (uri) => {
    const error = await errorOf(() => openProvider(uri, context()));
    expect(error).toMatchObject({ code: 'USAGE_OPTION' });
    expectNoSecret(error);
    expect((await codeOf(() => openProvider(uri, context()))) === 'USAGE_OPTION').toBe(true);
  });

  test('an unknown scheme is told the known ones', async () => {
    const error = await errorOf(() => openProvider('vault:x', context()));
    for (const scheme of ['keystore', 'age', 'env', 'file'])
      expect(error).toMatchObject({ hint: expect.stringContaining(`\`${scheme}:\``) as string });
  });
});

describe('a keystore', () => {
  test('is made with a new passphrase, for its owner only, and is opened with it later', async () => {
    const making = context();
    const envelope = await wrapWith(keystoreIn('made/here', making));
    expect(making.questions).toEqual([{ what: `keystore ${join(folder, 'made/here')}`, isNew: true }]);
    expect((await stat(join(folder, 'made/here'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'made'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(folder, 'made'))).toEqual(['here']);
    const opening = context();
    await using provider = keystoreIn('made/here', opening);
    using opened = await provider.unwrap(envelope);
    using again = await provider.unwrap(envelope);
    using secret = madeSecret();
    expect([opened?.equals(secret), again?.equals(secret)]).toEqual([true, true]);
    expect(opening.questions.map(({ isNew }) => isNew)).toEqual([false]);
  });

  test('refuses another passphrase and an empty one, and asks again', async () => {
    const envelope = await wrapWith(keystore('wrong'));
    const answers = ['guess', '', PASSPHRASE];
    await using provider = keystore('wrong', { askPassphrase: () => Promise.resolve(answers.shift() ?? '') });
    expect(await codeOf(() => provider.unwrap(envelope))).toBe('SECRET_INVALID');
    expect(await codeOf(() => provider.unwrap(envelope))).toBe('SECRET_INVALID');
    using opened = await provider.unwrap(envelope);
    expect(opened).not.toBeNull();
    await using none = keystore('empty', { askPassphrase: () => Promise.resolve('') });
    expect(await codeOf(() => wrapWith(none))).toBe('SECRET_INVALID');
    expect(await readdir(folder)).not.toContain('empty');
  });

  test('of two that are made at once, one is, and nothing is lost', async () => {
    const outcomes = await Promise.allSettled([wrapWith(keystore('race')), wrapWith(keystore('race'))]);
    const made = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const [envelope] = made;
    if (envelope === undefined) throw new Error('expected a keystore');
    await using provider = keystore('race');
    for (const each of made) {
      using opened = await provider.unwrap(each);
      expect(opened).not.toBeNull();
    }
  });

  test('that is open to others, damaged, or something else is refused', async () => {
    const envelope = await wrapWith(keystore('fault'));
    const path = join(folder, 'fault');
    const good = await readFile(path);
    for (let at = 0; at < good.length; at++) {
      const changed = Buffer.from(good);
      changed[at] = (changed[at] ?? 0) ^ 1;
      // A changed work factor is a longer wait, or refused.
      if (at >= good.indexOf(' 4\n') && at < good.indexOf(' 4\n') + 3) continue;
      await writeFile(path, changed);
      expect(await codeOf(() => keystore('fault').unwrap(envelope)), `byte ${String(at)}`).toBe('SECRET_INVALID');
    }
    await writeFile(path, await sealAge(Buffer.from('another file'), { passphrase: PASSPHRASE, scryptLogN: 4 }));
    expect(await codeOf(() => keystore('fault').unwrap(envelope))).toBe('SECRET_INVALID');
    await writeFile(path, good);
    await chmod(path, 0o640);
    expect(await codeOf(() => keystore('fault').unwrap(envelope))).toBe('SECRET_INVALID');
    expect(await codeOf(() => wrapWith(keystore('fault')))).toBe('SECRET_INVALID');
  });

  test('is what the age command opens', async () => {
    await wrapWith(keystore('plain'));
    const opened = await openAge(await readFile(join(folder, 'plain')), { passphrase: PASSPHRASE });
    if (opened.kind !== 'opened') throw new Error(opened.kind);
    expect(Buffer.from(opened.bytes).toString('latin1')).toMatch(/^sealroom keystore v1\n[^]{32}$/);
  });
});

describe('an age identity file', () => {
  test('seals to its first identity and opens what any of them was sealed to', async () => {
    const [old, young] = [await generateX25519Identity(), await generateHybridIdentity()];
    await writeIdentities('ring.key', [old]);
    const before = await wrapWith(age('ring.key'));
    await writeIdentities('ring.key', [young, old]);
    const after = await wrapWith(age('ring.key'));
    expect([before.algorithm, after.algorithm]).toEqual(['age-X25519+HMAC-SHA-256', 'age-mlkem768x25519+HMAC-SHA-256']);
    for (const envelope of [before, after]) {
      using opened = await age('ring.key').unwrap(envelope);
      expect(opened).not.toBeNull();
    }
  });

  test('does not open an envelope that somebody made who knows its recipient only', async () => {
    const [identity = ''] = (await readFile(join(folder, 'x25519.key'), 'utf8')).split('\n').slice(2);
    const envelope = await wrapWith(age('x25519.key'));
    const plain = Buffer.concat([Buffer.alloc(32), Buffer.alloc(32, 7)]);
    const forged = await sealAge(plain, { recipients: [await identityToRecipient(identity)] });
    using secret = sharedSecretFromBytes(Buffer.alloc(32, 7));
    const changed = { ...envelope, ...factsOf(secret), wrapped: Buffer.from(forged).toString('base64') };
    expect(await codeOf(() => age('x25519.key').unwrap(changed))).toBe('CUSTODY_ENVELOPE');
  });
});

describe('insecure keys', () => {
  test('warn, once for each provider', async () => {
    const warned = context({ env: { SECRET: SECRET_TEXT } });
    await using provider = env(warned);
    const envelope = await wrapWith(provider);
    using opened = await provider.unwrap(envelope);
    expect(opened).not.toBeNull();
    expect(warned.warnings).toHaveLength(1);
    expectNoSecret(warned.warnings);
  });

  test('a variable must hold the secret already', async () => {
    const error = await errorOf(() => wrapWith(env(context({ env: { SECRET: base64(9) } }))));
    expect(error).toMatchObject({ code: 'SECRET_INVALID', hint: expect.stringContaining('`SECRET`') as string });
    expect(await codeOf(() => wrapWith(env(context())))).toBe('SECRET_MISSING');
  });

  test('a file is written once, for its owner only, and never over another secret', async () => {
    await wrapWith(file('~x/bare'));
    const path = join(folder, '~x/bare');
    expect(await readFile(path, 'utf8')).toBe(SECRET_TEXT);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await wrapWith(file('~x/bare'));
    await writeFile(path, base64(9));
    expect(await codeOf(() => wrapWith(file('~x/bare')))).toBe('IO_EXISTS');
    expect(await readFile(path, 'utf8')).toBe(base64(9));
    await chmod(path, 0o644);
    expect((await file('~x/bare').describe()).problem).toContain('the secret file is open to other users');
  });
});
