import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { verifyExport } from 'sealroom/audit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseVerifiers } from '#src/tlog/index';
import { SampleRoom, waitFor } from '../../room/run/support.ts';
import { type Outcome, SECRET } from '../../support/cli.ts';
import { keyOf } from '../../support/manifests.ts';
import { cut, ServedRoom } from './served-room.ts';

const REGIONS = `SELECT i.region, COUNT(DISTINCT i.email) AS people, SUM(i.spend) AS spend
  FROM impressions i WHERE i.email IN (SELECT email FROM purchases) GROUP BY i.region`;

const SEALED = 'SELECT v.note, v.page FROM visits v WHERE v.seconds < 1003';

const REFUSED = 'SELECT i.email, MAX(i.spend) FROM impressions i';

/** The schema of the table of the brand. */
const SCHEMA = {
  headerRow: true,
  columns: [
    { sourceHeader: 'email', targetHeader: 'email', type: 'fingerprint' },
    { sourceHeader: 'product', targetHeader: 'product', type: 'cleartext' },
    { sourceHeader: 'amount', targetHeader: 'amount', type: 'cleartext' },
  ],
};

let room: SampleRoom;
let served: ServedRoom;

beforeAll(async () => {
  room = await SampleRoom.start();
  served = await ServedRoom.start(room);
});

afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await room[Symbol.asyncDispose]();
});

beforeEach(() => {
  served.intercept = () => false;
});

const inDirectory = (argv: readonly string[], member = true): Promise<Outcome> =>
  room.session.run([...argv, '--room', 'room', ...(member ? ['--as', 'brand'] : [])], { env: {} });

const overNetwork = (argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> =>
  served.run(argv, { env });

const requests = async (): Promise<readonly string[]> =>
  (await readdir(room.session.path('home/requests')).catch(() => [])).filter((name) => name.endsWith('.json'));

describe('the keys of a room', () => {
  const first = (...argv: string[]): Promise<Outcome> => served.run(['check', REGIONS, ...argv], {}, 'first');

  test('are needed once, and kept', async () => {
    await served.makeHome('first');
    const before = served.seen.length;
    expect(await first()).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^error: the first use of a room over the network needs `--trust`\nhint: /),
    });
    expect(served.seen).toHaveLength(before);
    expect((await first('--trust', 'room/runner.pub')).code).toBe(0);
    const [name = ''] = await readdir(room.session.path('first/rooms'));
    const file = room.session.path(`first/rooms/${name}`);
    expect(await readFile(file, 'utf8')).toBe(await room.session.text('room/runner.pub'));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await first()).code).toBe(0);
  });

  test('that are others are an integrity failure, and are not kept', async () => {
    const { out } = await room.session.run(['audit', 'key', 'other.key', '--name', 'sealroom/other']);
    const { code, err } = await overNetwork(['check', REGIONS, '--trust', out.trim()]);
    expect({ code, err }).toEqual({
      code: 4,
      err: expect.stringContaining('none of the signatures is by a known key'),
    });
    expect((await overNetwork(['check', REGIONS])).code).toBe(0);
  });
});

describe('who asks', () => {
  test('is who has the key, and `--as` may only say the same', async () => {
    expect((await overNetwork(['check', REGIONS, '--as', 'brand'])).code).toBe(0);
    const { code, err } = await overNetwork(['check', REGIONS, '--as', 'pub']);
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringContaining('error: `--as` is `pub`, and the signing key of the home is one of `brand`\n'),
    });
  });

  test('has a key that nobody knows: the room says so', async () => {
    const file = room.session.path('home/sign.key');
    const own = await readFile(file);
    await writeFile(file, keyOf('stranger').export({ type: 'pkcs8', format: 'pem' }));
    try {
      expect(await overNetwork(['check', REGIONS])).toMatchObject({ code: 1, err: expect.stringContaining('error: ') });
    } finally {
      await writeFile(file, own);
    }
  });

  test('without a key is told how to get one', async () => {
    const argv = ['check', REGIONS, '--trust', 'room/runner.pub', '--room', served.origin, '--home', 'nobody'];
    const { code, err } = await room.session.run(argv, { env: {} });
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('sealroom member init') });
  });
});

describe('a directory and an address give the same answer:', () => {
  test.each([
    ['allowed', ['check', REGIONS]],
    ['allowed, for machines', ['check', REGIONS, '--json']],
    ['refused', ['check', REFUSED]],
    ['refused, for machines', ['check', REFUSED, '--json']],
    ['refused with a way out', ['check', 'SELECT COUNT(email) FROM impressions', '--json']],
    ['a template', ['check', '--template', 'pages-since']],
    ['a template that is not there', ['check', '--template', 'nothing', '--json']],
    ['examples', ['check', '--examples']],
    ['examples for machines', ['check', '--examples', '--json']],
    ['a receiver that is not allowed', ['check', REGIONS, '--for', 'auditor']],
    ['a stranger', ['check', REGIONS, '--for', 'stranger']],
  ])('%s', async (_what, argv) => {
    expect(await overNetwork(argv)).toEqual(await inDirectory(argv));
  });

  test.each([
    ['rows', ['query', REGIONS]],
    ['a template', ['query', '--template', 'pages-since', '--param', 'since=1800']],
  ])('%s', async (_what, argv) => {
    const [there, here] = [await overNetwork(argv), await inDirectory(argv)];
    expect({ code: there.code, out: there.out }).toEqual({ code: 0, out: here.out });
    const masked = ({ err }: Outcome): string => err.replaceAll(/[-0-9a-f]{36}|\d+ of|\d+ after/g, '*');
    expect(masked(there)).toBe(masked(here));
  });

  test('a query that is refused', async () => {
    expect(await overNetwork(['query', REFUSED])).toEqual(await inDirectory(['query', REFUSED]));
  });

  test('a query for machines', async () => {
    const argv = ['query', '--template', 'pages-since', '--param', 'since=1897', '--json'];
    const [there, here] = [await overNetwork(argv), await inDirectory(argv)].map(
      ({ out }) => JSON.parse(out) as object,
    );
    const own = { attempt: expect.any(String), salt: expect.any(String), receipt: expect.any(Object) };
    expect(there).toEqual({ ...here, ...own });
  });

  test('what may be asked', async () => {
    expect(await overNetwork(['room', 'rules'])).toEqual(await inDirectory(['room', 'rules'], false));
  });

  test('the checkpoint of the log, and proofs', async () => {
    for (const argv of [
      ['audit', 'checkpoint'],
      ['audit', 'checkpoint', '--json'],
      ['audit', 'prove', '--record', '2'],
      ['audit', 'prove', '--from', '2'],
    ]) {
      expect(await overNetwork(argv)).toEqual(await inDirectory(argv, false));
    }
  });

  test('the records of the log', async () => {
    const { code, out } = await overNetwork(['audit', 'export']);
    const here = await inDirectory(['audit', 'export', '--for', 'brand'], false);
    expect({ code, out }).toEqual({ code: 0, out: here.out });
    expect(verifyExport(out, parseVerifiers(await room.session.text('room/runner.pub'))).problems).toEqual([]);
    expect((await overNetwork(['audit', 'export', '--for', 'pub'])).code).toBe(2);
  });
});

/** Answers requests of a kind with what was answered to others. */
function answerWith(end: string, body: string | Uint8Array): void {
  served.intercept = ({ url = '' }, response) => {
    if (!url.endsWith(end)) return false;
    response.end(body);
    return true;
  };
}

test('a proof of something else, and records that are not in the log, are integrity failures', async () => {
  for (const [wanted, other, end] of [
    ['--from=1', '--from=2', '/growth?from=1'],
    ['--record=2', '--record=0', '/records/2/proof'],
  ] as const) {
    served.intercept = () => false;
    answerWith(end, (await overNetwork(['audit', 'prove', other])).out);
    const { code, out, err } = await overNetwork(['audit', 'prove', wanted]);
    expect({ code, out, err }).toMatchObject({ code: 4, out: '', err: expect.stringContaining('another proof') });
  }
  const { out: lines } = await overNetwork(['audit', 'export']);
  answerWith('/records', lines.replace('purchases', 'purchase5'));
  const { code, out, err } = await overNetwork(['audit', 'export']);
  expect({ code, err }).toEqual({ code: 4, err: expect.stringContaining('the proof does not show that record') });
  expect(lines.startsWith(out)).toBe(true);
  answerWith('/checkpoint', 'sealroom/other\n1\nAAAA\n\n');
  expect((await overNetwork(['audit', 'checkpoint'])).code).toBe(4);
});

test('the tables of a room, and how many rows those of the member have', async () => {
  const { code, out } = await overNetwork(['room', 'list']);
  expect(code).toBe(0);
  const here = (await inDirectory(['room', 'list'], false)).out.replaceAll('intact', 'loaded');
  expect(out).toBe(here.replaceAll(/^(pub\.\w+ ) .* {2}loaded$/gm, '$1 loaded'));
  expect(out).toMatch(/^brand\.purchases {2}400 rows {2}/m);
});

describe('a result', () => {
  test('is opened with the identity and the secret of the home', async () => {
    const { code, out } = await overNetwork(['query', SEALED], { C3R_SHARED_SECRET: SECRET });
    expect({ code, lines: out.split('\n').sort() }).toEqual({
      code: 0,
      lines: [
        '',
        'hidden-note-0,confidential-page-0',
        'hidden-note-1,confidential-page-1',
        'hidden-note-2,confidential-page-2',
        'note,page',
      ],
    });
    expect(await requests()).toEqual([]);
    expect(await readdir(room.session.path('home/requests'))).toEqual([]);
  });

  test('that cannot be opened stays in the room, and the job says how to get it', async () => {
    const { code, err } = await overNetwork(['query', SEALED]);
    expect(code).toBe(1);
    const [, job = ''] = /sealroom room job ([-0-9a-f]{36}) --room https:\S+ --package <file>/.exec(err) ?? [];
    const again = await overNetwork(['room', 'job', job, '--package', 'kept.age']);
    expect(again).toMatchObject({ code: 0, out: '' });
    expect((await readFile(room.session.path('kept.age'))).toString('latin1')).toMatch(/^age-encryption/);
    expect(await requests()).toEqual([]);
  });

  test('goes into a package, which `decrypt` opens', async () => {
    expect(await overNetwork(['query', REGIONS, '--package', 'regions.age'])).toMatchObject({ code: 0, out: '' });
    const keys = ['--trust', 'room/runner.pub', '--home', 'home', '--as', 'brand'];
    const opened = await room.session.run(['decrypt', 'regions.age', '-o', '-', ...keys], { env: {} });
    expect(opened).toMatchObject({ code: 0, out: expect.stringMatching(/^region,people,spend\nBavaria,156,/) });
    const { code, err } = await overNetwork(['query', REGIONS, '--package', 'regions.age']);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('the output already exists') });
  });

  test('goes into a package and a file at the same time, and is fetched once', async () => {
    let fetched = 0;
    served.intercept = ({ method, url = '' }) => {
      if (method === 'GET' && url.endsWith('/result')) fetched += 1;
      return false;
    };
    const both = ['query', REGIONS, '--package', 'both.age', '-o', 'both.csv'];
    expect((await overNetwork(both)).code).toBe(0);
    expect(await readFile(room.session.path('both.csv'), 'utf8')).toMatch(/^region,people,spend\nBavaria,156,/);
    expect((await readFile(room.session.path('both.age'))).length).toBeGreaterThan(0);
    expect(fetched).toBe(1);
  });

  test('is for its receivers only', async () => {
    const { code, err } = await overNetwork(['query', REGIONS, '--for', 'pub', '-o', 'r.csv']);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('only a receiver can get the result') });
    const asked = await overNetwork(['query', REGIONS, '--for', 'pub']);
    expect(asked).toMatchObject({
      code: 0,
      out: '',
      err: expect.stringContaining('note: only pub can get the result'),
    });
  });

  test('of another query is none', async () => {
    // Who ends TLS can answer with what the same member got before.
    expect((await overNetwork(['query', REGIONS, '--package', 'other.age'])).code).toBe(0);
    const other = await readFile(room.session.path('other.age'));
    served.intercept = ({ url = '' }, response) => {
      if (!url.endsWith('/result')) return false;
      response.end(other);
      return true;
    };
    const { code, err } = await overNetwork(['query', '--template', 'pages-since']);
    expect({ code, err }).toEqual({ code: 4, err: expect.stringContaining('error: the package ') });
    await rm(room.session.path('home/requests'), { recursive: true });
  });
});

describe('a query', () => {
  const posts = (): number => served.seen.filter((each) => each === 'POST /v1/queries').length;
  const records = async (): Promise<number> => (await room.log()).split('\n').length;

  test('whose connection is lost is asked once, and no refusal', async () => {
    const before = await records();
    served.intercept = (request, response) => request.url?.endsWith('/result') === true && cut(request, response);
    const lost = await overNetwork(['query', REGIONS]);
    expect(lost).toMatchObject({ code: 1, out: '' });
    expect(lost.err).toMatch(
      /^error: the room cannot be reached: ECONNRESET\nhint: .*; job ([-0-9a-f]{36}) goes on in the room: `sealroom room job \1 --room https:\S+`\n$/,
    );
    expect(await requests()).toHaveLength(1);
    const asked = posts();
    served.intercept = () => false;
    const again = await overNetwork(['query', REGIONS]);
    expect(again).toMatchObject({
      code: 0,
      err: expect.stringMatching(/^note: this was asked at .*: it goes on with job /),
    });
    expect(again.out).toMatch(/^region,people,spend\nBavaria/);
    expect(posts()).toBe(asked + 1);
    expect(await records()).toBe(before + 2);
    expect(await requests()).toEqual([]);
  });

  test('that may not have reached the room is asked under the same key', async () => {
    const keys: unknown[] = [];
    let isThere = false;
    served.intercept = (request, response) => {
      if (request.url !== '/v1/queries') return false;
      keys.push(request.headers['idempotency-key']);
      return !isThere && cut(request, response);
    };
    const { code, err } = await overNetwork(['query', REGIONS]);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('the same command asks again, and once') });
    isThere = true;
    expect((await overNetwork(['query', REGIONS])).code).toBe(0);
    expect(new Set(keys).size).toBe(1);
  });

  test('that the room refuses leaves nothing in the home', async () => {
    const { code, err } = await overNetwork(['query', REGIONS, '--for', 'stranger']);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('`stranger` is not a member') });
    expect(await requests()).toEqual([]);
  });

  test('with `--no-wait` is a job, which is gone on with, and cancelled', async () => {
    const { code, out, err } = await overNetwork(['query', REGIONS, '--no-wait']);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^[-0-9a-f]{36}\n$/) });
    const id = out.trim();
    await rm(room.session.path('home/requests'), { recursive: true });
    expect(err).toBe(`hint: its end: \`sealroom room job ${id} --room ${served.origin}\`\n`);
    expect(await requests()).toEqual([]);
    const end = await overNetwork(['room', 'job', id]);
    expect(end).toMatchObject({ code: 0, out: expect.stringMatching(/^region,people,spend\nBavaria,156/) });
    // The home does not know what it was.
    expect(end.err).toContain('note: the room says that this was asked: SELECT');
    const cancelled = await overNetwork(['room', 'job', id, '--cancel']);
    expect(cancelled).toMatchObject({ code: 0, out: `job ${id}, query of brand: released, 3 rows\n` });
    expect(served.seen.at(-1)).toBe(`DELETE /v1/jobs/${id}`);
    expect((await inDirectory(['query', REGIONS, '--no-wait'])).code).toBe(2);
    expect((await inDirectory(['room', 'job', id], false)).code).toBe(2);
  });

  test('that fails in the room fails here with its reason', async () => {
    const { code, err } = await overNetwork(['query', REGIONS, '--for', 'brand', '--for', 'pub']);
    const here = await inDirectory(['query', REGIONS, '--package', 'x.age', '--for', 'brand', '--for', 'pub']);
    expect({ code, err }).toEqual({ code: here.code, err: here.err });
  });

  test('is followed on a terminal', async () => {
    const { code, err } = await served.run(['query', REGIONS], { isTerminal: true });
    expect({ code, err }).toEqual({
      code: 0,
      err: expect.stringMatching(/^job [-0-9a-f]{36}, query of brand: (queued|running)/),
    });
    expect(err).toContain(', query of brand: released, 3 rows\n');
  });

  test.each(['--timeout=5', '--memory=64', '--clock-jump'])('leaves %s to the operator', async (option) => {
    const { code, err } = await overNetwork(['query', REGIONS, option]);
    const name = option.split('=')[0] ?? '';
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining(`\`${name}\` needs the directory`) });
  });
});

test('jobs are watched until it is stopped', async () => {
  const controller = new AbortController();
  const polls = (): number => served.seen.filter((each) => each === 'GET /v1/jobs').length;
  const untilPolled = async (times: number): Promise<void> => {
    const before = polls();
    await waitFor(() => Promise.resolve(polls() >= before + times));
  };
  const watching = served.run(['room', 'watch'], { signal: controller.signal });
  await untilPolled(1);
  expect((await overNetwork(['query', REGIONS])).code).toBe(0);
  await untilPolled(2);
  controller.abort();
  const { code, out, err } = await watching;
  expect({ code, err }).toEqual({ code: 0, err: '' });
  // What had ended before is no news.
  expect(out).toMatch(/^(job [-0-9a-f]{36}, query of brand: .*\n)+$/);
  expect(out.match(/: released, 3 rows\n/g)).toHaveLength(1);
});

describe('a table', () => {
  const ADD = ['room', 'add', 'purchases', 'purchases.parquet'];
  const masked = ({ out }: Outcome): string => out.replaceAll(/[0-9a-f]{64}|time: .*/g, '*');

  test('is sent and loaded, and says the same as in a directory', async () => {
    const [there, here] = [await overNetwork(ADD), await inDirectory(ADD, false)];
    expect(there).toMatchObject({ code: 0, err: here.err });
    expect(masked(there)).toBe(masked(here));
    expect(await requests()).toEqual([]);
  });

  test('goes on where it was cut', async () => {
    let parts = 0;
    served.intercept = (request, response) => {
      if (request.method !== 'PATCH') return false;
      parts += 1;
      return parts > 1 && cut(request, response);
    };
    const { code, err } = await overNetwork(ADD);
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringContaining('the same command goes on where it was cut'),
    });
    expect(await requests()).toHaveLength(1);
    served.intercept = () => false;
    const uploads = (): number => served.seen.filter((each) => each.startsWith('POST /v1/tables')).length;
    const before = uploads();
    expect((await overNetwork(ADD)).code).toBe(0);
    expect(uploads()).toBe(before);
    expect(await requests()).toEqual([]);
  });

  test('that is refused names the file here, and says that cleartext was there', async () => {
    await room.session.put('bad.csv', 'email,product,amount\nsomebody@example.org,boot,1.50\n');
    const argv = ['room', 'add', 'purchases', 'bad.csv'];
    const [there, here] = [await overNetwork(argv), await inDirectory(argv, false)];
    const said = here.err.replace('got cleartext', '$&; cleartext reached the room, whose copy was overwritten');
    expect(there).toEqual({ code: 3, out: '', err: said });
    await room.session.put('bad.csv.gz', '');
    expect((await overNetwork(['room', 'add', 'purchases', 'bad.csv.gz'])).code).toBe(2);
  });

  test('with a signature beside it arrives with it', async () => {
    await room.session.put('signed.schema.json', JSON.stringify(SCHEMA));
    const encrypt = ['encrypt', 'purchases.csv', '-s', 'signed.schema.json', '-o', 'signed.csv', '--home', 'home'];
    const manifest = ['--manifest', 'manifest.json', '--sign', '--debug', '--table', 'purchases'];
    const encrypted = await room.session.run([...encrypt, ...manifest]);
    expect(encrypted, encrypted.err).toMatchObject({ code: 0 });
    const argv = ['room', 'add', 'purchases', 'signed.csv'];
    const [there, here] = [await overNetwork(argv), await inDirectory(argv, false)];
    expect(there).toMatchObject({ code: 0, out: expect.stringContaining('\nsigned by ed25519:') });
    expect(masked(there)).toBe(masked(here));
    const csv = await room.session.text('signed.csv');
    await room.session.put('signed.csv', csv.replace('boot', 'runner'));
    expect(await overNetwork(argv)).toMatchObject({ code: 4 });
    expect(await readdir(room.session.path('room/uploads'))).toEqual([]);
  });

  test('is removed', async () => {
    const removed = await overNetwork(['room', 'remove', 'purchases']);
    expect(removed).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^removed purchases, snapshot [0-9a-f]{64}\n$/),
    });
    expect((await overNetwork(ADD)).code).toBe(0);
  });
});

test('another version of the manifest is brought into force, if all signed it', async () => {
  const argv = ['room', 'update', 'manifest.json'];
  expect(await overNetwork(argv)).toEqual(await inDirectory(argv, false));
  await room.session.put('changed.json', (await room.session.text('manifest.json')).replace('Spring', 'Summer'));
  const { code, err } = await overNetwork(['room', 'update', 'changed.json']);
  expect({ code, err }).toEqual({ code: 4, err: expect.stringContaining('changed.json') });
});

describe('refused before the room is reached:', () => {
  test.each([
    ['http', ['check', 'SELECT 1', '--room', 'http://room.example']],
    ['a path', ['check', 'SELECT 1', '--room', 'https://room.example/a']],
    ['a log of a room', ['room', 'log', '--room', 'https://room.example']],
    ['a log, and a room', ['audit', 'checkpoint', 'room/audit', '--room', 'https://room.example']],
    ['a manifest of auditors', ['audit', 'export', '--room', 'https://room.example', '--manifest', 'manifest.json']],
    [
      'no certificate',
      [
        'check',
        'SELECT 1',
        '--room',
        'https://room.example',
        '--ca',
        'manifest.json',
        '--home',
        'home',
        '--trust',
        'room/runner.pub',
      ],
    ],
    ['certificates for a directory', ['check', 'SELECT 1', '--room', 'room', '--as', 'brand', '--ca', 'ca.pem']],
    ['keys for a directory', ['check', 'SELECT 1', '--room', 'room', '--as', 'brand', '--trust', 'room/runner.pub']],
    ['nobody who asks', ['check', 'SELECT 1', '--room', 'room']],
  ])('%s', async (_what, argv) => {
    expect((await room.session.run(argv, { env: {} })).code).toBe(2);
  });

  test('another store', async () => {
    const { code, err } = await room.session.run(['check', 'SELECT 1', '--room', 's3://bucket/room', '--as', 'brand'], {
      env: {},
    });
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('s3:// addresses') });
  });
});

test('a project file may name the address, and the keys for its first use', async () => {
  await room.session.put('sealroom.yaml', `room: ${served.origin}\ntrust: room/runner.pub\nhome: home\n`);
  try {
    await rm(room.session.path('home/rooms'), { recursive: true });
    const argv = ['check', REGIONS, '--ca', 'ca.pem'];
    expect((await room.session.run(argv, { env: {} })).code).toBe(0);
    expect((await room.session.run(['audit', 'checkpoint'], { env: {} })).code).toBe(1);
  } finally {
    await rm(room.session.path('sealroom.yaml'));
  }
});
