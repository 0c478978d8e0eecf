import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { QueryRunner } from 'sealroom/query';
import { ask, AWS_NAME, rowsOf, SampleRoom } from './support.ts';

let room: SampleRoom;
let runner: QueryRunner;

beforeAll(async () => {
  room = await SampleRoom.start([AWS_NAME, 'visits']);
  runner = await room.runner();
});

afterAll(async () => {
  await runner[Symbol.asyncDispose]();
  await room[Symbol.asyncDispose]();
});

test('R-5 a table with a name of AWS is loaded, asked, counted and recorded under that name', async () => {
  const rows = async (sql: string): Promise<unknown> => rowsOf(await runner.run(ask(sql)));
  expect(await rows(`SELECT COUNT(*) AS n, MIN(a.placed) AS first FROM "${AWS_NAME}" a`)).toEqual([
    ['30', '2026-01-02 03:04:05.000000'],
  ]);
  expect(await rows(`SELECT SUM("${AWS_NAME}".price) AS total FROM pub."${AWS_NAME.toUpperCase()}"`)).toEqual([
    ['450.00'],
  ]);
  expect(await readdir(room.session.path('room/snapshots'))).toContainEqual(
    expect.stringMatching(/^Ads 2025-b-[0-9a-f]{16}\.duckdb$/),
  );
  const last = (await room.log()).trimEnd().split('\n').at(-1);
  expect(JSON.parse(last ?? '')).toMatchObject({
    event: { kind: 'attempt', tables: [{ table: AWS_NAME, owner: 'pub' }], budgets: [{ table: AWS_NAME, after: 3 }] },
  });
});

test('the commands take the name as it is written', async () => {
  const run = (...argv: string[]): ReturnType<typeof room.session.run> =>
    room.session.run([...argv, '--room', 'room'], { env: {} });
  expect(await run('room', 'add', AWS_NAME, `${AWS_NAME}.parquet`)).toMatchObject({
    out: expect.stringContaining(`loaded ${AWS_NAME} of pub: 30 rows`),
  });
  expect((await run('room', 'list')).out).toContain(AWS_NAME);
  expect((await run('room', 'remove', AWS_NAME.toLowerCase())).err).toContain(`did you mean \`${AWS_NAME}\`?`);
  expect((await run('room', 'remove', '007')).err).toContain('the table `007` is not loaded');
  expect((await run('room', 'remove', AWS_NAME)).out).toContain(`removed ${AWS_NAME}, snapshot `);
  const checked = await run('check', '--as', 'brand', `SELECT COUNT(*) AS n FROM "Ads 2025"`);
  expect(checked.out).toContain(`Did you mean \`${AWS_NAME}\`?`);
});
