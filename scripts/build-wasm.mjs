// Compiles each folder `assembly` below to WebAssembly and writes it as Base64 to a file `binary.ts` beside the folder.
// The result depends on the sources and the compiler's version only; if neither changed, nothing is done.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Module
 * @property {string} folder where `assembly/` and `binary.ts` are
 * @property {string} what what the binary is, for its docstring
 * @property {string[]} [shares] sources of other modules that it is compiled with; they import what they need from files here
 * @property {string[]} [links] folders of other modules whose `assembly/` its sources import from, by relative paths
 * @property {number} pages initial memory in pages of 64 KiB
 */

/** @type {readonly Module[]} */
export const MODULES = [
  // Grows with what it is given.
  { folder: 'src/bytes', what: 'the copying of cells', pages: 16 },
  // Grows with the texts of a chunk.
  { folder: 'src/engine', what: "the entries of the engine's texts", pages: 16 },
  // IO begins below the middle of the memory and grows.
  { folder: 'src/crypto/kernels/wasm', what: 'the kernel', pages: 64 },
  // Grows with what it is given. A room must not import the kernel, but may hash with the same lines.
  {
    folder: 'src/signed-tables',
    what: 'the hashing of rows',
    pages: 16,
    shares: ['src/crypto/kernels/wasm/assembly/sha256.ts'],
  },
  // A chunk of 1 MiB and a position of 4 bytes for each of its bytes.
  { folder: 'src/tabular/csv', what: 'the search for the structure of CSV', pages: 82 },
  // The kernel's memory map; what is behind it grows with what it is given.
  {
    folder: 'src/protect/machine',
    what: 'whole tables',
    pages: 64,
    links: ['src/crypto/kernels/wasm', 'src/tabular/csv'],
  },
];

const OPTIONS = [
  ...['-O3', '--converge', '--noAssert', ...(process.env['WASM_NAMES'] === undefined ? [] : ['--debug'])],
  ...['--runtime', 'stub'], // no allocator is used, so none is linked
  ...['--enable', 'simd', '--enable', 'bulk-memory'],
  ...['--use', 'abort='], // nothing is imported
  ...['--memoryBase', '1024'],
  ...['--disableWarning', '112'], // vectors are passed between functions of the module, not to JavaScript
];

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** @param {Module} module */
const folderOf = (module) => join(ROOT, module.folder);

/**
 * The sources by their paths from the root, in the order of these.
 *
 * @param {Module} module
 */
function readSources(module) {
  const shared = module.shares ?? [];
  const own = sourcesIn(module.folder).filter((path) => !shared.some((other) => basename(other) === basename(path)));
  const copies = shared.map((path) => ({
    path: `${module.folder}/assembly/${basename(path)}`,
    text: readSource(path),
  }));
  const read = [...own, ...(module.links ?? []).flatMap(sourcesIn)].map((path) => ({ path, text: readSource(path) }));
  return [...read, ...copies].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** @param {string} folder */
function sourcesIn(folder) {
  const names = readdirSync(join(ROOT, folder, 'assembly')).filter((name) => name.endsWith('.ts'));
  return names.map((name) => `${folder}/assembly/${name}`);
}

/** @param {string} path */
const readSource = (path) => readFileSync(join(ROOT, path), 'utf8');

/**
 * Compiles the sources in memory.
 *
 * @param {Module} module
 * @returns {Promise<Uint8Array>}
 */
export async function compile(module) {
  // Not imported by name: its types redeclare parts of the standard library for the whole program.
  const { main } = await import(import.meta.resolve('assemblyscript/asc'));
  const texts = new Map(readSources(module).map(({ path, text }) => [path, text]));
  const entry = `${module.folder}/assembly/index.ts`;
  /** @type {unknown} */
  let binary;
  let messages = '';
  const { error } = await main([entry, '-o', 'module.wasm', '--initialMemory', String(module.pages), ...OPTIONS], {
    readFile: (/** @type {string} */ name) => texts.get(name) ?? null,
    writeFile: (/** @type {string} */ _, /** @type {unknown} */ contents) => void (binary = contents),
    listFiles: () => [],
    stderr: { write: (/** @type {unknown} */ text) => void (messages += String(text)) },
  });
  if (error !== null || !(binary instanceof Uint8Array))
    throw new Error(`AssemblyScript: ${messages}`, { cause: error });
  return binary;
}

/**
 * What the binary depends on.
 *
 * @param {Module} module
 */
function fingerprintOfSources(module) {
  const compiler = JSON.parse(
    readFileSync(new URL('../node_modules/assemblyscript/package.json', import.meta.url), 'utf8'),
  ).version;
  const hash = createHash('sha256').update(JSON.stringify([compiler, OPTIONS, module.pages]));
  for (const { path, text } of readSources(module)) hash.update(JSON.stringify([path, text]));
  return hash.digest('hex');
}

/** @param {Module} module */
async function build(module) {
  for (const path of module.shares ?? []) copyInto(join(folderOf(module), 'assembly'), path);
  const target = join(folderOf(module), 'binary.ts');
  const stamp = `// Sources: ${fingerprintOfSources(module)}`;
  let before = '';
  try {
    before = readFileSync(target, 'utf8');
  } catch {
    // Not built yet.
  }
  if (before.includes(stamp)) return;
  const binary = await compile(module);
  const text = [
    '// Made by scripts/build-wasm.mjs from assembly/; not to be edited.',
    stamp,
    `// Binary: ${createHash('sha256').update(binary).digest('hex')}`,
    '',
    `/** The WebAssembly module of ${module.what}, in Base64. */`,
    `export const WASM_BASE64 = '${Buffer.from(binary).toString('base64')}';`,
    '',
  ].join('\n');
  replaceFile(target, text);
}

/**
 * Copies a source of another module, for tools that look for what a file imports. Git does not keep the copy.
 *
 * @param {string} assembly
 * @param {string} path
 */
function copyInto(assembly, path) {
  const target = join(assembly, basename(path));
  const text = readSource(path);
  if (!existsSync(target) || readFileSync(target, 'utf8') !== text) replaceFile(target, text);
}

/**
 * Written aside first: another process may be reading.
 *
 * @param {string} target
 * @param {string} text
 */
function replaceFile(target, text) {
  const aside = `${target}.${String(process.pid)}`;
  writeFileSync(aside, text);
  renameSync(aside, target);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) for (const module of MODULES) await build(module);
