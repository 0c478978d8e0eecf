import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { guardProcess } from '#cli/guard-process';
import { expect, test } from 'vitest';
import { ID, SECRET, Session } from '../support/cli.ts';

const MAIN = fileURLToPath(new URL('../../dist/bin/sealroom.js', import.meta.url));

/** Looks at the program from inside, once it is guarded, and ends it. */
const LOOK = `
import inspector from 'node:inspector';
process.report.excludeEnv = false;
const timer = setInterval(() => {
  if (process.listenerCount('SIGUSR1') === 0) return;
  clearInterval(timer);
  process.kill(process.pid, 'SIGUSR1');
  setTimeout(() => {
    const report = JSON.stringify(process.report.getReport());
    process.stdout.write(JSON.stringify({ url: inspector.url() ?? null, report, env: process.env }), () => process.exit(0));
  }, 200);
}, 1);
`;

test('of the running program a diagnostic report has no secret, and SIGUSR1 does not open the inspector', async () => {
  await using session = await Session.start({ 'look.mjs': LOOK });
  const child = spawn(process.execPath, ['--import', './look.mjs', MAIN, 'decrypt', '-', '--id', ID, '-o', '-'], {
    cwd: session.directory,
    env: { PATH: process.env['PATH'], C3R_SHARED_SECRET: SECRET, OTHER: 'stays' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let out = '';
  child.stdout.on('data', (part: Buffer) => (out += part.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  const { url, report, env } = JSON.parse(out) as { url: string | null; report: string; env: NodeJS.ProcessEnv };
  expect(url).toBeNull();
  expect(report).toContain('"header"');
  expect(report).not.toContain(SECRET);
  expect(env).toMatchObject({ OTHER: 'stays' });
  expect(env).not.toHaveProperty('C3R_SHARED_SECRET');
});

test('a guarded process keeps the rest of its environment, and has none in reports where Node can leave it out', () => {
  const env: NodeJS.ProcessEnv = { C3R_SHARED_SECRET: SECRET, PATH: '/bin' };
  const given = Object.assign(new EventEmitter(), { env, report: { excludeEnv: false } });
  expect(guardProcess(given)).toEqual({ C3R_SHARED_SECRET: SECRET, PATH: '/bin' });
  expect(given.env).toEqual({ PATH: '/bin' });
  expect(given.report).toEqual({ excludeEnv: true });
  expect(given.listenerCount('SIGUSR1')).toBe(1);
  // Older ones do not know the property.
  const older = { env, on: () => undefined, report: {} };
  guardProcess(older);
  expect(older.report).toEqual({});
});
