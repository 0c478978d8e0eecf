// Writes a digest of the native kernel's sources to src/crypto/kernels/native/sources.ts. The addon is compiled with the same digest, and
// is used only beside the JavaScript that was built with it.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TARGET = join(ROOT, 'src', 'crypto', 'kernels', 'native', 'sources.ts');

/** The folder of the native kernel's sources. */
export const NATIVE_SOURCES = join(ROOT, 'native', 'src');

/** SHA-256 of the names and the texts of the native kernel's sources, in hexadecimal digits. */
export function digestNativeSources() {
  const names = readdirSync(NATIVE_SOURCES, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll(sep, '/'))
    .filter((name) => /\.(?:cc|h)$/.test(name))
    .sort();
  const hash = createHash('sha256');
  for (const name of names) hash.update(JSON.stringify([name, readFileSync(join(NATIVE_SOURCES, name), 'utf8')]));
  return hash.digest('hex');
}

function writeDigest() {
  const text = [
    '// Made by scripts/native-sources.mjs from native/src; not to be edited.',
    '',
    '/** SHA-256 of the sources that the addon must be compiled from. */',
    `export const SOURCES_DIGEST = '${digestNativeSources()}';`,
    '',
  ].join('\n');
  if (!existsSync(TARGET) || readFileSync(TARGET, 'utf8') !== text) writeFileSync(TARGET, text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeDigest();
