import { checkInclusionProof, parseVerifiers, verifyExport } from 'sealroom/audit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ServedRoom } from './served-room.ts';

let room: ServedRoom;

beforeAll(async () => {
  room = await ServedRoom.start();
});

afterAll(async () => {
  await room[Symbol.asyncDispose]();
});

async function audit(...argv: readonly string[]): Promise<string> {
  const trust = ['--trust', 'room/runner.pub'];
  const { code, out, err } = await room.session.session.run(['audit', ...argv, ...trust], { env: {} });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
}

test('records are those of `sealroom audit export`, for who asks', async () => {
  for (const [as, member, records] of [
    ['abe', 'brand', 1],
    ['pub', 'pub', 2],
  ] as const) {
    const { text } = await room.ask('GET', '/v1/audit/records', { as });
    expect(text).toBe(await audit('export', 'room/audit', '--for', member));
    const verifiers = parseVerifiers(await room.session.session.text('room/runner.pub'));
    expect(verifyExport(text, verifiers)).toMatchObject({ records, size: 2, problems: [] });
  }
});

test('a record is proved to those whom it concerns', async () => {
  const { text } = await room.ask('GET', '/v1/audit/records/1/proof', { as: 'pub' });
  expect(text).toBe(await audit('prove', 'room/audit', '--record', '1'));
  const verifiers = parseVerifiers(await room.session.session.text('room/runner.pub'));
  const line = (await room.session.session.text('room/audit/log.jsonl')).split('\n')[1] ?? '';
  expect(checkInclusionProof(text, Buffer.from(line), verifiers)).toMatchObject({ index: 1 });
});

test('growth is proved from a size that the log has', async () => {
  const { text } = await room.ask('GET', '/v1/audit/growth?from=1');
  expect(text).toBe(await audit('prove', 'room/audit', '--from', '1'));
  expect(await room.ask('GET', '/v1/audit/growth?from=3')).toMatchObject({ status: 422, code: 'AUDIT_PROOF' });
});

test.each([
  ['/v1/audit/growth'],
  ['/v1/audit/growth?from='],
  ['/v1/audit/growth?from=-1'],
  ['/v1/audit/growth?from=1.5'],
  ['/v1/audit/growth?from=01'],
  ['/v1/audit/growth?from=1&from=1'],
  ['/v1/audit/growth?from=9999999999999999'],
  ['/v1/audit/records/x/proof'],
  ['/v1/audit/records/-1/proof'],
  ['/v1/audit/records/%31x/proof'],
])('a number in an address has one form: %s', async (target) => {
  expect(await room.ask('GET', target)).toMatchObject({ status: 400, code: 'USAGE_OPTION' });
});

test('the checkpoint is that of the log, also after others have written to it', async () => {
  const get = async (): Promise<string> => (await room.ask('GET', '/v1/audit/checkpoint')).text;
  const before = await get();
  expect(before).toBe(await audit('checkpoint', 'room/audit'));
  await room.session.session.run(['room', 'remove', 'impressions', '--room', 'room'], { env: {} });
  const after = await get();
  expect(after).toBe(await audit('checkpoint', 'room/audit'));
  expect([before.split('\n')[1], after.split('\n')[1]]).toEqual(['2', '3']);
});
