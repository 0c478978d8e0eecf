import { createHash, randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { generateSignerText, parseSigner } from 'sealroom/audit';
import { parseManifest } from 'sealroom/collab';
import { recipientsOf, sealPackage } from 'sealroom/package';
import type { Field } from 'sealroom/tabular';
import { describe, expect, test } from 'vitest';
import { createSecret, rotateSecret } from '#src/actions/member/index';
import { sealedColumnsOf } from '#src/actions/member/sealed-columns';
import {
  decryptForCollaboration,
  encryptForCollaboration,
  reencryptForCollaboration,
} from '#src/actions/member/tables';
import { HomeSession } from '../../support/homes.ts';
import { manifestOfContext } from '../../support/manifests.ts';
import { logResult, type ResultFacts } from '../../support/packages.ts';
import { textColumn, writeTable } from '../../tabular/support.ts';
import { environmentOf, fileOf, ID, sessionWithSecret } from '../support.ts';

const SETTINGS = {
  allowCleartext: true,
  allowDuplicates: false,
  allowJoinsOnColumnsWithDifferentNames: false,
  preserveNulls: false,
};
const UNSEALED = { code: 'FORMAT_CELL', message: 'a sealed column holds a cell that is not sealed' };

function decrypt(session: HomeSession, input: string, more: object = {}): ReturnType<typeof decryptForCollaboration> {
  return decryptForCollaboration(environmentOf(session), {
    table: { input: fileOf(session, input), output: fileOf(session, 'opened.csv'), overwrite: true },
    packageOutput: fileOf(session, 'package.csv'),
    collaboration: { id: ID },
    packageKeys: { identityFile: undefined, trust: undefined },
    failOnFingerprintColumns: false,
    allowMixedColumns: false,
    ...more,
  });
}

/** A session with a protected table: `a` is sealed, `b` is not. */
async function withTable(name: string): Promise<HomeSession> {
  const session = await sessionWithSecret({ 'in.csv': 'a,b\nx,1\ny,2\n' });
  const columns = [
    { sourceHeader: 'a', targetHeader: 'a', type: 'sealed', pad: { type: 'none' } },
    { sourceHeader: 'b', targetHeader: 'b', type: 'cleartext' },
  ];
  await encryptForCollaboration(environmentOf(session), {
    table: { input: fileOf(session, 'in.csv'), output: fileOf(session, name) },
    schema: { text: JSON.stringify({ headerRow: true, columns }) },
    collaboration: { id: ID },
    settings: { kind: 'given', settings: SETTINGS },
  });
  return session;
}

/** Replaces a protected CSV file, and makes its sidecar say that it is the right one, which anyone can. */
async function replace(session: HomeSession, name: string, change: (text: string) => string): Promise<void> {
  const path = session.path(name);
  const changed = change(await readFile(path, 'utf8'));
  await writeFile(path, changed);
  const sidecar: object = JSON.parse(await readFile(`${path}.sealroom.json`, 'utf8')) as object;
  const sha256 = createHash('sha256').update(changed).digest('hex');
  await writeFile(`${path}.sealroom.json`, JSON.stringify({ ...sidecar, sha256 }));
}

describe('F-92 text in the place of every cell of a sealed column is refused', () => {
  const allCells = (text: string): string => text.replaceAll(/02:enc:[^,]+/g, 'paid');

  test('where the sidecar says that it is sealed', async () => {
    await using session = await withTable('protected.csv');
    await replace(session, 'protected.csv', allCells);
    await expect(decrypt(session, 'protected.csv')).rejects.toMatchObject({
      ...UNSEALED,
      where: { column: 'a', row: 1 },
    });
    expect(await session.session.names()).not.toContain('opened.csv');
    const { summary } = await decrypt(session, 'protected.csv', { allowMixedColumns: true });
    expect(summary).toMatchObject({ openedCells: 0, unsealedCells: 2 });
  });

  test('where the metadata of a Parquet file say so', async () => {
    await using session = await sessionWithSecret();
    const { secretId } = await createdSecret(session);
    const origin = {
      version: 1,
      collaborationId: ID,
      generation: 1,
      secretId,
      columns: [{ name: 'a', protection: 'sealed' }],
    };
    const fields: Field[] = [{ name: 'a', type: { kind: 'string' } }];
    await writeTable(session.path('p.parquet'), fields, [{ rows: 2, columns: [textColumn([null, 'paid'])] }], {
      metadata: new Map([['sealroom', JSON.stringify(origin)]]),
    });
    await expect(decrypt(session, 'p.parquet')).rejects.toMatchObject({ ...UNSEALED, where: { column: 'a', row: 2 } });
  });

  test('on the way to the next secret too, where there is no exception', async () => {
    await using session = await withTable('protected.csv');
    await replace(session, 'protected.csv', allCells);
    await rotateSecret(environmentOf(session), { collaboration: { id: ID } });
    const reencrypted = reencryptForCollaboration(environmentOf(session), {
      table: { input: fileOf(session, 'protected.csv'), output: fileOf(session, 'new.csv') },
      collaboration: { id: ID },
    });
    await expect(reencrypted).rejects.toMatchObject({ ...UNSEALED, where: { column: 'a', row: 1 } });
    expect(await session.session.names()).not.toContain('new.csv');
  });

  test('by the manifest: columns that are sealed in every table that has them', () => {
    const column = (name: string, protection: string): object => ({ name, protection, type: 'VARCHAR' });
    const { tables, ...rest } = manifestOfContext('agg');
    const [first, second] = tables as readonly Record<string, unknown>[];
    const withColumns = [
      { name: first?.['name'], owner: first?.['owner'], columns: [column('a', 'sealed'), column('b', 'sealed')] },
      { name: second?.['name'], owner: second?.['owner'], columns: [column('b', 'cleartext'), column('c', 'sealed')] },
    ];
    const manifest = parseManifest(JSON.stringify({ ...rest, tables: withColumns }));
    expect(sealedColumnsOf(null, manifest)).toEqual(['a', 'c']);
    const columns = [{ name: 'b', protection: 'sealed' } as const, { name: 'd', protection: 'fingerprint' } as const];
    expect(sealedColumnsOf({ columns }, manifest)).toEqual(['b', 'a', 'c']);
    expect(sealedColumnsOf(null, null)).toEqual([]);
  });
});

/** What the sidecar of a table says of the secret. */
async function createdSecret(session: HomeSession): Promise<{ readonly secretId: string }> {
  await session.session.put('one.csv', 'a\nx\n');
  await encryptForCollaboration(environmentOf(session), {
    table: { input: fileOf(session, 'one.csv'), output: fileOf(session, 'one.out.csv') },
    schema: {
      text: '{"headerRow":true,"columns":[{"sourceHeader":"a","type":"sealed","pad":{"type":"none"}}]}',
    },
    collaboration: { id: ID },
    settings: { kind: 'given', settings: SETTINGS },
  });
  return JSON.parse(await session.session.text('one.out.csv.sealroom.json')) as { secretId: string };
}

describe('F-92 what the room signed to be sealed is sealed', () => {
  const HASH = 'ab'.repeat(32);
  const collaboration = { id: '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33' };
  const identity = generateX25519Identity();
  const signerText = generateSignerText('room.example/spring');

  /** A package of the room with one column. */
  async function packageOf(cells: readonly (string | null)[], protection: 'sealed' | 'cleartext'): Promise<Uint8Array> {
    let table = new Uint8Array();
    const receive = (bytes: Uint8Array): void => {
      table = Uint8Array.from(bytes);
    };
    const fields: Field[] = [{ name: 'c', type: { kind: 'string' } }];
    await writeTable({ kind: 'memory', format: 'arrow', receive }, fields, [
      { rows: cells.length, columns: [textColumn(cells)] },
    ]);
    const facts: ResultFacts = {
      version: 2,
      collaboration: collaboration.id,
      manifestSha256: HASH,
      attempt: randomUUID(),
      time: '2026-11-24T12:00:00.000Z',
      member: 'brand',
      receivers: ['brand'],
      question: { template: null, parameters: {}, sql: 'SELECT c FROM t' },
      irSha256: HASH,
      tables: [],
      obligations: [],
      columns: [{ name: 'c', protection }],
      rows: cells.length,
      isCut: false,
      result: { format: 'arrow', bytes: table.length, sha256: createHash('sha256').update(table).digest('hex') },
      salt: 'cd'.repeat(32),
    };
    const receive64 = await identityToRecipient(await identity);
    const manifest = manifestOfContext('agg');
    const members = (manifest['members'] as Record<string, unknown>[]).map((member) =>
      member['id'] === 'brand'
        ? { ...member, publicKeys: { ...(member['publicKeys'] as object), receive: receive64 } }
        : member,
    );
    const recipients = recipientsOf(parseManifest(JSON.stringify({ ...manifest, members })), ['brand']);
    const signer = parseSigner(signerText);
    return sealPackage({ ...logResult(facts, signer), table }, recipients, signer);
  }

  async function openIn(session: HomeSession, bytes: Uint8Array, more: object = {}): Promise<unknown> {
    await writeFile(session.path('result.age'), bytes);
    await writeFile(session.path('me.key'), `${await identity}\n`, { mode: 0o600 });
    await writeFile(session.path('room.keys'), `${parseSigner(signerText).verifier.toString()}\n`);
    const packageKeys = {
      identityFile: session.path('me.key'),
      trust: { text: await readFile(session.path('room.keys'), 'utf8') },
      member: 'brand',
    };
    return decrypt(session, 'result.age', { collaboration, packageKeys, ...more });
  }

  test('or the package is refused, and no option changes that', async () => {
    await using session = await HomeSession.start();
    await createSecret(environmentOf(session), { collaboration, key: 'age:a.key', isImported: false });
    const forged = await packageOf([null, 'paid'], 'sealed');
    await expect(openIn(session, forged)).rejects.toMatchObject({ ...UNSEALED, where: { column: 'c', row: 2 } });
    await expect(openIn(session, forged, { allowMixedColumns: true })).rejects.toMatchObject({
      code: 'USAGE_OPTION',
      message: '`--allow-mixed-columns` cannot be used with a result package',
    });
    expect(await session.session.names()).not.toContain('package.csv');
    const plain = await openIn(session, await packageOf([null, 'paid'], 'cleartext'));
    expect(plain).toMatchObject({ summary: { rows: 2, unsealedCells: 0 } });
  });
});
