import { createHash, generateKeyPairSync } from 'node:crypto';
import { Encrypter, generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { createTar } from 'nanotar';
import fc from 'fast-check';
import { SealroomError } from 'sealroom';
import { type AttemptEvent, generateSignerText, openCheckpoint, parseSigner, signNote } from 'sealroom/audit';
import { type Manifest, parseManifest } from 'sealroom/collab';
import {
  isPackage,
  openPackage,
  parseIdentities,
  recipientsOf,
  type ResultStatement,
  sealPackage,
} from 'sealroom/package';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkAttemptRecord } from '#src/package/attempt-record';
import { readContainer, writeContainer } from '#src/package/container';
import { parseResultStatement, printResultStatement } from '#src/package/statement';
import { manifestOfContext } from '../support/manifests.ts';
import { eventOf, type LoggedResult, logResult, type ResultFacts } from '../support/packages.ts';
import { mutantsOf } from '../support/mutants.ts';
import { runs } from '../support/runs.ts';

const TABLE = new TextEncoder().encode('the bytes of a table');
const HASH = 'ab'.repeat(32);

const FACTS: ResultFacts = {
  version: 2,
  collaboration: '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33',
  manifestSha256: HASH,
  attempt: '00000000-1111-4222-8333-444444444444',
  time: '2026-11-24T12:00:00.000Z',
  member: 'brand',
  receivers: ['brand'],
  question: { template: null, parameters: {}, sql: 'SELECT 1\n\n— not a signature' },
  irSha256: HASH,
  tables: [{ table: 'impressions', owner: 'pub', ruleSha256: HASH, snapshotSha256: HASH }],
  obligations: [{ kind: 'threshold', detail: 'Each row needs at least 10.' }],
  columns: [{ name: 'n', protection: 'cleartext' }],
  rows: 3,
  isCut: false,
  result: {
    format: 'arrow',
    bytes: TABLE.length,
    sha256: createHash('sha256').update(TABLE).digest('hex'),
  },
  salt: 'cd'.repeat(32),
};

const signer = parseSigner(generateSignerText('room.example/spring'));
const other = parseSigner(generateSignerText('room.example/spring'));

/** The statement about a result and its record, signed by the room. */
const logged = (facts: ResultFacts = FACTS, event?: AttemptEvent, by = signer): LoggedResult =>
  logResult(facts, by, event);

const { statement: STATEMENT, record: RECORD } = logged();
let classic: string;
let hybrid: string;

beforeAll(async () => {
  classic = await generateX25519Identity();
  hybrid = await generateHybridIdentity();
});

function manifestWith(keys: Readonly<Record<string, string>>): Manifest {
  const manifest = manifestOfContext('agg');
  const members = (manifest['members'] as Record<string, unknown>[]).map((member) => {
    const receive = keys[String(member['id'])];
    const { sign } = member['publicKeys'] as { sign: string };
    return { ...member, publicKeys: receive === undefined ? { sign } : { sign, receive } };
  });
  return parseManifest(JSON.stringify({ ...manifest, members }));
}

async function sealFor(identity: string, { statement, record } = logged()): Promise<Uint8Array> {
  const recipients = recipientsOf(manifestWith({ brand: await identityToRecipient(identity) }), ['brand']);
  return sealPackage({ statement, table: TABLE, record }, recipients, signer);
}

type Files = Parameters<typeof createTar>[0];

/** A package of files that nobody checked, for some recipients. */
async function forge(
  files: Files,
  change = (bytes: Uint8Array) => bytes,
  identities: readonly string[] = [classic],
): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  for (const identity of identities) encrypter.addRecipient(await identityToRecipient(identity));
  return encrypter.encrypt(change(createTar(files)));
}

const note = (statement: object = STATEMENT, by = signer): string =>
  signNote(printResultStatement(statement as ResultStatement), [by]);

const open = (bytes: Uint8Array, identity = classic, member = 'brand'): ReturnType<typeof openPackage> =>
  openPackage(bytes, { member, identities: [identity], verifiers: [signer.verifier] });

/** The three files of a package. */
const filesOf = (changes: Partial<Record<'note' | 'table' | 'record', string | Uint8Array>> = {}): Files => [
  { name: 'statement.note', data: changes.note ?? note() },
  { name: 'result.arrow', data: changes.table ?? TABLE },
  { name: 'record.json', data: changes.record ?? RECORD },
];

describe('a package', () => {
  test.each([
    ['a classic key', () => classic, 'X25519'],
    ['a post-quantum key', () => hybrid, 'mlkem768x25519'],
  ])('opens for its receiver with %s', async (_, identity, stanza) => {
    const bytes = await sealFor(identity());
    expect(isPackage(bytes)).toBe(true);
    expect(Buffer.from(bytes).toString('latin1')).toContain(`\n-> ${stanza} `);
    const opened = await open(bytes, identity());
    expect(opened.statement).toEqual(STATEMENT);
    expect(opened.signedBy).toEqual(['room.example/spring']);
    expect(Buffer.from(opened.table)).toEqual(Buffer.from(TABLE));
  });

  test('opens for each of several receivers, and for one of several identities', async () => {
    const second = await generateX25519Identity();
    const keys = { brand: await identityToRecipient(classic), pub: await identityToRecipient(second) };
    const recipients = recipientsOf(manifestWith(keys), ['brand', 'pub']);
    const { statement, record } = logged({ ...FACTS, receivers: ['pub', 'brand'] });
    const bytes = await sealPackage({ statement, table: TABLE, record }, recipients, signer);
    for (const identity of [classic, second]) expect((await open(bytes, identity)).statement).toEqual(statement);
    const context = { member: 'pub', identities: [hybrid, second], verifiers: [signer.verifier] };
    expect((await openPackage(bytes, context)).statement.rows).toBe(3);
  });

  test('is for a raw X25519 key too', async () => {
    const { publicKey } = generateKeyPairSync('x25519');
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64');
    const { keys } = recipientsOf(manifestWith({ brand: `x25519:${raw}` }), ['brand']);
    expect(keys).toEqual([expect.stringMatching(/^age1[a-z0-9]{58}$/)]);
  });
});

describe('refused is', () => {
  test('a receiver without a key, and keys of two kinds', async () => {
    const keys = { brand: await identityToRecipient(hybrid), pub: await identityToRecipient(classic) };
    expect(() => recipientsOf(manifestWith({}), ['brand'])).toThrow(/brand has no key for results/);
    expect(() => recipientsOf(manifestWith(keys), [])).toThrow(/a package needs a receiver/);
    expect(() => recipientsOf(manifestWith(keys), ['brand', 'pub'])).toThrow(
      /some receivers have post-quantum keys and others do not/,
    );
  });

  test('to seal for others than the statement names', async () => {
    const recipients = recipientsOf(manifestWith({ pub: await identityToRecipient(classic) }), ['pub']);
    const result = { statement: STATEMENT, table: TABLE, record: RECORD };
    await expect(sealPackage(result, recipients, signer)).rejects.toThrow(/for others/);
  });

  test('an identity that it is not for', async () => {
    const bytes = await sealFor(classic);
    for (const identity of [await generateX25519Identity(), hybrid]) {
      await expect(open(bytes, identity)).rejects.toMatchObject({ code: 'SECRET_IDENTITY' });
    }
  });

  test('any bit that was changed, and any end that is missing', async () => {
    const bytes = await sealFor(classic);
    for (let at = 0; at < bytes.length; at += 37) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(open(changed)).rejects.toMatchObject({
        code: expect.stringMatching(/^(FORMAT_PACKAGE|SECRET_IDENTITY)$/),
      });
      await expect(open(bytes.subarray(0, at))).rejects.toMatchObject({
        code: expect.stringMatching(/^(FORMAT|SECRET)_/),
      });
    }
  });

  test.each([
    ['another room, of the same name', () => filesOf({ note: note(STATEMENT, other) }), 'AUDIT_NOTE'],
    ['nobody', () => filesOf({ note: printResultStatement(STATEMENT) }), 'AUDIT_NOTE'],
  ])('a statement that is signed by %s', async (_, files, code) => {
    await expect(open(await forge(files()))).rejects.toMatchObject({ code });
  });

  test.each([
    ['another table', () => filesOf({ table: 'another table' })],
    ['no table', () => filesOf().filter(({ name }) => name !== 'result.arrow')],
    ['no record', () => filesOf().slice(0, 2)],
    ['a fourth file', () => [...filesOf(), { name: 'x', data: 'x' }]],
    ['other names', () => filesOf().map((file) => ({ ...file, name: file.name.replace('.note', '') }))],
    ['another order', () => filesOf().toReversed()],
    ['a statement of a later version', () => filesOf({ note: note({ ...STATEMENT, version: 3 }) })],
    ['a statement that says more', () => filesOf({ note: note({ ...STATEMENT, more: 1 }) })],
    ['a note that is no statement', () => filesOf({ note: signNote('room.example/spring\n0\nAAAA\n', [signer]) })],
    ['nothing', () => []],
  ])('a package with %s', async (_, files) => {
    await expect(open(await forge(files()))).rejects.toMatchObject({ code: 'FORMAT_PACKAGE' });
  });

  test('an archive with sizes that lead nowhere', async () => {
    const files = filesOf();
    for (const size of ['-1000\0\0\0\0\0\0\0', '77777777777\0', 'xxxxxxxxxxx\0', '\xff'.repeat(12)]) {
      const bytes = await forge(files, (tar) => {
        Buffer.from(tar.buffer).write(size, 124, 'latin1');
        return tar;
      });
      await expect(open(bytes)).rejects.toMatchObject({ code: 'FORMAT_PACKAGE' });
    }
  });

  test('a file that is no package', async () => {
    await expect(open(TABLE)).rejects.toMatchObject({ code: 'FORMAT_PACKAGE' });
    expect(isPackage(TABLE)).toBe(false);
  });
});

describe('a package that was passed on', () => {
  test('does not open for a member that is not its receiver, whatever the key', async () => {
    const bytes = await forge(filesOf());
    expect((await open(bytes)).statement).toEqual(STATEMENT);
    await expect(open(bytes, classic, 'pub')).rejects.toMatchObject({
      code: 'FORMAT_PACKAGE',
      message: 'the package is for brand, not for pub',
    });
  });

  test('does not open if it has more or fewer keys than receivers, or keys of two kinds', async () => {
    const second = await generateX25519Identity();
    const { statement, record } = logged({ ...FACTS, receivers: ['pub', 'brand'] });
    const forTwo = filesOf({ note: note(statement), record });
    const same = (bytes: Uint8Array): Uint8Array => bytes;
    expect((await open(await forge(forTwo, same, [classic, second]))).statement).toEqual(statement);
    for (const [files, identities] of [
      [filesOf(), [classic, second]],
      [forTwo, [classic]],
      [forTwo, [classic, hybrid]],
      [forTwo, [classic, second, hybrid]],
    ] as const) {
      await expect(open(await forge(files, same, identities))).rejects.toMatchObject({
        code: 'FORMAT_PACKAGE',
        message: expect.stringContaining('not encrypted to its receivers'),
      });
    }
    const locked = new Encrypter();
    locked.setPassphrase('x');
    locked.setScryptWorkFactor(4);
    const bytes = await locked.encrypt(createTar(filesOf()));
    await expect(open(bytes)).rejects.toMatchObject({ code: expect.stringMatching(/^(FORMAT|SECRET)_/) });
  });
});

describe('A-52 the record in a package', () => {
  test('has its proof under the checkpoint of the room, with the text or with salted hashes', async () => {
    for (const keepText of [true, false]) {
      const made = logged(FACTS, eventOf(FACTS, keepText));
      const { checkpoint } = await open(await sealFor(classic, made));
      expect(openCheckpoint(checkpoint, [signer.verifier])).toMatchObject({ size: 2, origin: 'room.example/spring' });
      expect(made.record.includes('SELECT')).toBe(keepText);
    }
  });

  test.each<readonly [string, object]>([
    ['another attempt', { attempt: '00000000-1111-4222-8333-444444444445' }],
    ['another member', { member: 'pub' }],
    ['other receivers', { receivers: ['brand', 'pub'] }],
    ['another manifest', { manifestSha256: 'cd'.repeat(32) }],
    ['other tables', { tables: [] }],
    ['another text', { question: { template: null, parameters: {}, sql: 'SELECT 1', sqlSha256: HASH } }],
    ['parameters', { question: { ...eventOf(FACTS).question, parameters: { a: '1' } } }],
    ['more rows', { outcome: { ...eventOf(FACTS).outcome, rows: 4 } }],
    ['another result', { outcome: { ...eventOf(FACTS).outcome, saltedResultSha256: HASH } }],
    ['a failure', { outcome: { kind: 'failed', code: 'TIMEOUT', duration: 'longer' } }],
    [
      'another salted text',
      { ...eventOf(FACTS, false), question: { template: null, saltedParameters: {}, saltedSqlSha256: HASH } },
    ],
    ['another salted query', { ...eventOf(FACTS, false), saltedIrSha256: HASH }],
  ])('must not say %s', async (_, changes) => {
    const made = logged(FACTS, { ...eventOf(FACTS), ...changes });
    await expect(open(await sealFor(classic, made))).rejects.toMatchObject({ code: 'FORMAT_PACKAGE' });
  });

  test('must be in a log that the same room signed', async () => {
    const stranger = parseSigner(generateSignerText('room.example/autumn'));
    const made = logged(FACTS, eventOf(FACTS), stranger);
    await expect(open(await sealFor(classic, made))).rejects.toMatchObject({ code: 'AUDIT_NOTE' });
    const verifiers = [signer.verifier, stranger.verifier];
    const opened = openPackage(await sealFor(classic, made), { member: 'brand', identities: [classic], verifiers });
    await expect(opened).rejects.toThrow('its audit log is that of another room');
    const unproven = { statement: logged({ ...FACTS, rows: 4 }).statement, record: RECORD };
    await expect(open(await sealFor(classic, unproven))).rejects.toMatchObject({ code: 'AUDIT_PROOF' });
  });

  test('a package of version 1 is refused by its version', async () => {
    const old = signNote(printResultStatement(STATEMENT).replace('result v2', 'result v1'), [signer]);
    await expect(open(await forge(filesOf({ note: old })))).rejects.toMatchObject({
      code: 'FORMAT_PACKAGE',
      message: 'the package is of another version: expected `sealroom result v2`, got `sealroom result v1`',
    });
  });
});

describe('mutants', () => {
  const context = { member: 'brand', verifiers: [signer.verifier] };

  test('of the archive and of the statement open as they were, or not at all', () => {
    const archive = writeContainer({ note: note(), table: TABLE, record: Buffer.from(RECORD) });
    const statement = Buffer.from(printResultStatement(STATEMENT));
    const record = Buffer.from(RECORD);
    fc.assert(
      fc.property(mutantsOf([archive]), mutantsOf([statement]), mutantsOf([record]), (tar, text, line) => {
        onlyCoded(() => readContainer(tar));
        onlyCoded(() => parseResultStatement(text.toString()));
        // A record is under the proof in the signed statement, so no mutant of it can pass.
        if (!line.equals(record)) {
          expect(() => checkAttemptRecord(STATEMENT, line, context.verifiers)).toThrow(SealroomError);
        }
      }),
      { seed: 12, numRuns: runs(10_000) },
    );
  });
});

/** Runs a reader on what may be malformed: it returns, or throws an error of its own. */
function onlyCoded(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(SealroomError);
  }
}

describe('identities', () => {
  test('are read from a file with comments', async () => {
    const text = `# created: today\n# public key: age1…\n${classic}\n\n${hybrid}\r\n`;
    expect(await parseIdentities(text)).toEqual([classic, hybrid]);
  });

  test.each([
    ['nothing', '# only a comment\n'],
    ['a recipient', 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'],
    ['a passphrase-protected file', 'age-encryption.org/v1\n-> scrypt AAAA 18\n'],
    ['an identity with a letter changed', 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEA'],
  ])('are not read from %s, which is not quoted', async (_, text) => {
    const error = await parseIdentities(text, { file: 'me.age' }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'SECRET_INVALID', where: { file: 'me.age' } });
    expect(String(error)).not.toContain(text.slice(0, 20));
  });
});
