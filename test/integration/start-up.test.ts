import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '#cli/commands/commands';
import { ID, SECRET, Session } from '../support/cli.ts';

const BIN = join(import.meta.dirname, '../../dist/bin');
const MAIN = join(BIN, 'sealroom.js');
const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [{ sourceHeader: 'id', targetHeader: 'id', type: 'fingerprint' }],
});

/** Each takes longer to load than a small table to encrypt. */
const HEAVY = [
  'yaml',
  'zod',
  'age-encryption',
  'apache-arrow',
  'cli-progress',
  'libphonenumber-js',
  '@clack/prompts',
  '@zxcvbn-ts/core',
];

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

/** What a process loads. */
interface Loaded {
  /** How many files of the bundle. */
  readonly files: number;
  /** What is in them, and what else is loaded: packages by their names, and the parts of this program as `src/files`. */
  readonly parts: ReadonlySet<string>;
}

function partsOf(files: readonly string[]): Loaded {
  const own = files.filter((file) => file.startsWith(pathToFileURL(BIN).href));
  const names = [
    ...files,
    // The bundler names each module above its code.
    ...own.flatMap((file) => readFileSync(new URL(file), 'utf8').match(/^\/\/ (dist|node_modules)\/.*$/gm) ?? []),
  ];
  const parts = names.flatMap(
    (name) =>
      /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(name)?.[1] ?? /dist\/((?:src|cli)\/[^/]+)/.exec(name)?.[1] ?? [],
  );
  return { files: own.length, parts: new Set(parts) };
}

/** What is loaded to run a command. */
async function loadedBy(argv: readonly string[]): Promise<Loaded> {
  await using session = await Session.start({ 'in.csv': 'id\n1\n2\n', 'schema.json': SCHEMA });
  const log = session.path('modules.txt');
  const { status, stderr } = spawnSync(process.execPath, ['--import', asUrl(REGISTER), MAIN, ...argv], {
    cwd: session.directory,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], C3R_SHARED_SECRET: SECRET, MODULES: log },
  });
  expect([status, stderr.includes('Error')]).toEqual([0, false]);
  return partsOf((await readFile(log, 'utf8')).split('\n'));
}

/** What a thread or a process loads that starts with a script of the bundle, before it is asked anything. */
function loadedAtStart(script: string): Loaded {
  const files = new Set([script]);
  for (const file of files) {
    const text = readFileSync(join(BIN, file), 'utf8');
    for (const [, name = ''] of text.matchAll(/^(?:import|export|\}).*"\.\/([^"]+)";$/gm)) files.add(name);
  }
  return partsOf([...files].map((file) => pathToFileURL(join(BIN, file)).href));
}

test('the version is printed without a parser', async () => {
  const { files, parts } = await loadedBy(['--version']);
  expect(files).toBeLessThanOrEqual(4);
  expect(parts).not.toContain('yargs');
});

test.each(['--help', 'encrypt --help', 'key create --help', 'query --help', 'collab --help'])(
  'help is printed without what commands need: %s',
  async (line) => {
    const { files, parts } = await loadedBy(line.split(' '));
    expect(files).toBeLessThanOrEqual(12);
    expect(parts).toContain('yargs');
    const own = [...parts].filter((name) => name.startsWith('src/'));
    expect(own.sort()).toEqual(['src/errors', 'src/project']);
    for (const name of HEAVY) expect(parts).not.toContain(name);
  },
);

test('a press of Tab loads the grammar, and nothing that runs a command', async () => {
  const { files, parts } = await loadedBy(['--complete', 'encrypt', '--ker']);
  expect(files).toBeLessThanOrEqual(12);
  expect([...HEAVY, 'src/crypto', 'src/protect', 'src/tabular'].filter((name) => parts.has(name))).toEqual([]);
});

test.each([
  ['encrypt', 'in.csv', '--schema', 'schema.json', '--id', ID, '--output', 'out.csv'],
  ['decrypt', 'in.csv', '--id', ID, '--output', 'out.csv'],
])('%s loads nothing that it does not need', async (...argv) => {
  const { files, parts } = await loadedBy(argv);
  expect(files).toBeLessThanOrEqual(70);
  expect(parts).toContain('src/protect');
  for (const name of [...HEAVY, 'src/age', 'src/clean-rooms', 'src/room', 'src/query']) {
    expect(parts).not.toContain(name);
  }
});

/** Commands whose manifests, logs and keys are documents that need a parser, and files that need age. */
const WITH_DOCUMENTS = ['collab', 'status', 'clean-rooms', 'key', 'room', 'check', 'query', 'member', 'audit'];

test.each(Object.keys(COMMANDS))('%s begins without what only some of its runs need', (name) => {
  const module = `// dist/cli/commands/${name}.js`;
  const script = readdirSync(BIN).find((file) => readFileSync(join(BIN, file), 'utf8').split('\n').includes(module));
  const { files, parts } = loadedAtStart(script ?? expect.fail(`no file of the bundle has ${module}`));
  expect(files).toBeLessThanOrEqual(80);
  const documents = WITH_DOCUMENTS.includes(name) ? ['yaml', 'zod', 'age-encryption'] : [];
  for (const each of HEAVY.filter((heavy) => !documents.includes(heavy))) expect(parts).not.toContain(each);
});

describe('a thread or process of the program', () => {
  test.each([
    ['engine-engine-worker.js', 10],
    ['engine-reading-main.js', 10],
    ['room-run-engine-main.js', 12],
    ['workers-worker.js', 6],
  ])('%s loads the engine or a job, and nothing else', (script, most) => {
    const { files, parts } = loadedAtStart(script);
    expect(files).toBeLessThanOrEqual(most);
    for (const name of [...HEAVY, 'src/collab', 'src/crypto', 'src/files', 'src/query', 'src/tabular']) {
      expect(parts).not.toContain(name);
    }
  });

  test('what checks queries has no key and no table', () => {
    const { files, parts } = loadedAtStart('room-run-check-main.js');
    expect(files).toBeLessThanOrEqual(24);
    for (const name of ['zod', 'apache-arrow', 'age-encryption', 'src/crypto', 'src/custody', 'src/tabular']) {
      expect(parts).not.toContain(name);
    }
  });
});

describe('the bundle', () => {
  const scripts = readdirSync(BIN).filter((name) => name.endsWith('.js'));
  const texts = new Map(scripts.map((name) => [name, readFileSync(join(BIN, name), 'utf8')]));

  test('has every file that code starts or reads, by its path with hyphens', () => {
    const dist = join(BIN, '..');
    const named = ['src', 'cli'].flatMap((folder) =>
      readdirSync(join(dist, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.js') && name !== 'version.js')
        .flatMap((name) =>
          [...readFileSync(join(dist, folder, name), 'utf8').matchAll(/new URL\(([^,]*), import\.meta\.url\)/g)].map(
            ([, address = '']) => join(dirname(name), address.slice(1, -1)).replaceAll('/', '-'),
          ),
        ),
    );
    const found = [...texts.values()].flatMap((text) =>
      [...text.matchAll(/new URL\("\.\/([^"]+)", import\.meta\.url\)/g)].map(([, name = '']) => name),
    );
    expect(found.sort()).toEqual(named.sort());
    expect(named).toContain('protect-encrypt-worker.js');
    expect(readdirSync(BIN)).toEqual(expect.arrayContaining(named));
  });

  test('has every module once, so that an error is of the same class in all parts', () => {
    // A module can have two comments in one file: one above what is hoisted.
    const modules = [...texts.values()].flatMap((text) => [...new Set(text.match(/^\/\/ (dist|node_modules)\/.*$/gm))]);
    const repeated = modules.filter((name, index) => modules.indexOf(name) !== index);
    expect(modules).toContain('// dist/src/errors/sealroom-error.js');
    expect(repeated).toEqual([]);
  });

  test('leaves out what nothing uses of a package', () => {
    const modules = [...texts.values()].flatMap((text) => text.match(/^\/\/ node_modules\/zod\/.*$/gm) ?? []);
    expect(modules.length).toBeGreaterThan(5);
    // Messages in fifty languages come with `import { z } from 'zod'`, and not with `import * as z`.
    expect(modules.filter((name) => name.includes('/locales/') && !name.endsWith('/en.js'))).toEqual([]);
  });

  test('has the licence of every package in it', () => {
    const notices = readFileSync(join(BIN, 'LICENSES.txt'), 'utf8');
    const packages = new Set(
      [...texts.values()].flatMap((text) =>
        [...text.matchAll(/^\/\/ (?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)/gm)].map(([, name = '']) => name),
      ),
    );
    expect(packages).toContain('yargs');
    for (const name of packages) expect(notices).toMatch(new RegExp(`^${name} \\d`, 'm'));
  });

  test('has no native code, and none that is optional', () => {
    const modules = [...texts.values()].flatMap((text) => text.match(/^\/\/ node_modules\/.*$/gm) ?? []);
    const outside = /node_modules\/(@duckdb|@aws-sdk|fs-native-extensions|pkcs11js)\b/;
    expect(modules.filter((name) => outside.test(name))).toEqual([]);
  });
});
