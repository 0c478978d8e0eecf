import { once } from 'node:events';
import { createServer } from 'node:https';
import { getRequestListener } from '@hono/node-server';
import { checkInclusionProof, parseVerifiers, verifyExport } from 'sealroom/audit';
import { RoomClient } from 'sealroom/client';
import { parseManifest } from 'sealroom/collab';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../client/certificate.ts';
import { manifestWith, sign } from '../room/support.ts';
import { keyOf } from '../support/manifests.ts';
import { CHANGES, ServedRoom } from './served-room.ts';

const { key, cert } = makeCertificate();
const server = createServer({ key, cert });
let room: ServedRoom;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  room = await ServedRoom.start(`https://127.0.0.1:${String(address.port)}`);
  const answer = getRequestListener((request, bindings) => room.app.fetch(request, bindings), {
    overrideGlobalObjects: false,
  });
  server.on('request', (incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await room[Symbol.asyncDispose]();
});

function clientOf(who: string): RoomClient {
  return new RoomClient({ origin: room.origin, key: keyOf(who), now: () => room.now, ca: cert });
}

describe('a client of the room', () => {
  test('gets what the room says, checks questions, and is told why it is refused', async () => {
    using client = clientOf('quin');
    const view = await client.room();
    expect(view.you).toEqual({ member: 'brand', person: 'quin', roles: ['QUERY_MEMBER'] });
    expect(parseManifest(await client.manifest()).sha256).toBe(view.manifestSha256);
    const sql = 'SELECT i.region, SUM(i.spend) AS spend FROM impressions i GROUP BY i.region';
    expect(await client.check({ sql })).toMatchObject({ allowed: true, tables: ['impressions'] });
    expect(await client.check({ sql: 'SELECT i.spend FROM impressions i' })).toMatchObject({ allowed: false });
    await expect(client.check({ sql, receivers: ['nobody'] })).rejects.toMatchObject({ code: 'USAGE_OPTION' });
    await expect(client.removeRows('impressions')).rejects.toMatchObject({ code: 'SERVER_NOT_FOUND' });
    using stranger = clientOf('mallory');
    await expect(stranger.room()).rejects.toMatchObject({ code: 'AUTH_KEY' });
  });

  test('gets the audit log, as far as it concerns the member, and can verify it', async () => {
    using client = clientOf('pub');
    const verifiers = parseVerifiers(await room.session.session.text('room/runner.pub'));
    const lines: string[] = [];
    for await (const line of client.records()) lines.push(line);
    expect(verifyExport(`${lines.join('\n')}\n`, verifiers)).toMatchObject({ records: 2, problems: [] });
    const { record } = JSON.parse(lines[1] ?? '') as { record: string };
    const proof = await client.proveRecord(1);
    expect(checkInclusionProof(proof, Buffer.from(record), verifiers)).toMatchObject({ index: 1 });
    expect(await client.proveGrowth(1)).toMatch(/^old 1\n/);
    expect(await client.checkpoint()).toBe(await room.session.session.text('room/audit/checkpoint'));
    using steward = clientOf('sol');
    await expect(async () => {
      for await (const line of steward.records()) lines.push(line);
    }).rejects.toMatchObject({ code: 'RULE_ROLE' });
  });

  test('brings a manifest into force, and removes rows', async () => {
    using approver = clientOf('brand');
    const { manifestSha256 } = await approver.room();
    const text = sign(manifestWith({ ...CHANGES, manifest: { ...CHANGES.manifest, name: 'Summer' } }));
    const { sha256 } = parseManifest(text);
    const update = { manifestSha256: sha256, removed: [], withdrawn: [] };
    expect(await approver.replaceManifest(text, manifestSha256)).toEqual(update);
    const again = approver.replaceManifest(text, manifestSha256);
    await expect(again).rejects.toMatchObject({ code: 'MANIFEST_CHANGED' });
    using owner = clientOf('pub');
    const { tables } = await owner.room();
    const { snapshotSha256 } = await owner.removeRows('impressions');
    expect(snapshotSha256).toBe(tables[0]?.snapshot?.sha256);
  });
});
