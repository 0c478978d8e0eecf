// Builds the native kernel from native/src/ where there is a compiler. No install and no other build needs it.
//
//   npm run build:native          into native/build/<platform>/native.node
//
// The compiler is that of the variable CXX, or `c++`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = join(ROOT, 'native', 'src');
const HEADERS = join(ROOT, 'node_modules', 'node-api-headers', 'include');

/** Sources that run before the processor has been asked: they may not use its newer instructions. */
const PORTABLE = new Set(['addon.cc', 'cpu.cc', 'memory.cc']);
const INSTRUCTIONS = ['-msse4.1', '-mavx2', '-maes', '-mpclmul', '-msha'];
const OPTIONS = [
  ...['-std=c++17', '-O3', '-fPIC', '-fvisibility=hidden', '-fno-rtti'],
  ...['-Wall', '-Wextra', '-Wconversion', '-Wshadow', '-Werror'],
  ...['-D_FORTIFY_SOURCE=2', '-fstack-protector-strong'],
];

/** The platforms that the sources are written for, as names of packages have them. */
export const PLATFORMS = ['linux-x64'];

/** The sources of the kernel, without what belongs to Node. */
export const kernelSources = () =>
  readdirSync(SOURCES)
    .filter((name) => name.endsWith('.cc') && !PORTABLE.has(name))
    .map((name) => join(SOURCES, name));

/** @param {readonly string[]} args */
export function compile(args) {
  const compiler = process.env['CXX'] ?? 'c++';
  const { status, error, stderr } = spawnSync(compiler, args, { encoding: 'utf8' });
  if (error !== undefined) throw new Error(`\`${compiler}\` does not run: ${error.message}`);
  if (status !== 0) throw new Error(`\`${compiler}\` failed\n${stderr}`);
}
