import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Got, ServedRoom } from './served-room.ts';

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

  test('is refused for a receiver that is no member', async () => {
    expect(await check({ sql: SQL, receivers: ['nobody'] })).toMatchObject({ status: 400, code: 'USAGE_OPTION' });
  });
});
