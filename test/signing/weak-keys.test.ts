import { createPublicKey, verify as verifyWithOpenSsl } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import canonicalize from 'canonicalize';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseManifest, verifyManifest } from 'sealroom/collab';
import {
  checkConsistencyProof,
  checkInclusionProof,
  hashLeaf,
  openCheckpoint,
  openNote,
  parseVerifier,
  type Verifier,
  verifyExport,
  verifyRecords,
} from 'sealroom/audit';
import { openPackage } from 'sealroom/package';
import { sealAge } from '#src/age/index';
import { encodeBase64, encodeUtf8 } from '#src/bytes/index';
import { parseCard, type SignedCard } from '#src/custody/exchange/card';
import { openParcel } from '#src/custody/exchange/parcel';
import { parseRequest, requireAnswerable, type SignedRequest } from '#src/custody/exchange/request';
import { writeContainer } from '#src/package/container';
import { sha256 } from '#src/platform/index';
import { parseTableSignature } from '#src/signed-tables/parse-table-signature';
import { verifyStatement } from '#src/signing/index';
import {
  answer,
  ask,
  contentOf,
  contextOf,
  makeParty,
  NOW,
  type Party,
  payloadOf,
  sealFor,
} from '../custody/exchange/support.ts';
import { manifestOfContext } from '../support/manifests.ts';
import { ROOT } from '../tooling/run-tool.ts';

/** All encodings of points of small order, with either sign. Under such a key everybody can sign. */
const KEYS = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
].flatMap((hex) =>
  [0, 0x80].map((sign) => {
    const key = Buffer.from(hex, 'hex');
    key[31] = (key[31] ?? 0) | sign;
    return key;
  }),
);

/** `R` is the neutral point and `S` is 0: under a point of order 8, that holds for every eighth message. */
const FORGED = Buffer.alloc(64, 0).fill(1, 0, 1);
const FORGED_TEXT = encodeBase64(FORGED);

const NAME = 'room.example/spring';
const publicKey = (key: Uint8Array): string => `ed25519:${encodeBase64(key)}`;

/** The id of a verifier key, c2sp.org/signed-note. */
const idOf = (key: Uint8Array): Uint8Array => sha256(encodeUtf8(`${NAME}\n`), Uint8Array.of(1, ...key)).subarray(0, 4);

/** A trusted verifier with a weak key; none if it is refused already. */
function verifiersOf(key: Uint8Array): readonly Verifier[] {
  const id = Buffer.from(idOf(key)).toString('hex');
  return [parseVerifier(`${NAME}+${id}+${encodeBase64(Uint8Array.of(1, ...key))}`)];
}

const signedNote = (text: string, key: Uint8Array): string =>
  `${text}\n\u2014 ${NAME} ${encodeBase64(Uint8Array.of(...idOf(key), ...FORGED))}\n`;

const checkpointOf = (index: number, key: Uint8Array): string =>
  signedNote(`${NAME}\n0\n${encodeBase64(sha256())}\n${String(index)}\n`, key);

let alice: Party;
let bob: Party;
let request: SignedRequest;
let content: Uint8Array;

beforeAll(async () => {
  alice = await makeParty('alice');
  bob = await makeParty('bob');
  request = ask(bob, alice);
  content = await contentOf(await answer(alice, bob, request), bob);
});

/** A card with a weak key, as if it had been taken. */
const weakCard = ({ card }: Party, key: Uint8Array): SignedCard => ({
  ...card,
  body: { ...card.body, sign: publicKey(key) },
});

const dsse = (text: string, body: string): string => {
  const { payloadType } = JSON.parse(text) as { payloadType: string };
  const payload = encodeBase64(encodeUtf8(body));
  return `${canonicalize({ payload, payloadType, signatures: [{ sig: FORGED_TEXT }] }) ?? ''}\n`;
};

/** What becomes of a signature of a manifest, or of its first template, by a member with a weak key. */
function stateOf(index: number, key: Uint8Array, thing: 'manifest' | 'template'): string {
  const manifest = manifestOfContext('customTemplates') as {
    members: { id: string; publicKeys?: object }[];
    templates: object[];
  };
  const [member] = manifest.members;
  if (member === undefined) throw new Error('no member');
  member.publicKeys = { sign: publicKey(key) };
  const unsigned = { ...manifest, name: `Campaign ${String(index)}` };
  const { sha256: hash, templates } = parseManifest(JSON.stringify(unsigned));
  const by = (signed: string): readonly object[] => [{ member: member.id, sha256: signed, signature: FORGED_TEXT }];
  const [first, ...others] = manifest.templates;
  const approved = { ...first, approvals: by(templates[0]?.sha256 ?? '') };
  const text = JSON.stringify({
    ...unsigned,
    ...(thing === 'manifest' ? { signatures: by(hash) } : { templates: [approved, ...others] }),
  });
  const found = verifyManifest(parseManifest(text)).find(
    (status) => status.member === member.id && (status.template === null) === (thing === 'manifest'),
  );
  return found?.state ?? 'missing';
}

/** What takes a signature: each must refuse it. `true` means that it was taken. */
type Entry = (index: number, key: Uint8Array) => boolean | Promise<boolean>;

/** Whether reading ends without an error. */
async function isTaken(read: () => unknown): Promise<boolean> {
  try {
    await read();
    return true;
  } catch {
    return false;
  }
}

/** The message that something is refused with; `null` if it is not. */
async function messageOf(work: Promise<unknown>): Promise<string | null> {
  return work.then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : 'no error'),
  );
}

const ENTRIES: Readonly<Record<string, Entry>> = {
  'a statement': (index, key) => verifyStatement('t', String(index), FORGED_TEXT, publicKey(key)),
  'a manifest': (index, key) => stateOf(index, key, 'manifest') === 'holds',
  'an approval': (index, key) => stateOf(index, key, 'template') === 'holds',
  'a note': (index, key) => isTaken(() => openNote(signedNote(`${String(index)}\n`, key), verifiersOf(key))),
  'a checkpoint': (index, key) => isTaken(() => openCheckpoint(checkpointOf(index, key), verifiersOf(key))),
  'a log': async (index, key) => {
    const trusted = { verifiers: verifiersOf(key), seen: [] };
    return (await verifyRecords(new Uint8Array(0), checkpointOf(index, key), trusted)).problems.length === 0;
  },
  'an export': (index, key) => {
    const proof = `c2sp.org/tlog-proof@v1\nindex 0\n\n${checkpointOf(index, key)}`;
    const report = verifyExport(`${JSON.stringify({ proof, record: '{}' })}\n`, verifiersOf(key));
    return !report.problems.some(({ message }) => message.includes('does not match the text'));
  },
  'a proof of a record': (index, key) => {
    const line = Uint8Array.of(index);
    const checkpoint = signedNote(`${NAME}\n1\n${encodeBase64(hashLeaf(line))}\n`, key);
    const proof = `c2sp.org/tlog-proof@v1\nindex 0\n\n${checkpoint}`;
    return isTaken(() => checkInclusionProof(proof, line, verifiersOf(key)));
  },
  'a proof of growth': (index, key) => {
    const checkpoint = checkpointOf(index, key);
    return isTaken(() => checkConsistencyProof(`old 0\n\n${checkpoint}`, checkpoint, verifiersOf(key)));
  },
  'a table': (index, key) => {
    const hash = 'ab'.repeat(32);
    const statement = {
      version: 1,
      collaborationId: '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33',
      generation: 1,
      secretId: hash,
      manifestSha256: null,
      table: null,
      columns: [{ name: 'a', protection: 'cleartext', type: 'string' }],
      rows: index,
      root: hash,
      created: '2026-11-24T12:00:00Z',
    };
    const payload = encodeBase64(encodeUtf8(canonicalize(statement) ?? ''));
    const signatures = [{ keyid: publicKey(key), sig: FORGED_TEXT }];
    const text = JSON.stringify({ payloadType: 'application/vnd.sealroom.table.v1+json', payload, signatures });
    return isTaken(() => parseTableSignature(text, 'table.csv.sealroom.sig.json'));
  },
  'a card': (index, key) => {
    const body = { ...bob.card.body, name: String(index), sign: publicKey(key) };
    return isTaken(() => parseCard(dsse(bob.card.text, canonicalize(body) ?? '')));
  },
  'a request': (index, key) => {
    const challenge = encodeBase64(new Uint8Array(32).fill(index));
    const body = JSON.stringify({ ...(JSON.parse(payloadOf(request.text)) as object), challenge });
    const cards = { receiver: weakCard(bob, key), own: alice.card };
    return isTaken(() => requireAnswerable(parseRequest(dsse(request.text, body)), cards, NOW));
  },
  'a parcel': async (index, key) => {
    const forged = Buffer.from(content);
    const type = forged.indexOf(0x0a) + 1;
    forged.set(FORGED, type);
    // The last bytes are the secret: another message each time, of which the signature is checked before the secret is.
    forged[forged.length - 1] = index;
    const context = contextOf(bob, [request], [alice], { findCard: async () => weakCard(alice, key) });
    const file = await sealFor(forged, [bob]);
    return (await messageOf(openParcel(file, context)))?.includes('the parcel is not signed by') !== true;
  },
  'a package': async (index, key) => {
    const note = signedNote(`sealroom result v2\n${String(index)}\n`, key);
    const archive = writeContainer({ note, table: new Uint8Array(0), record: new Uint8Array(0) });
    const file = await sealAge(archive, { recipients: [bob.card.body.receive] });
    const context = { member: 'bob', identities: bob.identities, verifiers: verifiersOf(key) };
    return (await messageOf(openPackage(file, context)))?.includes('does not match the text') !== true;
  },
};

/** What takes a millisecond or more to try; over all keys, some tries would be taken even so. */
const SLOW: readonly string[] = ['a manifest', 'an approval', 'a parcel', 'a package'];

describe('a key of small order, with which everybody can sign', () => {
  test('would be taken by the library, unless it refuses all of them as newer ones do', () => {
    const prefix = Buffer.from('302a300506032b6570032100', 'hex');
    const taken = KEYS.filter((key) => {
      const object = createPublicKey({ key: Buffer.concat([prefix, key]), format: 'der', type: 'spki' });
      return Array.from({ length: 32 }).some((_, index) =>
        verifyWithOpenSsl(null, Buffer.from(String(index)), object, FORGED),
      );
    });
    expect(taken.length === 0 || taken.length > 4, String(taken.length)).toBe(true);
  });

  test.each(Object.entries(ENTRIES))('signs nothing: %s', async (name, take) => {
    const tries = SLOW.includes(name) ? 4 : 32;
    for (const key of KEYS) {
      for (let index = 0; index < tries; index += 1) expect(await take(index, key)).toBe(false);
    }
  });
});

describe('signatures are checked in one place', () => {
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('index.ts'))
    .map((name) => ({ name: name.replaceAll('\\', '/'), text: readFileSync(join(ROOT, 'src', name), 'utf8') }));

  /** The files with a call or an import of something, comments left out. */
  const filesWith = (pattern: RegExp): readonly string[] =>
    sources
      .filter(({ text }) => pattern.test(text.replaceAll(/\/\*\*[^]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')))
      .map(({ name }) => name)
      .sort();

  test('with keys that are not of small order', () => {
    const ed25519 = /createPublicKey|createVerify|\bverify\(null|subtle\.verify|curves\/ed25519|verifyAsync/;
    expect(filesWith(ed25519)).toEqual([
      'certificates/certificates.ts', // the public half of an authority's own key, on P-256
      'platform/node.ts',
      'platform/web.ts',
    ]);
    expect(filesWith(/isWeakPublicKey\(/)).toEqual(['platform/node.ts', 'platform/weak-keys.ts', 'platform/web.ts']);
    expect(filesWith(/(=|return) signatureVerifier\(/)).toEqual(['signing/statement.ts', 'tlog/signer-keys.ts']);
  });

  test('and everything that takes one is tried above', () => {
    // Who adds a caller here adds what it reads to ENTRIES.
    expect(filesWith(/verifyStatement\(/)).toEqual([
      'collab/signature.ts', // a manifest, an approval
      'custody/exchange/parcel.ts', // a parcel
      'custody/exchange/signed-text.ts', // a card, a request
      'signed-tables/parse-table-signature.ts', // a table
      'signing/statement.ts', // a statement
    ]);
    expect(filesWith(/\.verifies\(/)).toEqual(['tlog/note.ts']);
    expect(filesWith(/\bopenNote\(/)).toEqual([
      'package/package.ts', // a package
      'tlog/checkpoint.ts', // a checkpoint
      'tlog/note.ts', // a note
    ]);
    expect(filesWith(/\bopenCheckpoint\(/)).toEqual([
      'actions/member/network/connection.ts', // a checkpoint
      'actions/member/network/log.ts', // a checkpoint
      'audit/audit-log.ts', // with its own signer only
      'audit/export.ts', // a log
      'audit/verify-export.ts', // an export
      'audit/verify-records.ts', // a log
      'custody/taken-packages.ts', // after a package
      'tlog/checkpoint.ts', // a checkpoint
      'tlog/proof.ts', // both proofs
    ]);
  });
});
