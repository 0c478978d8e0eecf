import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { defaultKernel } from 'sealroom';
import { ID, SECRET, Session } from '../support/cli.ts';

// Whole programs that may write no more than some bytes to a file, as on a disk that becomes full.

const MAIN = fileURLToPath(new URL('../../dist/bin/sealroom.js', import.meta.url));
const ROWS = 20_000;
const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [
    { sourceHeader: 'id', targetHeader: 'id', type: 'cleartext' },
    { sourceHeader: 'note', targetHeader: 'note', type: 'sealed', pad: { type: 'none' } },
  ],
});

interface Exit {
  readonly code: number | null;
  readonly err: string;
}

/** @param blocks of 512 bytes that a file may have; `null` for any number */
function runLimited(session: Session, argv: readonly string[], blocks: number | null): Exit {
  const limit = blocks === null ? '' : `ulimit -f ${String(blocks)}; `;
  const { status, stderr } = spawnSync('/bin/sh', ['-c', `${limit}exec "$@"`, 'sh', process.execPath, MAIN, ...argv], {
    cwd: session.directory,
    env: { PATH: process.env['PATH'], C3R_SHARED_SECRET: SECRET, TMPDIR: session.path('tmp') },
    encoding: 'utf8',
  });
  return { code: status, err: stderr };
}

describe.runIf(process.platform === 'linux')('a file that cannot become longer', () => {
  test.each(['encrypt', 'decrypt'] as const)(
    'ends `%s` with the same words on both paths, and nothing is left',
    async (command) => {
      await using session = await Session.start({ 'schema.json': SCHEMA });
      await mkdir(session.path('tmp'));
      const lines = Array.from({ length: ROWS }, (_, row) => `${String(row)},${'a note '.repeat(10)}`);
      await writeFile(session.path('in.csv'), ['id,note', ...lines, ''].join('\n'));
      const encrypt = ['encrypt', 'in.csv', '-s', 'schema.json', '--id', ID];
      expect(runLimited(session, [...encrypt, '-o', 'protected.csv'], null).code).toBe(0);
      const argv = command === 'encrypt' ? encrypt : ['decrypt', 'protected.csv', '--id', ID];
      const before = await session.names();
      const exits = ['1', '2'].flatMap((threads) =>
        [defaultKernel(), 'node'].map((kernel) =>
          runLimited(session, [...argv, '-o', 'out.csv', '--threads', threads, '--kernel', kernel], 1024),
        ),
      );
      const [first] = exits;
      expect(first).toEqual({ code: 1, err: expect.stringMatching(/^error: .*out\.csv: cannot write/) as string });
      expect(exits).toEqual(exits.map(() => first));
      expect(await session.names()).toEqual(before);
    },
  );
});
