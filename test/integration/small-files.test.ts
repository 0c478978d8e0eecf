import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RoomSession } from '../room/support.ts';
import { ID, SECRET } from '../support/cli.ts';
import { memoryOfTree } from '../support/process-tree.ts';

// Files that are small on the disk and large in memory, and the most that a command takes for one of them.

const MAIN = fileURLToPath(new URL('../../dist/bin/sealroom.js', import.meta.url));

/** What is promised is about 1 GiB. */
const MOST_MIB = 1100;

const FINGERPRINT = `02:hmac:${Buffer.alloc(32, 1).toString('base64')}`;
const SEALED = `02:enc:${Buffer.alloc(64, 1).toString('base64')}`;

/** Values of the column `region`, and the rows. */
const SHAPES: readonly (readonly [string, string, number])[] = [
  ['2,048 equal texts of 600 KB', "repeat('x', 600000)", 2048],
  ['3,000 equal texts of 1.2 MB', "repeat('x', 1200000)", 3000],
  ['30,000 equal texts of 100 KB', "repeat('x', 100000)", 30_000],
  ['1,000 different texts of 600 KB', "i || repeat('x', 600000)", 1000],
];

let session: RoomSession;

beforeAll(async () => {
  session = await RoomSession.start();
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  for (const [index, [, value, rows]] of SHAPES.entries()) {
    const columns =
      `'${FINGERPRINT}' AS email_fingerprint, '${SEALED}' AS device_sealed, ${value} AS region, ` +
      `DATE '2026-01-02' AS day, 1.5 AS spend`;
    await connection.run(
      `COPY (SELECT ${columns} FROM range(${String(rows)}) t(i)) TO '${session.path(`${String(index)}.parquet`)}' ` +
        '(FORMAT parquet, COMPRESSION zstd)',
    );
  }
  connection.closeSync();
  instance.closeSync();
  const columns = [{ sourceHeader: 'region', targetHeader: 'region', type: 'cleartext' }];
  await session.session.put('region.json', JSON.stringify({ headerRow: true, columns }));
});

afterAll(async () => {
  await session[Symbol.asyncDispose]();
});

interface Cost {
  readonly code: number | null;
  readonly err: string;
  readonly mebibytes: number;
}

function costOf(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<Cost> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...argv], {
      cwd: session.session.directory,
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let [err, mebibytes] = ['', 0];
    const timer = setInterval(() => (mebibytes = Math.max(mebibytes, memoryOfTree(child.pid ?? 0))), 10);
    child.stderr.on('data', (part: Buffer) => (err += part.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(timer);
      resolve({ code, err, mebibytes });
    });
  });
}

describe.skipIf(process.platform !== 'linux').each(SHAPES.map(([name], index) => [name, index] as const))(
  '%s',
  (_, index) => {
    const input = `${String(index)}.parquet`;
    const member = { C3R_SHARED_SECRET: SECRET };
    test.each([
      ['room add', ['room', 'add', 'impressions', input, '--room', 'room', '--clock-jump'], {}],
      ['encrypt', ['encrypt', input, '-s', 'region.json', '--id', ID, '-o', 'out.csv', '--allow-cleartext'], member],
      ['decrypt', ['decrypt', input, '--id', ID, '-o', 'out.csv', '--fail-on-fingerprint-columns=false'], member],
    ] as const)('costs %s at most about 1 GiB, and is refused with row and column', async (_command, argv, env) => {
      const { code, err, mebibytes } = await costOf(argv, env);
      await rm(session.path('out.csv'), { force: true });
      expect(err).toMatch(/^error: \d\.parquet, row 1, column `region`: /m);
      expect(err).not.toContain('the disk may be full');
      expect(code).toBe(1);
      expect(mebibytes).toBeLessThan(MOST_MIB);
    });
  },
);
