import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ID, SECRET, Session } from '../support/cli.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [{ sourceHeader: 'id', targetHeader: 'id', type: 'fingerprint' }],
});

/** Hooks that write the address of each module into a file when it is loaded. */
const HOOKS = `import { appendFileSync } from 'node:fs';
export async function load(url, context, next) {
  appendFileSync(process.env.MODULES, url + '\\n');
  return next(url, context);
}`;
const REGISTER = `import { register } from 'node:module'; register(${JSON.stringify(asUrl(HOOKS))});`;

function asUrl(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

/** What is loaded to run a command: packages by their names, and the parts of this program as `src/files`. */
async function loadedBy(argv: readonly string[]): Promise<ReadonlySet<string>> {
  await using session = await Session.start({ 'in.csv': 'id\n1\n2\n', 'schema.json': SCHEMA });
  const log = session.path('modules.txt');
  const { status, stderr } = spawnSync(process.execPath, ['--import', asUrl(REGISTER), MAIN, ...argv], {
    cwd: session.directory,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], C3R_SHARED_SECRET: SECRET, MODULES: log },
  });
  expect([status, stderr.includes('Error')]).toEqual([0, false]);
  const urls = (await readFile(log, 'utf8')).split('\n');
  return new Set(
    urls.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)|dist\/(src\/[^/]+)/.exec(url)?.slice(1) ?? []),
  );
}

test('the version is printed without what tables and projects need', async () => {
  const loaded = await loadedBy(['--version']);
  expect(loaded).toContain('yargs');
  for (const name of ['yaml', 'zod', 'src/files', 'src/bytes', 'src/tabular', 'src/collab']) {
    expect(loaded).not.toContain(name);
  }
});

/** Each takes longer to load than a small table to encrypt. */
const HEAVY = [
  'yaml',
  'zod',
  'age-encryption',
  'apache-arrow',
  'libphonenumber-js',
  '@clack/prompts',
  '@zxcvbn-ts/core',
];

test.each([
  ['encrypt', 'in.csv', '--schema', 'schema.json', '--id', ID, '--output', 'out.csv'],
  ['decrypt', 'in.csv', '--id', ID, '--output', 'out.csv'],
])('%s loads nothing that it does not need', async (...argv) => {
  const loaded = await loadedBy(argv);
  expect(loaded).toContain('src/protect');
  for (const name of [...HEAVY, 'src/age', 'src/clean-rooms', 'src/room', 'src/query']) {
    expect(loaded).not.toContain(name);
  }
});
