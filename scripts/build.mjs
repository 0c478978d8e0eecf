// Builds dist/ from src/ and cli/: the WebAssembly modules, the digest of the native kernel's sources, what the compiler makes of the rest, and the command in dist/bin. If no
// source changed since the last build, nothing is done; that is seen from times and sizes, within some milliseconds.
//
//   node scripts/build.mjs
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['src', 'cli'];
/** Whose digest the addon is compared with. */
const NATIVE = 'native/src';
const STATE = join(ROOT, 'dist', '.built.json');
/** What the build depends on besides. */
const SETTINGS = [
  'package.json',
  // The packages that become part of dist/bin.
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'scripts/build.mjs',
  'scripts/build-wasm.mjs',
  'scripts/native-sources.mjs',
  'scripts/bundle.mjs',
  'scripts/reference.mjs',
  'node_modules/typescript/package.json',
  'node_modules/assemblyscript/package.json',
  'node_modules/esbuild/package.json',
];

/** @param {string} folder */
function filesOf(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll(sep, '/'));
}

/** The sources with their times and sizes, as a text that is another one if any of them changed. */
function describeSources() {
  const sources = FOLDERS.flatMap(filesOf).filter((path) => path.endsWith('.ts'));
  const states = [...sources, ...filesOf(NATIVE), ...SETTINGS].sort().map((path) => {
    const { mtimeMs, size } = statSync(join(ROOT, path));
    return [path, mtimeMs, size];
  });
  return JSON.stringify(states);
}

function readState() {
  try {
    return readFileSync(STATE, 'utf8');
  } catch {
    return null;
  }
}

/** Whether `dist/` is what the sources give. */
export function isBuilt() {
  return readState() === describeSources();
}

/** @param {string} script @param {readonly string[]} args */
function runScript(script, ...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, script), ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the build failed\n${stdout}${stderr}`.trimEnd());
}

/** Removes what was made of sources that are there no more; the compiler leaves it. */
function removeOrphans() {
  const sources = new Set(FOLDERS.flatMap(filesOf));
  for (const path of FOLDERS.flatMap((folder) => filesOf(`dist/${folder}`))) {
    if (path.endsWith('.json')) continue;
    const source = path.slice('dist/'.length).replace(/(\.d\.ts|\.js|\.js\.map)$/, '.ts');
    if (!sources.has(source)) rmSync(join(ROOT, path));
  }
}

/**
 * Builds what is not built.
 *
 * @throws {Error} with what the compiler says
 */
export function build() {
  if (isBuilt()) return;
  rmSync(STATE, { force: true });
  runScript('scripts/build-wasm.mjs');
  runScript('scripts/native-sources.mjs');
  // Before the compiler reads them, so that a change while it runs is seen the next time.
  const sources = describeSources();
  runScript('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');
  removeOrphans();
  runScript('scripts/reference.mjs');
  runScript('scripts/bundle.mjs');
  writeFileSync(STATE, sources);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    build();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
