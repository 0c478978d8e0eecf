import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseManifest } from 'sealroom/collab';
import { type FileText, memberHome, sendSecret } from 'sealroom/custody';
import * as keyActions from '#src/actions/member/index';
import * as tableActions from '#src/actions/member/tables';
import type { MemberEnvironment } from '#src/actions/member/tables';
import { HomeSession } from '../../support/homes.ts';
import { keyOf } from '../../support/manifests.ts';
import { type StrictKey, StrictKms } from '../../support/strict-kms.ts';
import { codeOf } from '../../custody/providers/contract.ts';
import { readText } from '../../docs/repository.ts';
import { environmentOf, fileOf, PEOPLE_FILE } from '../support.ts';

// Whoever has not the role is refused before a wrapping key is used: the service that has the key is asked nothing at all.

let kms: StrictKms;
let key: StrictKey;
let session: HomeSession;

const collaboration = { manifest: PEOPLE_FILE };
const { id: COLLABORATION } = parseManifest(PEOPLE_FILE.text);
const confirm = (): Promise<void> => Promise.resolve();
const SCHEMA = {
  text: JSON.stringify({
    headerRow: true,
    columns: [{ sourceHeader: 'a', targetHeader: 'a', type: 'sealed', pad: { type: 'none' } }],
  }),
};

const uri = (): string => `aws-kms:${kms.uri(key.arn)}`;

/** Makes the home that of a person, who then acts. */
async function as(name: string, more: Partial<MemberEnvironment> = {}): Promise<MemberEnvironment> {
  await session.becomes(name);
  return environmentOf(session, more);
}

const table = (input: string) => ({ input: fileOf(session, input), output: fileOf(session, 'out.csv') });

beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'member');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'stand-in');
  vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
  kms = await StrictKms.start();
});

beforeEach(async () => {
  key = kms.createKey();
  session = await HomeSession.start({ 'in.csv': 'a\nx\n' });
  await keyActions.createSecret(await as('kim'), { collaboration, key: uri(), isImported: false });
  const encryption = { table: { ...table('in.csv'), output: fileOf(session, 'old.csv') }, schema: SCHEMA };
  await tableActions.encryptForCollaboration(await as('sol'), { ...encryption, collaboration, settings: null });
  await keyActions.rotateSecret(await as('kim'), { collaboration });
  return () => session[Symbol.asyncDispose]();
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await kms[Symbol.asyncDispose]();
});

/** The home of the auditor as a member with a card, and one who knows it. */
async function withCards(): Promise<{
  readonly own: FileText;
  readonly other: FileText;
  readonly their: MemberEnvironment;
}> {
  const their = environmentOf(session, { home: session.path('theirs') });
  await mkdir(session.path('theirs'), { mode: 0o700 });
  const pem = keyOf('pub').export({ type: 'pkcs8', format: 'pem' });
  await writeFile(session.path('theirs/sign.key'), pem, { mode: 0o600 });
  const abe = await as('abe');
  await keyActions.createMember(abe, { id: 'brand', isClassic: true });
  await keyActions.createMember(their, { id: 'pub', isClassic: true });
  const [own, other] = [await keyActions.readHomeCard(abe), await keyActions.readHomeCard(their)];
  const isSame = (): Promise<boolean> => Promise.resolve(true);
  await keyActions.verifyMemberCard(abe, { card: other, replaces: false, isSame });
  await keyActions.verifyMemberCard(their, { card: own, replaces: false, isSame });
  return { own, other, their };
}

/** A parcel with generation 3 for the auditor, who should not have asked for it. */
async function parcelForAuditor(): Promise<string> {
  const { own, other, their } = await withCards();
  const request = await keyActions.requestFromMember(await as('abe'), {
    from: other,
    collaboration,
    generation: null,
    days: 7,
  });
  await keyActions.createSecret(their, { collaboration, key: uri(), isImported: false });
  for (let generation = 2; generation <= 3; generation += 1) await keyActions.rotateSecret(their, { collaboration });
  // Neither sender nor receiver are asked for their roles.
  const { parcel } = await sendSecret(memberHome({}, { cwd: '/', home: session.path('theirs') }), {
    to: own,
    request,
    key: null,
    context: their,
    authorise: () => Promise.resolve(),
    now: their.now(),
  });
  await writeFile(session.path('parcel.age'), parcel);
  return session.path('parcel.age');
}

type Attempt = (abe: MemberEnvironment) => Promise<unknown>;

/** What uses a wrapping key; what has to be there before is made first. */
const ATTEMPTS: Readonly<Record<string, () => Promise<Attempt> | Attempt>> = {
  createSecret: () => (abe) =>
    keyActions.createSecret({ ...abe, home: session.path('new') }, { collaboration, key: uri(), isImported: false }),
  adoptEnvelope: async () => {
    const text = await readFile(session.path(`home/collaborations/${COLLABORATION}/generation-1.json`), 'utf8');
    return (abe) => keyActions.adoptEnvelope(abe, { file: { text }, manifest: PEOPLE_FILE, confirm });
  },
  wrapSecrets: () => (abe) => keyActions.wrapSecrets(abe, { collaboration, to: uri() }),
  rotateSecret: () => (abe) => keyActions.rotateSecret(abe, { collaboration }),
  exportSecret: () => (abe) =>
    keyActions.exportSecret(abe, { collaboration, confirm, take: () => expect.unreachable() }),
  destroySecret: () => (abe) => keyActions.destroySecret(abe, { collaboration, generation: 1, confirm }),
  nameSecrets: () => (abe) => keyActions.nameSecrets(abe, { manifest: PEOPLE_FILE }),
  listSecrets: () => async (abe) => {
    for (const { problem } of (await keyActions.listSecrets(abe, { collaboration, isChecked: true })).secrets) {
      if (problem !== null) throw problem;
    }
  },
  sendToMember: async () => {
    const { own, other: to, their } = await withCards();
    const wish = { from: own, collaboration, generation: null, days: 7 };
    const request = await keyActions.requestFromMember(their, wish);
    return (abe) => keyActions.sendToMember(abe, { to, request, manifest: PEOPLE_FILE });
  },
  receiveFromMember: async () => {
    const file = await parcelForAuditor();
    return (abe) => keyActions.receiveFromMember(abe, { file, manifest: PEOPLE_FILE, key: uri() });
  },
  'receiveFromMember without a manifest': async () => {
    const file = await parcelForAuditor();
    return (abe) => keyActions.receiveFromMember(abe, { file, key: uri() });
  },
  encryptForCollaboration: () => (abe) =>
    tableActions.encryptForCollaboration(abe, {
      table: table('in.csv'),
      schema: SCHEMA,
      collaboration,
      settings: null,
    }),
  decryptForCollaboration: () => (abe) =>
    tableActions.decryptForCollaboration(abe, {
      table: table('old.csv'),
      packageOutput: fileOf(session, 'package.csv'),
      collaboration,
      packageKeys: { identityFile: undefined, trust: undefined },
      failOnFingerprintColumns: false,
    }),
  reencryptForCollaboration: () => (abe) =>
    tableActions.reencryptForCollaboration(abe, { table: table('old.csv'), collaboration }),
};

/** The actions of a member that use no wrapping key. */
const WITHOUT_KEY = [
  'checkpointOf',
  'exportForMember',
  'proveFromLog',
  'showRecords',
  'verifyAudit',
  'requestFromMember',
  'ensureSigningKey',
  'signAsMember',
  'withdrawAsMember',
  'compareKeys',
  'listHomeKeys',
  'createMember',
  'addMember',
  'addTable',
  'describeProgress',
  'cardDigitsOf',
  'joinCollaboration',
  'noteProjectTable',
  'startProject',
  // Made of createSecret, sendToMember and receiveParcel.
  'startCollaboration',
  'sendInManifest',
  'receiveFromManifest',
  'readHomeCard',
  'verifyMemberCard',
  'identifyPerson',
  'readRows',
  'writeResult',
  'allowsCleartext',
  'withSchemaSource',
  'reportDraft',
  'normaliseForPartner',
  'importCleanRooms',
  // Opens its result with decryptForCollaboration.
  'queryCleanRooms',
];

describe('roles are asked before a wrapping key is used', () => {
  test.each(Object.entries(ATTEMPTS))('%s', async (_, prepare) => {
    const attempt = await prepare();
    const abe = await as('abe');
    const before = kms.requests.length;
    expect(await codeOf(() => attempt(abe))).toBe('RULE_ROLE');
    expect(kms.requests.slice(before)).toEqual([]);
    expect((await session.session.names()).includes('out.csv')).toBe(false);
  });

  test('and no action is left out', () => {
    const actions = [...Object.keys(keyActions), ...Object.keys(tableActions)];
    const tried = Object.keys(ATTEMPTS).filter((name) => !name.includes(' '));
    expect(actions.sort()).toEqual([...tried, ...WITHOUT_KEY].sort());
  });
});

describe('in the source, too', () => {
  /** What uses a wrapping key or opens the way to one, and leaves it to its callers to ask first. */
  const CALLED_AFTERWARDS = ['ProviderPool'];

  test.each([
    'src/custody/exchange/hand-over.ts',
    'src/custody/load-secret.ts',
    'src/actions/member/adopt.ts',
    'src/actions/member/keys.ts',
    'src/actions/member/rotate.ts',
    'src/actions/member/exchange.ts',
  ])('%s: in each function `authorise` comes before the key', (file) => {
    const functions = readText(file).split(/\n(?=(?:export )?(?:async )?function |(?:export )?class )/);
    for (const text of functions) {
      const name = /(?:function|class) (\w+)/.exec(text)?.[1] ?? file;
      const used = text.search(/\bunwrapEnvelope\(|\bopenProvider\(|\.provider\(|\.unwrap\(|\.wrap\(|\.providerOf\(/);
      if (used === -1 || CALLED_AFTERWARDS.includes(name)) continue;
      const asked = text.search(/\bauthorise(?:\?\.)?\(/);
      expect(asked !== -1 && asked < used, name).toBe(true);
    }
  });
});

test('nothing is in the log of somebody who was refused but the refusal', async () => {
  const file = await parcelForAuditor();
  const abe = await as('abe');
  await expect(keyActions.receiveFromMember(abe, { file, key: uri() })).rejects.toMatchObject({ code: 'RULE_ROLE' });
  expect((await session.events()).at(-1)).toMatchObject({
    action: 'refuse',
    purpose: 'receive',
    generation: 3,
    provider: 'none',
    key: 'none',
  });
});
