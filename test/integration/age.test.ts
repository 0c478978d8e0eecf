import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AgeKind, openAge, parseIdentities, sealAge } from '#src/age/index';
import { parseCollaborationId, sharedSecretFromBytes } from '#src/crypto/index';
import { receiveSecret, requestSecret, sendSecret } from '#src/custody/exchange/hand-over';
import { initMember } from '#src/custody/exchange/member';
import { pinCard } from '#src/custody/exchange/card-store';
import { memberHome, type MemberHome } from '#src/custody/home';
import { storeEnvelope } from '#src/custody/envelope-store';
import type { ProviderContext } from '#src/custody/providers/provider';
import { openProvider } from '#src/custody/providers/open-provider';
import { fullSecretIdOf } from '#src/custody/secret';
import { debianAge, goAge, Unavailable } from './tools/toolbox.mjs';

// The second implementation of age files: the age command, in both directions. Debian's knows keys of X25519, the one of the Go
// module post-quantum ones too. Wakes where they can be installed; with CI=true they must be.
interface Tools {
  readonly age: string;
  readonly keygen: string;
}

function available(find: () => Tools): Tools | null {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof Unavailable) || (process.env['CI'] ?? '') !== '') throw error;
    console.log(`skipped: ${error.message}`);
    return null;
  }
}

const COMMANDS: readonly { readonly name: string; readonly tools: Tools | null; readonly kind: AgeKind }[] = [
  { name: "Debian's age", tools: available(debianAge), kind: 'X25519' },
  { name: "Go's age", tools: available(goAge), kind: 'X25519' },
  { name: "Go's age", tools: available(goAge), kind: 'mlkem768x25519' },
];

const ID = parseCollaborationId('5ea1ed00-d3a0-4c0f-8a00-00000000de30');
const NOW = new Date('2026-11-24T12:00:00.000Z');
const SECRET = Uint8Array.from({ length: 32 }, (_, index) => index);
const CONTEXT: ProviderContext = {
  env: {},
  cwd: '/',
  askPassphrase: () => Promise.reject(new Error('asked')),
  warn: () => undefined,
};

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealroom-age-'));
});

afterAll(() => rm(folder, { recursive: true }));

function run(program: string, args: readonly string[], input?: Uint8Array): Buffer {
  const done = spawnSync(program, args, { input, cwd: folder });
  if (done.status !== 0) throw new Error(done.stderr.toString());
  return done.stdout;
}

const homeOf = (name: string): MemberHome => memberHome({}, { cwd: folder, home: name });

const envelopeFacts = {
  collaborationId: ID,
  generation: 1,
  secretId: fullSecretIdOf(sharedSecretFromBytes(SECRET), ID),
  created: NOW.toISOString(),
  isRoleBound: false,
};

async function hold(home: MemberHome): Promise<void> {
  using secret = sharedSecretFromBytes(SECRET);
  await using provider = await openProvider(`age:${home.receivingKey}`, CONTEXT);
  await storeEnvelope(home, await provider.wrap(secret, envelopeFacts), { provider, secret, replaced: null });
}

for (const { name, tools, kind } of COMMANDS) {
  describe.skipIf(tools === null)(`${name}, ${kind}`, () => {
    const { age, keygen } = tools ?? { age: '', keygen: '' };
    const prefix = `${name.replace(/\W/g, '')}-${kind}`;

    /** An identity file that the command made. */
    async function makeIdentityFile(file: string): Promise<void> {
      run(keygen, kind === 'X25519' ? ['-o', file] : ['-pq', '-o', file]);
      expect(await parseIdentities(await readFile(file, 'utf8'))).toHaveLength(1);
    }

    test('the key of a member opens what the command encrypted to its card, and the command what it opens', async () => {
      const home = homeOf(`${prefix}-ours`);
      const { body } = await initMember(home, { id: 'ours', name: 'Ours', kind, now: NOW });
      expect(run(keygen, ['-y', home.receivingKey]).toString().trim()).toBe(body.receive);
      const identities = await parseIdentities(await readFile(home.receivingKey, 'utf8'));
      const theirs = run(age, ['-r', body.receive], SECRET);
      expect(await openAge(theirs, { identities })).toEqual({ kind: 'opened', bytes: SECRET });
      const ours = await sealAge(SECRET, { recipients: [body.receive] });
      expect(run(age, ['-d', '-i', home.receivingKey], ours)).toEqual(Buffer.from(SECRET));
    });

    test('an identity that the command made is a key of the provider, and the command opens its envelopes', async () => {
      const file = join(folder, `${prefix}-provider.key`);
      await makeIdentityFile(file);
      using secret = sharedSecretFromBytes(SECRET);
      await using provider = await openProvider(`age:${file}`, CONTEXT);
      const envelope = await provider.wrap(secret, envelopeFacts);
      using opened = await provider.unwrap(envelope);
      expect(opened?.equals(secret)).toBe(true);
      const content = run(age, ['-d', '-i', file], Buffer.from(envelope.wrapped, 'base64'));
      expect(content.includes(Buffer.from(SECRET))).toBe(true);
    });

    test('a member whose receiving key the command made gets a secret, in a parcel that the command opens', async () => {
      const [alice, bob] = [homeOf(`${prefix}-alice`), homeOf(`${prefix}-bob`)];
      await mkdir(bob.directory, { mode: 0o700 });
      await makeIdentityFile(bob.receivingKey);
      const cards = {
        alice: await initMember(alice, { id: 'alice', name: 'Alice', kind, now: NOW }),
        bob: await initMember(bob, { id: 'bob', name: 'Bob', kind, now: NOW }),
      };
      await pinCard(alice, cards.bob, { replaces: false });
      await pinCard(bob, cards.alice, { replaces: false });
      await hold(alice);
      const asked = { collaborationId: ID, generation: null, days: 7, now: NOW };
      const request = await requestSecret(bob, { from: cards.alice, ...asked });
      const { parcel } = await sendSecret(alice, {
        to: cards.bob,
        request,
        key: null,
        context: CONTEXT,
        authorise: () => Promise.resolve(),
        now: NOW,
      });
      const content = run(age, ['-d', '-i', bob.receivingKey], parcel);
      expect(content.subarray(-SECRET.length)).toEqual(Buffer.from(SECRET));
      // The command seals it again: nothing hangs on which program made the age file.
      const again = run(age, ['-r', cards.bob.body.receive], content);
      const received = await receiveSecret(bob, {
        parcel: again,
        key: `age:${bob.receivingKey}`,
        context: CONTEXT,
        authorise: () => Promise.resolve(),
        now: NOW,
      });
      expect(received.stored.envelope).toMatchObject({ generation: 1, secretId: envelopeFacts.secretId });
    });
  });
}

const go = COMMANDS[2]?.tools ?? null;

describe.skipIf(go === null)('kinds', () => {
  test('are not mixed in one file: the command refuses as we do', () => {
    const { age, keygen } = go ?? { age: '', keygen: '' };
    const recipients = ['-pq', ''].map((option) => {
      const file = join(folder, `mixed${option}.key`);
      run(keygen, [...(option === '' ? [] : [option]), '-o', file]);
      return run(keygen, ['-y', file]).toString().trim();
    });
    const all = recipients.flatMap((recipient) => ['-r', recipient]);
    expect(() => run(age, all, SECRET)).toThrow(/mix/);
  });
});
