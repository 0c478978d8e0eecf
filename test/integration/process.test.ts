import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { generateBenchTable } from '../../bench/generate.ts';
import { ID, SECRET, Session } from '../support/cli.ts';

const MAIN = fileURLToPath(new URL('../../dist/bin/sealroom.js', import.meta.url));
const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [
    { sourceHeader: 'id', targetHeader: 'id', type: 'fingerprint' },
    { sourceHeader: 'note', targetHeader: 'note', type: 'sealed', pad: { type: 'fixed', length: 128 } },
  ],
});

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the installed program; `onStart` gets a way to signal it once it works on the rows. */
async function runProcess(
  session: Session,
  argv: readonly string[],
  act?: (kill: (signal: NodeJS.Signals) => void) => void,
): Promise<Exit> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...argv], {
      cwd: session.directory,
      env: { PATH: process.env['PATH'], C3R_SHARED_SECRET: SECRET, TMPDIR: session.path('tmp') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (part: Buffer) => (out += part.toString()));
    child.stderr.on('data', (part: Buffer) => (err += part.toString()));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code, signal, out, err });
    });
    act?.((signal) => child.kill(signal));
  });
}

/** Resolves when a file with this ending appears in the session's directory: the output has been started. */
async function waitForName(session: Session, pattern: RegExp): Promise<void> {
  while (!(await session.names()).some((name) => pattern.test(name))) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('the program runs as a user runs it', async () => {
  await using session = await Session.start({ 'in.csv': 'id,note\n1,hello\n', 'schema.json': SCHEMA });
  const homeless = await runProcess(session, ['encrypt', 'in.csv', '-s', 'schema.json', '--id', ID]);
  expect(homeless.code).toBe(1);
  expect(homeless.err).toMatch(/^error: tmp: cannot write temporary files: no such file or directory\nhint: /);
  await mkdir(session.path('tmp'));
  const encrypted = await runProcess(session, ['encrypt', 'in.csv', '-s', 'schema.json', '--id', ID, '-o', '-']);
  expect(encrypted).toMatchObject({ code: 0 });
  expect(encrypted.out).toMatch(/^id,note\n02:hmac:.{44},02:enc:[^\n]+\n$/);
  expect(await runProcess(session, ['--version'])).toMatchObject({ code: 0, err: '' });
  expect(await runProcess(session, ['nonsense'])).toMatchObject({ code: 2, out: '' });
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
  '%s in the middle leaves no output and nothing in clear',
  async (signal) => {
    await using session = await Session.start({ 'schema.json': SCHEMA });
    await mkdir(session.path('tmp'));
    await mkdir(session.path('data'));
    await generateBenchTable({ rows: 200_000, format: 'csv', path: session.path('data/in.csv') });
    const exit = await runProcess(
      session,
      ['encrypt', 'data/in.csv', '-s', 'schema.json', '--id', ID, '-o', 'out.csv', '--allow-duplicates'],
      (kill) => {
        // The temporary output exists once all rows are protected and are being written.
        waitForName(session, /^\.out\.csv\..*\.tmp$/).then(
          () => {
            kill(signal);
          },
          () => undefined,
        );
      },
    );
    const names = await session.names();
    expect(names).not.toContain('out.csv');
    if (signal === 'SIGKILL') expect(exit.signal).toBe('SIGKILL');
    else {
      expect(exit.code).toBe(1);
      expect(exit.err).toMatch(/^error: stopped; no output was written\n/);
      expect(names).toEqual(['data', 'schema.json', 'tmp']);
    }
    for (const name of names.filter((entry) => entry.endsWith('.tmp'))) {
      expect(await session.text(name)).not.toMatch(/\bthe\b|,C[0-9]{19}/);
    }
    const left = await readdir(session.path('tmp'), { recursive: true, withFileTypes: true });
    for (const entry of left.filter((item) => item.isFile())) {
      expect(await readFile(join(entry.parentPath, entry.name), 'latin1')).not.toContain('@example');
    }
  },
);
