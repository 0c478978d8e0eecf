import { execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// The README and the tutorial as a newcomer uses them: every block is pasted, in order, into one shell.

const ROOT = join(import.meta.dirname, '..', '..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const TUTORIAL = readFileSync(join(ROOT, 'docs/tutorial.md'), 'utf8');

function blocksIn(text: string, language: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, block = '']) => block);
}

function blocksOf(section: string, language: string): readonly string[] {
  return blocksIn(README.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? '', language);
}

let folder = '';
let env: NodeJS.ProcessEnv = {};

/** The directory that the stories work in, in place of the one that they name. */
const TOUR = '/tmp/sealroom-tour';

/** Pastes blocks into a shell in the repository. */
function paste(blocks: readonly string[], tour: string): SpawnSyncReturns<string> {
  const script = blocks.join('\n').replaceAll(TOUR, tour);
  return spawnSync('bash', ['-e', '-o', 'pipefail', '-c', script], { cwd: ROOT, env, encoding: 'utf8' });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealroom-readme-'));
  // As `Set-up` says: a link to this folder, in a prefix of its own.
  const installed = {
    ...process.env,
    npm_config_prefix: folder,
    PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
  };
  const install = blocksOf('Set-up', 'sh').find((block) => block.includes('npm install -g .')) ?? 'false';
  execFileSync('bash', ['-e', '-c', install], { cwd: ROOT, env: installed, stdio: 'ignore' });
  env = { PATH: installed.PATH, HOME: folder };
}, 300_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const EXPECTED = readFileSync(join(ROOT, 'samples/tour/expected/answer.csv'), 'utf8');

describe('the tour of the README', () => {
  let tour = '';
  let shell: SpawnSyncReturns<string>;

  beforeAll(() => {
    tour = join(folder, 'tour');
    shell = paste(blocksOf('A tour', 'sh'), tour);
  }, 300_000);

  test('runs from its first line to its last', () => {
    expect(shell.stderr).not.toContain('command not found');
    expect([shell.status, shell.status === 0 ? '' : shell.stderr]).toEqual([0, '']);
  });

  test('answers the allowed question as samples/tour says', () => {
    expect(readFileSync(join(tour, 'shop/answer.csv'), 'utf8')).toBe(EXPECTED);
    expect(shell.stdout).toContain(EXPECTED);
  });

  test('is refused the other question, with exit code 3 and every reason', () => {
    expect(shell.stdout).toContain('exit code 3');
    for (const code of ['FINGERPRINT_USE', 'AGG_REQUIRED', 'COLUMN_NOT_ALLOWED']) expect(shell.stderr).toContain(code);
  });

  test('ends with a log that agrees', () => {
    expect(shell.stderr).toMatch(/^verified \d+ records and 1 checkpoint$/m);
  });
});

describe('the tutorial', () => {
  const script = blocksIn(TUTORIAL, 'sh').join('\n').replaceAll('\\\n', '');
  const lines = script.split('\n');

  test('takes at most 15 commands, each on a line of its own, and no file is edited', () => {
    const commands = lines.filter((line) => /(^|\| )sealroom /.test(line));
    expect(commands.length).toBeLessThanOrEqual(15);
    expect(script.match(/sealroom /g)?.length).toBe(commands.length);
    // Nothing else writes a file, once the samples are copied.
    const others = lines.filter((line) => line !== '' && !/(^|\| )sealroom /.test(line) && !/^(cd|cat|cp) /.test(line));
    expect(others).toEqual([expect.stringMatching(/^rm -rf .* && cp -r samples\/tour .* && mkdir /)]);
    expect(TUTORIAL).toContain(`It takes ${String(commands.length)} commands`);
  });

  test('hands over at most 6 files, and the key of the room as text', () => {
    const handedOver = lines.filter((line) => /^cp \S+ \.\.\//.test(line));
    expect(handedOver.length).toBeLessThanOrEqual(6);
    expect(TUTORIAL).toContain('Six files change hands');
    // What is read from another's folder in another way: the question, and the line that the operator tells.
    const read = lines.filter((line) => line.includes('../') && !line.startsWith('cp '));
    expect(read.map((line) => /\.\.\/[\w./-]+/.exec(line)?.[0])).toEqual([
      '../sales-by-region.sql',
      '../room/desk/runner.pub',
    ]);
  });

  test('runs as it is written, and ends with the answer', () => {
    const tour = join(folder, 'tutorial');
    const { status, stderr, stdout } = paste(blocksIn(TUTORIAL, 'sh'), tour);
    expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
    expect(stdout).toContain(EXPECTED);
    // Nobody's secret or cleartext is with the operator.
    const names = readdirSync(join(tour, 'room'));
    expect(names.sort()).toEqual(['answer.age', 'desk', 'purchases.protected.parquet', 'readers.protected.parquet']);
  }, 300_000);
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
    // As in the tour, which comes before the example.
    const suggest = ['schema', 'paper/readers.csv', '--suggest', '--output', 'paper/readers.schema.json'];
    execFileSync(process.execPath, [join(ROOT, 'dist/bin/sealroom.js'), ...suggest], { cwd: work, stdio: 'ignore' });
    const tsx = join(ROOT, 'node_modules/tsx/dist/cli.mjs');
    execFileSync(process.execPath, [tsx, 'example.ts'], { cwd: work, env: { ...process.env, ...secret } });
    expect(readFileSync(join(work, 'readers.csv'), 'utf8').split('\n')[0]).toMatch(
      /^email_fingerprint,.*name_sealed,region$/,
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}, 300_000);
