import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { queryCleanRooms } from '#src/actions/member/index';
import { CleanRoomsConnection, downloadResult, type ResultStore, runProtectedQuery } from '#src/clean-rooms/index';
import type { ProtectedQueryResult } from '#src/clean-rooms/index';
import { ID, type Outcome, SECRET, Session } from '../support/cli.ts';
import { BRAND, COLLABORATION, MEMBERSHIP, PUB, recorded, routesOf, StandIn } from './stand-in.ts';
import type { StandInAnswer, StandInRequest, StandInRoutes } from './stand-in.ts';

const QUERY_ID = '99999999-2222-4333-8444-555555555555';
const QUERIES = `/memberships/${MEMBERSHIP}/protectedQueries`;
const SUM =
  'SELECT i.region, COUNT(DISTINCT i.person_fingerprint) AS n FROM impressions i JOIN purchases p ON i.person_fingerprint = p.person_fingerprint GROUP BY i.region';

/** A query as AWS describes it. */
function described(status: string, more: Readonly<Record<string, unknown>> = {}): StandInAnswer {
  const query = { id: QUERY_ID, membershipId: MEMBERSHIP, createTime: 1_700_000_000, status, ...more };
  return { body: { protectedQuery: query } };
}

const DONE = described('SUCCESS', {
  statistics: { totalDurationInMillis: 61_000 },
  result: { output: { s3: { location: 's3://results/spring/99/' } } },
});

/** Answers the start of a query, and then each question with the next answer; the last one is given again and again. */
function queryRoutes(started: StandInAnswer, ...answers: readonly StandInAnswer[]): StandInRoutes {
  const aws = routesOf(recorded());
  const left = [...answers];
  return (request) => {
    if (request.method === 'POST' && request.path === QUERIES) return started;
    if (request.method === 'GET' && request.path === `${QUERIES}/${QUERY_ID}`) {
      return (left.length > 1 ? left.shift() : left[0]) ?? null;
    }
    if (request.method === 'PATCH') return described('CANCELLING');
    return aws(request);
  };
}

interface Run {
  readonly outcome: ProtectedQueryResult | Error;
  readonly statuses: readonly string[];
  readonly waits: readonly number[];
  readonly requests: readonly StandInRequest[];
}

/** Runs a query against a stand-in without waiting; after some waits the user stops it. */
async function run(routes: StandInRoutes, stopAfter = Number.POSITIVE_INFINITY): Promise<Run> {
  await using aws = await StandIn.start(routes);
  using connection = await CleanRoomsConnection.open();
  const [statuses, waits]: [string[], number[]] = [[], []];
  const user = new AbortController();
  if (stopAfter < 0) user.abort();
  const outcome = await runProtectedQuery(
    connection,
    { membershipId: MEMBERSHIP, sql: SUM, place: { kind: 's3', bucket: 'results', prefix: 'spring', format: 'CSV' } },
    {
      signal: user.signal,
      wait: (ms) => {
        waits.push(ms);
        if (waits.length > stopAfter) user.abort();
        return Promise.resolve();
      },
      onStatus: (_, status) => statuses.push(status),
    },
  ).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  return { outcome, statuses, waits, requests: aws.requests };
}

describe('a query at AWS', () => {
  test('is sent as it was written, and its result is where AWS says', async () => {
    const { outcome, statuses, waits, requests } = await run(
      queryRoutes(described('SUBMITTED'), described('SUBMITTED'), described('STARTED'), DONE),
    );
    expect(outcome).toEqual({ id: QUERY_ID, location: 's3://results/spring/99/', accounts: [], runtimeMs: 61_000 });
    expect(requests[0]?.body).toEqual({
      type: 'SQL',
      sqlParameters: { queryString: SUM },
      resultConfiguration: {
        outputConfiguration: {
          s3: { resultFormat: 'CSV', bucket: 'results', keyPrefix: 'spring', singleFileOutput: true },
        },
      },
    });
    expect(statuses).toEqual(['SUBMITTED', 'SUBMITTED', 'STARTED', 'SUCCESS']);
    expect(waits).toEqual([1000, 1500, 2250]);
  });

  test('is asked for less and less often, every 15 s in the end', async () => {
    const running = Array.from({ length: 12 }, () => described('STARTED'));
    const { waits } = await run(queryRoutes(described('SUBMITTED'), ...running, DONE));
    expect(waits.at(-1)).toBe(15_000);
    expect(waits.every((ms, index) => index === 0 || ms >= (waits[index - 1] ?? 0))).toBe(true);
  });

  test.each<[string, StandInAnswer, RegExp]>([
    [
      'FAILED',
      described('FAILED', { error: { code: 'ACCESS_DENIED', message: 'no role for AKIAFAKEFAKEFAKEFAKE\nmore' } }),
      /^the query \S+ failed at AWS with `ACCESS_DENIED`: no role for …$/,
    ],
    ['FAILED without a reason', described('FAILED'), /^the query \S+ failed at AWS$/],
    ['TIMED_OUT', described('TIMED_OUT'), /took too long/],
    ['CANCELLED', described('CANCELLED'), /was cancelled at AWS by somebody else/],
    ['an unknown status', described('LOST'), /has the status `LOST`, which is not known/],
    ['no status', { body: { protectedQuery: { id: QUERY_ID } } }, /has no text `status`/],
    ['no query', { body: {} }, /has no object `protectedQuery`/],
    ['a refusal', { status: 403, error: 'AccessDeniedException', body: {} }, /denied access to the query/],
  ])('that ends with %s says so', async (_, answer, message) => {
    const { outcome } = await run(queryRoutes(described('STARTED'), answer));
    expect(outcome).toMatchObject({ code: 'IO_CLEAN_ROOMS', message: expect.stringMatching(message) });
  });

  test.each<[StandInAnswer, RegExp, RegExp]>([
    [{ status: 403, error: 'AccessDeniedException', body: {} }, /denied/, /`cleanrooms:StartProtectedQuery`/],
    [{ status: 402, error: 'ServiceQuotaExceededException', body: {} }, /quota/, /ended/],
    [
      { status: 400, error: 'ValidationException', body: { message: 'unknown column' } },
      /invalid: unknown column/,
      /options/,
    ],
  ])('that AWS does not take says why: %j', async (answer, message, hint) => {
    const { outcome, requests } = await run(queryRoutes(answer));
    expect(outcome).toMatchObject({ message: expect.stringMatching(message), hint: expect.stringMatching(hint) });
    expect(requests).toHaveLength(1);
  });

  test('is not lost while AWS is throttling, and given up after five failures in a row', async () => {
    const throttled = { status: 429, error: 'ThrottlingException', body: {} };
    const again = await run(queryRoutes(described('STARTED'), throttled, throttled, DONE));
    expect(again.outcome).toMatchObject({ location: 's3://results/spring/99/' });
    const never = await run(queryRoutes(described('STARTED'), throttled));
    expect(never.outcome).toMatchObject({ hint: expect.stringContaining(`${QUERY_ID} may still run at AWS`) });
    expect(never.waits).toHaveLength(6);
  });

  test('is cancelled at AWS when the user stops it', async () => {
    const { outcome, requests } = await run(queryRoutes(described('SUBMITTED'), described('STARTED')), 1);
    expect(outcome).toMatchObject({ code: 'IO_ABORTED', message: expect.stringContaining('is cancelled at AWS') });
    expect(requests.at(-1)).toMatchObject({
      method: 'PATCH',
      path: `${QUERIES}/${QUERY_ID}`,
      body: { targetStatus: 'CANCELLED' },
    });
  });

  test('that cannot be cancelled may still run, and the message says so', async () => {
    const routes = queryRoutes(described('SUBMITTED'), described('STARTED'));
    const conflict = { status: 409, error: 'ConflictException', body: { message: 'done' } };
    const { outcome } = await run((request) => (request.method === 'PATCH' ? conflict : routes(request)), 0);
    expect(outcome).toMatchObject({ code: 'IO_ABORTED', message: expect.stringContaining('may still run') });
  });

  test('is not sent when the user has stopped before', async () => {
    const { outcome, requests } = await run(queryRoutes(DONE), -1);
    expect(outcome).toMatchObject({ code: 'IO_ABORTED' });
    expect(requests).toEqual([]);
  });
});

/** Objects in a bucket; a page has two. */
function storeOf(objects: Readonly<Record<string, string>>): ResultStore {
  const keys = Object.keys(objects);
  return {
    list: ({ prefix, token }) => {
      const found = keys.filter((key) => key.startsWith(prefix));
      const from = Number(token ?? '0');
      const contents = found.slice(from, from + 2).map((key) => ({ Key: key, Size: objects[key]?.length }));
      const isCut = from + 2 < found.length;
      return Promise.resolve({ Contents: contents, IsTruncated: isCut, NextContinuationToken: String(from + 2) });
    },
    get: (_, key) => Promise.resolve({ Body: Readable.from([Buffer.from(objects[key] ?? '')]) }),
    [Symbol.dispose]: () => undefined,
  };
}

/** Asks a query and downloads its result, which has sealed columns, to `out.csv`. */
function download(
  session: Session,
  objects: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = { C3R_SHARED_SECRET: SECRET },
): Promise<ProtectedQueryResult> {
  const file = {
    path: session.path('out.csv'),
    overwrite: false,
    isSealed: true,
    collaborationId: ID,
    key: undefined,
  };
  return queryCleanRooms(
    {
      env,
      cwd: session.directory,
      home: session.path('home'),
      now: () => new Date(),
      askPassphrase: () => Promise.reject(new Error('asked')),
      warn: () => undefined,
    },
    {
      membershipId: MEMBERSHIP,
      sql: 'SELECT name_sealed FROM t',
      place: { kind: 's3', bucket: 'results', prefix: undefined, format: 'CSV' },
      aws: { profile: undefined, region: undefined },
      file,
      onStatus: () => undefined,
      openStore: () => Promise.resolve(storeOf(objects)),
    },
  );
}

describe('the result of a query at AWS', () => {
  test('is downloaded, for its owner only', async () => {
    await using session = await Session.start();
    const store = storeOf({
      'spring/99/': '',
      'spring/99/_SUCCESS': 'x',
      'spring/99/.crc': 'x',
      'spring/99/a.csv': 'n\n1\n',
    });
    await downloadResult('s3://results/spring/99/', session.path('out.csv'), { store });
    expect(await session.text('out.csv')).toBe('n\n1\n');
  });

  test.each<[string, ResultStore, string, RegExp]>([
    ['none', storeOf({}), 's3://results/x/', /consists of no file/],
    ['two', storeOf({ 'x/a': '1', 'x/b': '2', 'x/c': '3' }), 's3://results/x/', /consists of 3 files/],
    ['elsewhere', storeOf({}), 'https://results/x', /not in S3/],
    [
      'forbidden',
      {
        ...storeOf({ 'x/a': '1' }),
        get: () => Promise.reject(Object.assign(new Error('x'), { name: 'AccessDenied' })),
      },
      's3://results/x/',
      /S3 denied access/,
    ],
    [
      'another failure',
      {
        ...storeOf({}),
        list: () => Promise.reject(Object.assign(new Error('AKIAFAKEFAKEFAKEFAKE'), { name: 'Slow' })),
      },
      's3://results/x/',
      /S3 failed with `Slow`: …/,
    ],
  ])('that is not one file is refused: %s', async (_, store, location, message) => {
    await using session = await Session.start();
    const file = session.path('out.csv');
    await expect(downloadResult(location, file, { store })).rejects.toMatchObject({
      code: 'IO_CLEAN_ROOMS',
      message: expect.stringMatching(message),
    });
  });

  test('is decrypted with the secret of the member, and leaves nothing else behind', async () => {
    await using aws = await StandIn.start(queryRoutes(DONE));
    await using session = await Session.start({
      'in.csv': 'name\nAda\n',
      'schema.json': JSON.stringify({
        headerRow: true,
        columns: [{ sourceHeader: 'name', targetHeader: 'name_sealed', type: 'sealed', pad: { type: 'NONE' } }],
      }),
    });
    const encrypt = ['encrypt', 'in.csv', '--id', ID, '--schema', 'schema.json', '--output', 'sealed.csv'];
    expect(await session.run(encrypt)).toMatchObject({ code: 0 });
    const sealed = await session.text('sealed.csv');
    const before = await session.names();
    await download(session, { 'spring/99/a.csv': sealed });
    expect(await session.text('out.csv')).toBe('name_sealed\nAda\n');
    expect(aws.requests.map(({ method }) => method)).toEqual(['POST']);
    expect((await session.names()).filter((name) => !before.includes(name) && name !== 'home')).toEqual(['out.csv']);
  });

  test('that cannot be opened stays where it is, and the error says where', async () => {
    await using aws = await StandIn.start(queryRoutes(DONE));
    await using session = await Session.start();
    const before = await session.names();
    await expect(download(session, { 'spring/99/a.csv': 'name_sealed\nAda\n' }, {})).rejects.toMatchObject({
      hint: expect.stringContaining(`\`${QUERY_ID}\` has run, and its result stays in \`s3://results/spring/99/\``),
    });
    expect(aws.requests).toHaveLength(1);
    expect((await session.names()).filter((name) => !before.includes(name) && name !== 'home')).toEqual([]);
  });

  test('that is not downloaded is named whole, however long its address is', async () => {
    await using session = await Session.start();
    const location = `s3://results/${'spring/'.repeat(20)}\u001b/`;
    await expect(downloadResult(location, session.path('out.csv'), { store: storeOf({}) })).rejects.toMatchObject({
      hint: expect.stringContaining(`${'spring/'.repeat(20)}\\u{1b}/\``),
    });
  });

  test('that AWS names no place for is not said to be written', async () => {
    await using aws = await StandIn.start(queryRoutes(described('SUCCESS')));
    await using session = await Session.start();
    await expect(download(session, {})).rejects.toMatchObject({
      code: 'IO_CLEAN_ROOMS',
      message: `AWS does not say where the result of the query ${QUERY_ID} is`,
    });
    expect(aws.requests).toHaveLength(1);
    expect(await session.names()).not.toContain('out.csv');
  });
});

const ASK = ['clean-rooms', 'query', '--membership', MEMBERSHIP, '--as', `a${BRAND}`, '--manifest', 'spring.yaml'];

interface Asked extends Outcome {
  readonly sent: readonly StandInRequest[];
}

/** Imports the collaboration, and asks a query. */
async function ask(
  routes: StandInRoutes,
  more: readonly string[],
  { isTerminal = false, change = ['', ''] }: { readonly isTerminal?: boolean; readonly change?: [string, string] } = {},
): Promise<Asked> {
  await using aws = await StandIn.start(routes);
  await using session = await Session.start();
  const imported = ['collab', 'import-clean-rooms', '--id', COLLABORATION, '--output', 'spring.yaml'];
  expect(await session.run(imported)).toMatchObject({ code: 0 });
  await writeFile(session.path('spring.yaml'), (await session.text('spring.yaml')).replace(...change));
  const before = aws.requests.length;
  const own = more.includes('--membership')
    ? ASK.filter((each, index) => each !== '--membership' && ASK[index - 1] !== '--membership')
    : ASK;
  const outcome = await session.run([...own, ...more], { isTerminal });
  return { ...outcome, sent: aws.requests.slice(before) };
}

describe('clean-rooms query', () => {
  test('sends nothing of a query that is refused here, and says all reasons', async () => {
    const { code, out, sent } = await ask(queryRoutes(DONE), ['SELECT person_fingerprint, nonsense FROM impressions']);
    expect(code).toBe(3);
    expect(out).toMatch(/FINGERPRINT_USE/);
    expect(out).toMatch(/UNKNOWN_COLUMN/);
    expect(sent).toEqual([]);
  });

  test('sends an allowed query, and says where its result is', async () => {
    const { code, err, sent } = await ask(queryRoutes(DONE), [SUM, '--bucket', 'results', '--prefix', 'spring']);
    expect({ code, err }).toMatchObject({
      code: 0,
      err: expect.stringMatching(/^query \S+: SUCCESS\nresult: s3:\/\/results\/spring\/99\/\nhint: /),
    });
    expect(sent.map(({ method }) => method)).toEqual(['POST']);
    expect(sent[0]?.body).toMatchObject({ sqlParameters: { queryString: SUM } });
  });

  test('leaves the result where the membership says, unless a place is given', async () => {
    const done = described('SUCCESS', { result: { output: { memberList: [{ accountId: BRAND }] } } });
    const { code, err, sent } = await ask(queryRoutes(done), [SUM]);
    expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining(`with the account ${BRAND}`) });
    expect(sent[0]?.body).not.toHaveProperty('resultConfiguration');
  });

  test('shows what AWS says of the place without what a terminal would obey', async () => {
    const done = described('SUCCESS', { result: { output: { s3: { location: 's3://results/\u001b[31m/' } } } });
    const { code, err } = await ask(queryRoutes(done), [SUM, '--bucket', 'results']);
    expect({ code, err }).toMatchObject({
      code: 0,
      err: expect.stringContaining('result: s3://results/\\u{1b}[31m/\n'),
    });
  });

  test("sends nothing that was checked as DuckDB's SQL", async () => {
    const { code, err, sent } = await ask(queryRoutes(DONE), [SUM], { change: ['dialect: spark', 'dialect: duckdb'] });
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('AWS runs Spark SQL') });
    expect(sent).toEqual([]);
  });

  test('does not send a query whose receiver may not receive', async () => {
    const { code, out, sent } = await ask(queryRoutes(DONE), [SUM, '--for', `a${PUB}`]);
    expect({ code, out }).toMatchObject({ code: 3, out: expect.stringContaining('RECEIVER_NOT_ALLOWED') });
    expect(sent).toEqual([]);
  });

  test('prints one object for machines, and its status in one line on a terminal', async () => {
    const { out } = await ask(queryRoutes(DONE), [SUM, '--bucket', 'results', '--json']);
    expect(JSON.parse(out)).toMatchObject({ id: QUERY_ID, location: 's3://results/spring/99/', output: null });
    const { err } = await ask(queryRoutes(DONE), [SUM, '--bucket', 'results'], { isTerminal: true });
    expect(err).toContain(`\r\u001b[Kquery \`${QUERY_ID}\`: \`SUCCESS\`, 0 s\r\u001b[K`);
  });

  test.each([
    [['--output', 'x.csv'], '`--output` needs `--bucket`'],
    [['--prefix', 'x'], '`--prefix` needs `--bucket`'],
    [['--bucket', 'results', '--output', 'x.arrow'], 'must end in `.csv` or `.parquet`'],
    [['--bucket', 'results', '--for', `a${BRAND}`], 'cannot be combined'],
    [['--for', `a${BRAND}`, '--for', `a${PUB}`], 'can be given once'],
    [['--membership', 'x'], 'is not an id of 36 characters'],
  ])('refuses options that do not go together: %j', async (more, message) => {
    const { code, err, sent } = await ask(queryRoutes(DONE), [SUM, ...more]);
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining(message) });
    expect(sent).toEqual([]);
  });

  /** The package is an optional one that this project does not install. */
  const hasS3 = existsSync(join(import.meta.dirname, '../../node_modules/@aws-sdk/client-s3'));

  // Runs where the package for S3 is not installed.
  test.skipIf(hasS3)('refuses to download without the package for S3, before the query is sent', async () => {
    const { code, err, sent } = await ask(queryRoutes(DONE), [SUM, '--bucket', 'results', '--output', 'x.csv']);
    expect({ code, err }).toMatchObject({
      code: 1,
      err: expect.stringContaining('`@aws-sdk/client-s3` is not installed'),
    });
    expect(sent).toEqual([]);
  });
});
