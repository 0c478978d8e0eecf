// Compiles src/crypto/kernels/wasm/assembly to WebAssembly and writes it as Base64 to src/crypto/kernels/wasm/binary.ts.
// The result depends on the sources and the compiler's version only; if neither changed, nothing is done.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../src/crypto/kernels/wasm/', import.meta.url));
const ASSEMBLY = join(FOLDER, 'assembly');
const TARGET = join(FOLDER, 'binary.ts');

const OPTIONS = [
  ...['-O3', '--converge', '--noAssert', ...(process.env['WASM_NAMES'] === undefined ? [] : ['--debug'])],
  ...['--runtime', 'stub'], // no allocator is used, so none is linked
  ...['--enable', 'simd', '--enable', 'bulk-memory'],
  ...['--use', 'abort='], // nothing is imported
  ...['--memoryBase', '1024'],
  ...['--initialMemory', '64'], // pages of 64 KiB; IO begins below the middle and grows
  ...['--disableWarning', '112'], // vectors are passed between functions of the module, not to JavaScript
];

/** The sources by name, in the order of their names. */
export function readSources() {
  return readdirSync(ASSEMBLY)
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => ({ name, text: readFileSync(join(ASSEMBLY, name), 'utf8') }));
}

/**
 * Compiles the sources in memory.
 *
 * @returns {Promise<Uint8Array>}
 */
export async function compile() {
  // Not imported by name: its types redeclare parts of the standard library for the whole program.
  const { main } = await import(import.meta.resolve('assemblyscript/asc'));
  const texts = new Map(readSources().map(({ name, text }) => [name, text]));
  /** @type {unknown} */
  let binary;
  let messages = '';
  const { error } = await main(['index.ts', '-o', 'kernel.wasm', ...OPTIONS], {
    readFile: (/** @type {string} */ name) => texts.get(name) ?? null,
    writeFile: (/** @type {string} */ _, /** @type {unknown} */ contents) => void (binary = contents),
    listFiles: () => [],
    stderr: { write: (/** @type {unknown} */ text) => void (messages += String(text)) },
  });
  if (error !== null || !(binary instanceof Uint8Array))
    throw new Error(`AssemblyScript: ${messages}`, { cause: error });
  return binary;
}

/** What the binary depends on. */
function fingerprintOfSources() {
  const compiler = JSON.parse(
    readFileSync(new URL('../node_modules/assemblyscript/package.json', import.meta.url), 'utf8'),
  ).version;
  const hash = createHash('sha256').update(JSON.stringify([compiler, OPTIONS]));
  for (const { name, text } of readSources()) hash.update(JSON.stringify([name, text]));
  return hash.digest('hex');
}

async function build() {
  const stamp = `// Sources: ${fingerprintOfSources()}`;
  let before = '';
  try {
    before = readFileSync(TARGET, 'utf8');
  } catch {
    // Not built yet.
  }
  if (before.includes(stamp)) return;
  const binary = await compile();
  const text = [
    '// Made by scripts/build-wasm.mjs from assembly/; not to be edited.',
    stamp,
    `// Binary: ${createHash('sha256').update(binary).digest('hex')}`,
    '',
    '/** The WebAssembly module of the kernel, in Base64. */',
    `export const WASM_BASE64 = '${Buffer.from(binary).toString('base64')}';`,
    '',
  ].join('\n');
  // Written aside first: another process may be reading.
  const aside = `${TARGET}.${String(process.pid)}`;
  writeFileSync(aside, text);
  renameSync(aside, TARGET);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
