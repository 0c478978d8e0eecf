import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Got, ServedRoom, withBodyThatStops } from './served-room.ts';

let room: ServedRoom;

beforeAll(async () => {
  room = await ServedRoom.start();
});

afterAll(async () => {
  await room[Symbol.asyncDispose]();
});

const SQL = 'SELECT i.region, SUM(i.spend) AS spend FROM impressions i GROUP BY i.region';

function check(ask: object): Promise<Got> {
  return room.ask('POST', '/v1/checks', { body: JSON.stringify(ask), headers: { 'content-type': 'application/json' } });
}

async function checkLocally(argv: readonly string[]): Promise<unknown> {
  const { out } = await room.session.session.run(['check', '--room', 'room', '--as', 'brand', '--json', ...argv], {
    env: {},
  });
  return JSON.parse(out);
}

describe('a check', () => {
  test.each([
    ['a query that is allowed', { sql: SQL }, [SQL]],
    ['a query that is refused', { sql: 'SELECT i.spend FROM impressions i' }, ['SELECT i.spend FROM impressions i']],
    ['no SQL', { sql: 'what is the spend?' }, ['what is the spend?']],
    ['a template that is not approved', { template: 'spend-of-a-day' }, ['--template', 'spend-of-a-day']],
    ['a template that is not there', { template: 'nothing' }, ['--template', 'nothing']],
    ['other receivers', { sql: SQL, receivers: ['pub'] }, [SQL, '--for', 'pub']],
  ])('says what `sealroom check --json` says: %s', async (_what, ask, argv) => {
    const got = await check(ask);
    expect(got.status).toBe(200);
    expect(got.json).toEqual(await checkLocally(argv));
  });

  test('says what it would cost, and spends nothing', async () => {
    const before = await room.session.events();
    const got = await check({ sql: SQL });
    expect(got.json).toMatchObject({ allowed: true, budgets: [{ table: 'impressions', before: 1000, after: 999 }] });
    expect((await check({ sql: SQL })).json).toEqual(got.json);
    expect(await room.session.events()).toEqual(before);
  });

  test('is for as many rows as the member wants, and no more than the room releases', async () => {
    const limitOf = ({ json }: Got): unknown => (json as { statement: { limit: unknown } }).statement.limit;
    expect(limitOf(await check({ sql: SQL, maxRows: 10 }))).toBe(11);
    expect(limitOf(await check({ sql: SQL, maxRows: 10_000_000 }))).toBe(1_000_001);
  });

  test('is made while others of the member are on their way, of which there may be so many', async () => {
    const headers = { 'content-type': 'application/json' };
    const slow = Array.from({ length: 64 }, () =>
      withBodyThatStops(room.request('POST', '/v1/checks', { body: JSON.stringify({ sql: SQL }), headers })),
    );
    const answers = slow.map(({ request }) => room.app.fetch(request));
    await Promise.all(slow.map(({ isRead }) => isRead));
    expect(await check({ sql: SQL })).toMatchObject({ status: 503, code: 'SERVER_BUSY' });
    const body = JSON.stringify({ sql: SQL });
    expect(await room.ask('POST', '/v1/checks', { as: 'pub', body, headers })).toMatchObject({ status: 200 });
    for (const { goOn } of slow) goOn();
    for (const answer of answers) expect((await answer).status).toBe(200);
  });

  test('is refused for a receiver that is no member', async () => {
    expect(await check({ sql: SQL, receivers: ['nobody'] })).toMatchObject({ status: 400, code: 'USAGE_OPTION' });
  });
});
