import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { openRoom, verifySnapshot } from 'sealroom/room';
import { describe, expect, test } from 'vitest';
import { cleartextRows, RoomSession } from '../room/support.ts';

const MAIN = fileURLToPath(new URL('../../dist/bin/sealroom.js', import.meta.url));

/** `sealroom room add` in a process of its own, through a shell that may set limits first. */
function startLoad(session: RoomSession, file: string, limits = ''): ChildProcess {
  const command = `${limits} exec "$0" "$@"`;
  const argv = [process.execPath, MAIN, 'room', 'add', 'impressions', file, '--room', session.directory];
  // The room was made at a time that is long past.
  argv.push('--clock-jump', '--json');
  return spawn('bash', ['-c', command, ...argv], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

async function exitOf(child: ChildProcess): Promise<{ readonly code: number | null; readonly err: string }> {
  let err = '';
  child.stderr?.on('data', (part: Buffer) => (err += part.toString()));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      resolve({ code, err });
    });
  });
}

describe('a load that is killed', () => {
  test.each([
    { trigger: 'unfinished', isRefused: false },
    { trigger: 'unfinished/snapshot.duckdb', isRefused: false },
    // Rows are staged where one of them is to be refused.
    { trigger: 'unfinished/staging.duckdb', isRefused: true },
  ])(
    'when `$trigger` is there leaves the old snapshot, and the next load removes what is left',
    async ({ trigger, isRefused }) => {
      await using session = await RoomSession.start();
      const small = await session.encrypt('small.csv', cleartextRows(10));
      const large = await session.encrypt('large.csv', cleartextRows(60_000));
      const { table } = await session.load(small);
      const refused = session.path('refused.csv');
      await writeFile(refused, (await readFile(large, 'utf8')).replace(/2026-01-02(?=[^\n]*\n$)/, '2026-02-30'));
      const child = startLoad(session, isRefused ? refused : large);
      const exit = exitOf(child);
      while (!existsSync(session.inRoom(trigger)) && child.exitCode === null) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      child.kill('SIGKILL');
      expect((await exit).code).toBeNull();
      const [found] = (await openRoom(session.directory)).tables;
      expect(found).toEqual(table);
      if (table.snapshot !== null) await verifySnapshot(table.snapshot);
      const second = await session.load(large);
      expect((await openRoom(session.directory)).tables[0]).toEqual(second.table);
      expect(await readdir(session.directory)).not.toContain('unfinished');
      expect(await readdir(session.inRoom('snapshots'))).toHaveLength(1);
    },
  );
});

test('a load for which there is no room on the disk leaves the old snapshot', async () => {
  await using session = await RoomSession.start();
  const small = await session.encrypt('small.csv', cleartextRows(10));
  const large = await session.encrypt('large.csv', cleartextRows(60_000));
  const { table } = await session.load(small);
  // No file may be larger than 2 MiB.
  const { code, err } = await exitOf(startLoad(session, large, 'ulimit -f 2048;'));
  expect(code).toBe(1);
  expect(JSON.parse(err)).toMatchObject({ error: { code: 'IO_WRITE', file: session.directory } });
  expect((await openRoom(session.directory)).tables[0]).toEqual(table);
  expect(await readdir(session.directory)).not.toContain('unfinished');
});
