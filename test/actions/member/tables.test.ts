import { parseManifest } from 'sealroom/collab';
import { describe, expect, test } from 'vitest';
import {
  decryptForCollaboration,
  encryptForCollaboration,
  type EncryptRequest,
  reencryptForCollaboration,
} from '#src/actions/member/tables';
import { createSecret, rotateSecret } from '#src/actions/member/index';
import { SECRET } from '../../support/cli.ts';
import { HomeSession } from '../../support/homes.ts';
import { manifestOfContext } from '../../support/manifests.ts';
import { actionsOf, environmentOf, fileOf, ID, PEOPLE_FILE, sessionWithSecret } from '../support.ts';

const collaboration = { id: ID };
const SCHEMA = {
  text: JSON.stringify({
    headerRow: true,
    columns: [
      { sourceHeader: 'a', targetHeader: 'a', type: 'sealed', pad: { type: 'none' } },
      { sourceHeader: 'b', targetHeader: 'b', type: 'cleartext' },
    ],
  }),
  file: 'schema.json',
};
const CLEARTEXT = {
  kind: 'given',
  settings: {
    allowCleartext: true,
    allowDuplicates: false,
    allowJoinsOnColumnsWithDifferentNames: false,
    preserveNulls: false,
  },
} as const;
/** A schema for a table of the manifest, which says nothing of normalising. */
const NORMALISED_OTHERWISE: Partial<EncryptRequest> = {
  collaboration: { manifest: PEOPLE_FILE },
  settings: null,
  schema: {
    text: JSON.stringify({
      headerRow: true,
      columns: parseManifest(PEOPLE_FILE.text).tables[0]?.columns.map(({ name }) => ({
        sourceHeader: { name: 'a', normalise: ['trim'] },
        targetHeader: name,
        type: 'fingerprint',
      })),
    }),
    file: 'schema.json',
  },
};
const NO_PACKAGE = { identityFile: undefined, trust: undefined };

function encryption(session: HomeSession, more: Partial<EncryptRequest> = {}): EncryptRequest {
  const table = { input: fileOf(session, 'in.csv'), output: fileOf(session, 'protected.csv'), overwrite: true };
  return { table, schema: SCHEMA, collaboration, settings: CLEARTEXT, ...more };
}

/** A session with a protected table of generation 1. */
async function withTable(): Promise<HomeSession> {
  const session = await sessionWithSecret({ 'in.csv': 'a,b\nx,1\ny,2\n' });
  await encryptForCollaboration(environmentOf(session), encryption(session));
  return session;
}

const decrypt = (session: HomeSession, more: object = {}, environment = environmentOf(session)): Promise<unknown> =>
  decryptForCollaboration(environment, {
    table: { input: fileOf(session, 'protected.csv'), output: fileOf(session, 'opened.csv'), overwrite: true },
    packageOutput: fileOf(session, 'package.csv'),
    collaboration,
    packageKeys: NO_PACKAGE,
    failOnFingerprintColumns: false,
    allowMixedColumns: false,
    ...more,
  });

describe('encryptForCollaboration and decryptForCollaboration', () => {
  test('find the secret of the home, and record which file it protected and opened', async () => {
    await using session = await withTable();
    expect(await decrypt(session)).toMatchObject({
      summary: { rows: 2, openedCells: 2 },
      output: fileOf(session, 'opened.csv'),
      package: null,
      generation: 1,
      isNewest: true,
    });
    expect((await session.session.text('opened.csv')).trim().split('\n').sort()).toEqual(['a,b', 'x,1', 'y,2']);
    expect(await actionsOf(session)).toEqual([
      'create new',
      'unwrap encrypt',
      'lend encrypt',
      'unwrap decrypt',
      'lend decrypt',
    ]);
  });

  test('take a secret from the environment, of which nothing is known', async () => {
    await using session = await HomeSession.start({ 'in.csv': 'a,b\nx,1\n' });
    const environment = environmentOf(session, { env: { C3R_SHARED_SECRET: SECRET } });
    const summary = await encryptForCollaboration(environment, encryption(session));
    expect(summary).not.toHaveProperty('generation');
    expect(await decrypt(session, {}, environment)).toMatchObject({ generation: null, isNewest: true });
  });

  test.each<readonly [string, string, Partial<EncryptRequest>]>([
    ['USAGE_OPTION', 'no collaboration', { collaboration: {} }],
    ['USAGE_OPTION', "another id than the manifest's", { collaboration: { id: ID, manifest: PEOPLE_FILE } }],
    ['USAGE_OPTION', 'settings besides those of the manifest', { collaboration: { manifest: PEOPLE_FILE } }],
    ['RULE_CLEARTEXT', 'settings that nobody gave', { settings: null }],
    ['USAGE_OPTION', 'settings that are none', { settings: { kind: 'file', file: { text: '[' } } }],
    ['SCHEMA_SYNTAX', 'a schema that is none', { schema: { text: '{' } }],
    ['CUSTODY_KEY', 'the key of another secret', { key: 'age:b.key' }],
    ['RULE_PROTECTION', 'values normalised in another way than the manifest says', NORMALISED_OTHERWISE],
  ])('encrypt: %s for %s, and there is no output', async (code, _, more) => {
    await using session = await sessionWithSecret({ 'in.csv': 'a,b\nx,1\n' });
    const encrypted = encryptForCollaboration(environmentOf(session), encryption(session, more));
    await expect(encrypted).rejects.toMatchObject({ code });
    expect(await session.session.names()).not.toContain('protected.csv');
  });

  test('a broken signature is an integrity failure', async () => {
    await using session = await HomeSession.start({ 'in.csv': 'a,b\nx,1\n' });
    const changed = { ...PEOPLE_FILE, text: PEOPLE_FILE.text.replace('Spring campaign', 'Autumn campaign') };
    const request = encryption(session, { collaboration: { manifest: changed }, settings: null });
    await expect(encryptForCollaboration(environmentOf(session), request)).rejects.toMatchObject({
      code: 'MANIFEST_SIGNATURE',
      where: { file: '/m.json' },
    });
  });

  test('whoever has not the role is refused before the key is used', async () => {
    await using session = await HomeSession.start({ 'in.csv': 'a,b\nx,1\n' });
    const people = { manifest: PEOPLE_FILE };
    await session.becomes('kim');
    await createSecret(environmentOf(session), { collaboration: people, key: 'age:a.key', isImported: false });
    const request = encryption(session, { collaboration: people, settings: null });
    await expect(encryptForCollaboration(environmentOf(session), request)).rejects.toMatchObject({ code: 'RULE_ROLE' });
    expect((await actionsOf(session)).at(-1)).toBe('refuse encrypt');
    const unnamed = encryption(session, { collaboration: { id: String(manifestOfContext('agg')['id']) } });
    await expect(encryptForCollaboration(environmentOf(session), unnamed)).rejects.toThrow(/manifest with people/);
  });

  test.each([
    ['a table of another collaboration', { collaboration: { id: ID.replace('0', '1') } }, 'USAGE_OPTION'],
    ['keys of a package, for a table', { packageKeys: { identityFile: '/i', trust: { text: 'k' } } }, 'USAGE_OPTION'],
  ])('decrypt: refuses %s', async (_, more, code) => {
    await using session = await withTable();
    await expect(decrypt(session, more)).rejects.toMatchObject({ code });
  });

  test('decrypt: refuses a package without its keys, and under FIPS', async () => {
    await using session = await withTable();
    await session.session.put('p.age', 'age-encryption.org/v1\n');
    const table = { input: fileOf(session, 'p.age'), output: fileOf(session, 'opened.csv') };
    await expect(decrypt(session, { table })).rejects.toThrow(/needs `--trust`/);
    const packageKeys = { identityFile: session.path('a.key'), trust: { text: 'k' } };
    const fips = decrypt(session, { table, packageKeys }, environmentOf(session, { isFips: true }));
    await expect(fips).rejects.toThrow(/`--fips`/);
    await expect(decrypt(session, { table, packageKeys })).rejects.toThrow(/not an Ed25519 verifier key/);
  });
});

describe('reencryptForCollaboration', () => {
  const reencrypt = (session: HomeSession, more: object = {}, environment = environmentOf(session)): Promise<unknown> =>
    reencryptForCollaboration(environment, {
      table: { input: fileOf(session, 'protected.csv'), output: fileOf(session, 'new.csv'), overwrite: true },
      collaboration,
      ...more,
    });

  test('takes a table to the newest generation, from its cells or from its original', async () => {
    await using session = await withTable();
    await rotateSecret(environmentOf(session), { collaboration });
    expect(await reencrypt(session)).toMatchObject({ summary: { rows: 2, generation: 2 }, from: 1 });
    const original = { file: session.path('in.csv'), schema: SCHEMA, settings: CLEARTEXT };
    expect(await reencrypt(session, { original })).toMatchObject({ summary: { rows: 2, generation: 2 }, from: 1 });
    expect((await actionsOf(session)).filter((action) => action.endsWith('reencrypt'))).toEqual([
      ...['unwrap reencrypt', 'unwrap reencrypt', 'lend reencrypt', 'lend reencrypt'],
      ...['unwrap reencrypt', 'lend reencrypt'],
    ]);
  });

  test('refuses a table of the newest generation, of an unknown one, and a secret without an envelope', async () => {
    await using session = await withTable();
    await expect(reencrypt(session)).rejects.toThrow(/the table already has the newest generation, 1/);
    await rotateSecret(environmentOf(session), { collaboration });
    await session.session.put('bare.csv', await session.session.text('protected.csv'));
    const table = { input: fileOf(session, 'bare.csv'), output: fileOf(session, 'new.csv') };
    await expect(reencrypt(session, { table })).rejects.toThrow(/the generation of the table is unknown/);
    expect(await reencrypt(session, { table, from: 1 })).toMatchObject({ from: 1 });
    const environment = environmentOf(session, { env: { C3R_SHARED_SECRET: SECRET } });
    await expect(reencrypt(session, {}, environment)).rejects.toThrow(/`reencrypt` needs a secret in an envelope/);
  });
});
