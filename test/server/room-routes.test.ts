import { insertSignature, parseManifest, printPublicKey, signManifest } from 'sealroom/collab';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { manifestWith, sign } from '../room/support.ts';
import { type Json, keyOf } from '../support/manifests.ts';
import { CHANGES, type Got, membersOf, ORIGIN, ServedRoom, withBodyThatStops } from './served-room.ts';

/** Nothing changes it. */
let shared: ServedRoom;

beforeAll(async () => {
  shared = await ServedRoom.start();
});

afterAll(async () => {
  await shared[Symbol.asyncDispose]();
});

/** The manifest of the room with another member of its JSON, not signed. */
function changed(change: Json): string {
  return manifestWith({ ...CHANGES, manifest: { ...CHANGES.manifest, ...change } });
}

async function put(room: ServedRoom, text: string, ifMatch?: string): Promise<Got> {
  const inForce = (await room.ask('GET', '/v1/manifest')).headers.get('etag') ?? '';
  const headers = { 'content-type': 'application/yaml', 'if-match': ifMatch ?? inForce };
  return room.ask('PUT', '/v1/manifest', { as: 'brand', body: text, headers });
}

describe('the room', () => {
  test('is told to its members, and the rows of a table to its owner only', async () => {
    const room = shared;
    const [brand, pub] = [
      await room.ask('GET', '/v1/room', { as: 'kim' }),
      await room.ask('GET', '/v1/room', { as: 'pub' }),
    ];
    const { manifest, tables } = await room.admission.reader.open();
    const { rows, sha256, loadedAt } = tables[0]?.snapshot ?? {};
    expect(brand.json).toMatchObject({
      collaboration: manifest.id,
      manifestSha256: manifest.sha256,
      origin: ORIGIN,
      you: { member: 'brand', person: 'kim', roles: ['KEY_CUSTODIAN'] },
      tables: [
        { name: 'impressions', owner: 'pub', isLoaded: true },
        { name: 'closed', owner: 'brand', isLoaded: false },
      ],
      templates: [
        { id: 'spend-of-a-day', parameters: [{ name: 'day', type: 'DATE', default: '2026-01-02' }], approvedBy: [] },
      ],
      checkpoint: await room.session.session.text('room/audit/checkpoint'),
    });
    expect(brand.text).not.toContain('snapshot');
    expect(pub.json).toMatchObject({
      you: { member: 'pub', person: null },
      tables: [{ name: 'impressions', snapshot: { rows, sha256, loadedAt } }, { name: 'closed' }],
    });
    expect(rows).toBe(100);
  });

  test('has the manifest in force, with its hash', async () => {
    const room = shared;
    const { text, headers } = await room.ask('GET', '/v1/manifest');
    expect(text).toBe(await room.session.session.text('room/manifest.yaml'));
    expect(headers.get('etag')).toBe(`"${parseManifest(text).sha256}"`);
    expect(await room.ask('HEAD', '/v1/manifest')).toMatchObject({ status: 200, text: '' });
  });
});

describe('another version of the manifest', () => {
  test('is brought into force by one who may sign, and removes what does not fit it', async () => {
    await using room = await ServedRoom.start();
    const text = sign(changed({ name: 'Summer' }));
    const got = await put(room, text);
    expect(got).toMatchObject({
      status: 200,
      json: { manifestSha256: parseManifest(text).sha256, removed: [], withdrawn: [] },
    });
    expect((await room.ask('GET', '/v1/room')).json).toMatchObject({ name: 'Summer' });
    const smaller = sign(changed({ name: 'Summer', tables: [] }));
    expect((await put(room, smaller)).json).toMatchObject({ removed: ['impressions'] });
    expect((await room.session.events()).slice(-3)).toMatchObject([
      { kind: 'manifest' },
      { kind: 'manifest' },
      { kind: 'remove', table: 'impressions' },
    ]);
  });

  test('is brought into force while another one is on its way', async () => {
    await using room = await ServedRoom.start();
    const text = sign(changed({ name: 'Summer' }));
    const etag = (await room.ask('GET', '/v1/manifest')).headers.get('etag') ?? '';
    const headers = { 'content-type': 'application/yaml', 'if-match': etag };
    const slow = withBodyThatStops(room.request('PUT', '/v1/manifest', { as: 'brand', body: text, headers }));
    const others = withBodyThatStops(room.request('PUT', '/v1/manifest', { as: 'brand', body: `${text}\n`, headers }));
    const answers = [slow, others].map((each) => room.app.fetch(each.request));
    await Promise.all([slow.isRead, others.isRead]);
    expect(await put(room, `${text}\n\n`)).toMatchObject({ status: 503, code: 'SERVER_BUSY' });
    others.goOn();
    expect((await answers[1])?.status).toBe(200);
    expect((await room.ask('GET', '/v1/room')).json).toMatchObject({ name: 'Summer' });
    slow.goOn();
    expect((await answers[0])?.status).toBe(412);
  });

  test('is refused if another is in force than the one that it replaces, or if it was in force before', async () => {
    await using room = await ServedRoom.start();
    const first = await room.session.session.text('room/manifest.yaml');
    const text = sign(changed({ name: 'Summer' }));
    const other = await put(room, text, `"${'0'.repeat(64)}"`);
    expect(other).toMatchObject({ status: 412, code: 'MANIFEST_CHANGED' });
    await put(room, text);
    expect(await put(room, first)).toMatchObject({ status: 409, code: 'MANIFEST_OLD' });
    expect((await room.ask('GET', '/v1/room')).json).toMatchObject({ name: 'Summer' });
  });

  test.each([
    ['no hash', 'USAGE_OPTION', 400, {}],
    ['a hash without quotes', 'USAGE_OPTION', 400, { 'if-match': '0'.repeat(64) }],
    ['any', 'USAGE_OPTION', 400, { 'if-match': '*' }],
  ])('needs the hash of the one that it replaces, and not %s', async (_what, code, status, headers) => {
    const room = shared;
    const body = sign(changed({ name: 'Summer' }));
    const asked = { as: 'brand', body, headers: { 'content-type': 'application/yaml', ...headers } };
    expect(await room.ask('PUT', '/v1/manifest', asked)).toMatchObject({ status, code });
  });

  test.each([
    ['that is none', 'MANIFEST_INVALID', () => '{}'],
    ['that is no YAML', 'MANIFEST_SYNTAX', () => '{"version": 1, "version": 1}'],
    ['that only one member signed', 'MANIFEST_UNSIGNED', () => sign(changed({ name: 'Summer' }), ['brand'])],
    [
      'that was changed after it was signed',
      'MANIFEST_SIGNATURE',
      () => sign(changed({ name: 'Summer' })).replace('Summer', 'Winter'),
    ],
    ['of another collaboration', 'USAGE_OPTION', () => sign(changed({ id: '00000000-1111-2222-3333-444444444444' }))],
  ])('%s is refused: %s', async (_what, code, text) => {
    const room = shared;
    expect(await put(room, text())).toMatchObject({ code });
    expect((await room.ask('GET', '/v1/room')).json).toMatchObject({ name: 'Spring campaign' });
  });

  test('is refused where a member put its own key in the place of that of another', async () => {
    const room = shared;
    const members = membersOf().map((member) =>
      member['id'] === 'pub' ? { ...member, publicKeys: { sign: printPublicKey(keyOf('mallory')) } } : member,
    );
    const text = changed({ name: 'Mine', members });
    const half = insertSignature(text, signManifest(parseManifest(text), 'brand', keyOf('brand')), null);
    const whole = insertSignature(half, signManifest(parseManifest(text), 'pub', keyOf('mallory')), null);
    const got = await put(room, whole);
    expect(got).toMatchObject({ status: 422, code: 'MANIFEST_SIGNATURE' });
    expect(got.text).toContain('pub has not signed this version with a key that the manifest in force has');
  });

  test('is refused where a member was left out, or signed by a new person of its own', async () => {
    const room = shared;
    const [brand] = membersOf();
    const alone = changed({ name: 'Mine', members: [brand], tables: [] });
    const signed = insertSignature(alone, signManifest(parseManifest(alone), 'brand', keyOf('brand')), null);
    expect(await put(room, signed)).toMatchObject({ code: 'MANIFEST_SIGNATURE' });
    const people = [{ id: 'new', roles: ['RULE_APPROVER'], sign: printPublicKey(keyOf('new')) }];
    const members = membersOf().map((member) => (member['id'] === 'pub' ? { ...member, people } : member));
    const text = changed({ name: 'Mine', members });
    const half = insertSignature(text, signManifest(parseManifest(text), 'brand', keyOf('brand')), null);
    const whole = insertSignature(half, signManifest(parseManifest(text), 'pub', keyOf('new')), null);
    expect(await put(room, whole)).toMatchObject({ code: 'MANIFEST_SIGNATURE' });
    expect((await room.ask('GET', '/v1/room')).json).toMatchObject({ name: 'Spring campaign' });
  });

  test('decides from then on who may ask', async () => {
    await using room = await ServedRoom.start();
    const members = membersOf().map((member) => {
      const people = (member['people'] ?? []) as readonly Json[];
      return member['id'] === 'brand' ? { ...member, people: people.filter(({ id }) => id !== 'quin') } : member;
    });
    expect(await room.ask('GET', '/v1/room', { as: 'quin' })).toMatchObject({ status: 200 });
    const text = changed({ name: 'Summer', members });
    expect(await put(room, sign(text))).toMatchObject({ status: 200 });
    expect(await room.ask('GET', '/v1/room', { as: 'quin' })).toMatchObject({ status: 401, code: 'AUTH_KEY' });
  });
});

test('the rows of a table are removed by its owner, once', async () => {
  await using room = await ServedRoom.start();
  const [table] = (await room.admission.reader.open()).tables;
  const got = await room.ask('DELETE', '/v1/tables/impressions/rows', { as: 'pub' });
  expect(got).toMatchObject({ status: 200, json: { snapshotSha256: table?.snapshot?.sha256 } });
  expect((await room.session.events()).at(-1)).toMatchObject({ kind: 'remove', table: 'impressions' });
  expect(await room.ask('DELETE', '/v1/tables/impressions/rows', { as: 'pub' })).toMatchObject({ status: 404 });
});
