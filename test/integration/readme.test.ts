import { execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// The README as a newcomer uses it: every block of the tour is pasted, in order, into one shell.

const ROOT = join(import.meta.dirname, '..', '..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

function blocksOf(section: string, language: string): readonly string[] {
  const text = README.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? '';
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, block = '']) => block);
}

let folder = '';
let tour = '';
let shell: SpawnSyncReturns<string>;

/** The directory that the tour works in, in place of the one that the README names. */
const TOUR = '/tmp/sealroom-tour';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealroom-readme-'));
  tour = join(folder, 'tour');
  // As `Set-up` says: a link to this folder, in a prefix of its own.
  const env = {
    ...process.env,
    npm_config_prefix: folder,
    PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
  };
  const install = blocksOf('Set-up', 'sh').find((block) => block.includes('npm install -g .')) ?? 'false';
  execFileSync('bash', ['-e', '-c', install], { cwd: ROOT, env, stdio: 'ignore' });
  const script = blocksOf('A tour', 'sh').join('\n').replaceAll(TOUR, tour);
  shell = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', script], {
    cwd: ROOT,
    env: { PATH: env.PATH, HOME: folder },
    encoding: 'utf8',
  });
}, 300_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the tour of the README', () => {
  test('runs from its first line to its last', () => {
    expect(shell.stderr).not.toContain('command not found');
    expect(shell.status).toBe(0);
  });

  test('answers the allowed question as samples/tour says', () => {
    const expected = readFileSync(join(ROOT, 'samples/tour/expected/answer.csv'), 'utf8');
    expect(readFileSync(join(tour, 'answer.csv'), 'utf8')).toBe(expected);
  });

  test('opens the sealed names again, and no fingerprint', () => {
    const [header, first] = readFileSync(join(tour, 'readers.opened.csv'), 'utf8').split('\n');
    expect(header).toBe('person,name,region');
    expect(first).toMatch(/^02:hmac:[A-Za-z0-9+/]{43}=,"?[A-Z][a-z]+ [A-Z][a-z]+"?,/);
  });

  test('is refused the other question, with exit code 3 and every reason', () => {
    expect(shell.stdout).toContain('exit code 3');
    for (const code of ['FINGERPRINT_USE', 'AGG_REQUIRED', 'COLUMN_NOT_ALLOWED']) expect(shell.stderr).toContain(code);
  });

  test('ends with a log that agrees', () => {
    expect(shell.stderr).toMatch(/^verified \d+ records and 1 checkpoint$/m);
  });
});

test('the library example runs as it is written', () => {
  const [example = ''] = blocksOf('As a library', 'ts');
  const secret = { C3R_SHARED_SECRET: Buffer.alloc(32, 7).toString('base64') };
  // Inside the repository, where the package knows itself by its name, as it would where it is installed.
  mkdirSync(join(ROOT, 'out'), { recursive: true });
  const work = mkdtempSync(join(ROOT, 'out', 'readme-'));
  try {
    execFileSync('cp', ['-r', join(ROOT, 'samples/tour/paper'), work]);
    writeFileSync(join(work, 'example.ts'), example);
    const tsx = join(ROOT, 'node_modules/tsx/dist/cli.mjs');
    execFileSync(process.execPath, [tsx, 'example.ts'], { cwd: work, env: { ...process.env, ...secret } });
    expect(readFileSync(join(work, 'readers.csv'), 'utf8').split('\n')[0]).toBe('person,name,region');
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}, 300_000);
