import type { DuckDBConnection } from '@duckdb/node-api';
import type { QueryRunner } from 'sealroom/query';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, cleartextRows, openCleartext, rowsOf, SampleRoom } from './support.ts';

let room: SampleRoom;
let runner: QueryRunner;
let cleartext: DuckDBConnection;

beforeAll(async () => {
  room = await SampleRoom.start();
  runner = await room.runner();
  cleartext = await openCleartext();
});

afterAll(async () => {
  await runner[Symbol.asyncDispose]();
  await room[Symbol.asyncDispose]();
  cleartext.closeSync();
});

const BY_REGION = `SELECT i.region, COUNT(DISTINCT i.email) AS people, SUM(i.spend) AS spend, SUM(i.clicks) AS clicks,
  AVG(p.amount) AS amount FROM impressions i JOIN purchases p ON i.email = p.email GROUP BY i.region`;

describe('an allowed query', () => {
  test('gives what the cleartext gives, without the groups that are too small', async () => {
    const outcome = await runner.run(ask(BY_REGION));
    const expected = await cleartextRows(
      cleartext,
      `${BY_REGION} HAVING COUNT(DISTINCT i.email) >= 10 AND COUNT(DISTINCT p.email) >= 5 ORDER BY ALL`,
    );
    const round = (rows: readonly (readonly (string | null)[])[]): unknown =>
      rows.map(([region, people, spend, clicks, amount]) => [region, people, spend, clicks, Number(amount).toFixed(6)]);
    expect(round(await rowsOf(outcome))).toEqual(round(expected));
    expect(expected.map(([region]) => region)).toEqual(['Bavaria', 'Carinthia', 'Tyrol']);
    expect(await cleartextRows(cleartext, 'SELECT DISTINCT region FROM impressions')).toHaveLength(4);
  });
});
