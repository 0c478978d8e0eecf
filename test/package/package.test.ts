import { createHash, generateKeyPairSync } from 'node:crypto';
import { Encrypter, generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { createTar } from 'nanotar';
import { generateSignerText, parseSigner, signNote } from 'sealroom/audit';
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
import { printResultStatement } from '#src/package/statement';
import { manifestOfContext } from '../support/manifests.ts';

const TABLE = new TextEncoder().encode('the bytes of a table');
const HASH = 'ab'.repeat(32);

const STATEMENT: ResultStatement = {
  version: 1,
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
};

const signer = parseSigner(generateSignerText('room.example/spring'));
const other = parseSigner(generateSignerText('room.example/spring'));
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

async function sealFor(identity: string, statement = STATEMENT, table = TABLE): Promise<Uint8Array> {
  const recipients = recipientsOf(manifestWith({ brand: await identityToRecipient(identity) }), ['brand']);
  return sealPackage(statement, table, recipients, signer);
}

/** A package of files that nobody checked, for a recipient. */
async function forge(
  files: Parameters<typeof createTar>[0],
  change = (bytes: Uint8Array) => bytes,
): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(classic));
  return encrypter.encrypt(change(createTar(files)));
}

const note = (statement: object = STATEMENT, by = signer): string =>
  signNote(printResultStatement(statement as ResultStatement), [by]);

const open = (bytes: Uint8Array, identity = classic): ReturnType<typeof openPackage> =>
  openPackage(bytes, [identity], [signer.verifier]);

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
    const statement = { ...STATEMENT, receivers: ['pub', 'brand'] };
    const bytes = await sealPackage(statement, TABLE, recipients, signer);
    for (const identity of [classic, second]) expect((await open(bytes, identity)).statement).toEqual(statement);
    expect((await openPackage(bytes, [hybrid, second], [signer.verifier])).statement.rows).toBe(3);
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
    await expect(sealPackage(STATEMENT, TABLE, recipients, signer)).rejects.toThrow(/for others/);
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
    [
      'another room, of the same name',
      () => [
        { name: 'statement.note', data: note(STATEMENT, other) },
        { name: 'result.arrow', data: TABLE },
      ],
      'AUDIT_NOTE',
    ],
    [
      'nobody',
      () => [
        { name: 'statement.note', data: printResultStatement(STATEMENT) },
        { name: 'result.arrow', data: TABLE },
      ],
      'AUDIT_NOTE',
    ],
  ])('a statement that is signed by %s', async (_, files, code) => {
    await expect(open(await forge(files()))).rejects.toMatchObject({ code });
  });

  test.each([
    [
      'another table',
      () => [
        { name: 'statement.note', data: note() },
        { name: 'result.arrow', data: 'another table' },
      ],
    ],
    ['no table', () => [{ name: 'statement.note', data: note() }]],
    [
      'a third file',
      () => [
        { name: 'statement.note', data: note() },
        { name: 'result.arrow', data: TABLE },
        { name: 'x', data: 'x' },
      ],
    ],
    [
      'other names',
      () => [
        { name: 'statement', data: note() },
        { name: 'result.arrow', data: TABLE },
      ],
    ],
    [
      'another order',
      () => [
        { name: 'result.arrow', data: TABLE },
        { name: 'statement.note', data: note() },
      ],
    ],
    [
      'a statement of a later version',
      () => [
        { name: 'statement.note', data: note({ ...STATEMENT, version: 2 }) },
        { name: 'result.arrow', data: TABLE },
      ],
    ],
    [
      'a statement that says more',
      () => [
        { name: 'statement.note', data: note({ ...STATEMENT, more: 1 }) },
        { name: 'result.arrow', data: TABLE },
      ],
    ],
    [
      'a note that is no statement',
      () => [
        { name: 'statement.note', data: signNote('room.example/spring\n0\nAAAA\n', [signer]) },
        { name: 'result.arrow', data: TABLE },
      ],
    ],
    ['nothing', () => []],
  ])('a package with %s', async (_, files) => {
    await expect(open(await forge(files()))).rejects.toMatchObject({ code: 'FORMAT_PACKAGE' });
  });

  test('an archive with sizes that lead nowhere', async () => {
    const files = [
      { name: 'statement.note', data: note() },
      { name: 'result.arrow', data: TABLE },
    ];
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
