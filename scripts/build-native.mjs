// Builds the native kernel from native/src/ where there is a compiler. No install and no other build needs it.
//
//   npm run build:native                  into native/build/<platform>/native.node
//   node scripts/build-native.mjs --packages   and, for a release, into native/packages/<platform>/
//
// The compiler is that of the variable CXX, or `c++`.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestNativeSources, NATIVE_SOURCES } from './native-sources.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NATIVE = join(ROOT, 'native');
const HEADERS = join(ROOT, 'node_modules', 'node-api-headers', 'include');

/** Sources that run before the processor was asked: they may not use its newer instructions. */
const PORTABLE = new Set(['addon.cc', 'cpu.cc', 'memory.cc']);
const INSTRUCTIONS = ['-msse4.1', '-mavx2', '-maes', '-mpclmul', '-msha'];
const OPTIONS = [
  ...['-std=c++17', '-fPIC', '-fvisibility=hidden', '-fno-rtti'],
  ...['-Wall', '-Wextra', '-Wconversion', '-Wshadow', '-Werror'],
];
const RELEASED = ['-O3', '-fstack-protector-strong', '-D_FORTIFY_SOURCE=2'];
const SANITIZED = [
  ...['-O1', '-g', '-fno-omit-frame-pointer'],
  ...['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-sanitize=vptr'],
];

/** The platform that the sources are written for, as names of packages have it. */
export const PLATFORM = 'linux-x64';
const compiler = process.env['CXX'] ?? 'c++';

/** @param {readonly string[]} args */
function runCompiler(args) {
  const { status, error, stdout, stderr } = spawnSync(compiler, args, { encoding: 'utf8' });
  if (error !== undefined) throw new Error(`\`${compiler}\` does not run: ${error.message}`);
  if (status !== 0) throw new Error(`\`${compiler}\` failed\n${stderr}`);
  return stdout.trim();
}

/** What must be loaded before anything else in a process that loads a sanitized addon: the value of `LD_PRELOAD`. */
export function sanitizerLibraries() {
  return ['libasan.so', 'libubsan.so'].map((name) => runCompiler([`-print-file-name=${name}`])).join(' ');
}

/**
 * Builds the addon and returns its path.
 *
 * @param {string} folder where to put it
 * @param {{ isSanitized?: boolean }} [options] `isSanitized`: it ends the process at the first wrong access or undefined behaviour
 * @throws {Error} on another platform, or with what the compiler says
 */
export function buildNative(folder, { isSanitized = false } = {}) {
  const here = `${process.platform}-${process.arch}`;
  if (here !== PLATFORM) throw new Error(`the native kernel is written for ${PLATFORM}, and this is ${here}`);
  const kind = isSanitized ? SANITIZED : RELEASED;
  const objects = mkdtempSync(join(tmpdir(), 'sealroom-native-'));
  try {
    const digest = `-DSOURCES_DIGEST="${digestNativeSources()}"`;
    const compiled = readdirSync(NATIVE_SOURCES, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.cc'))
      .map((name, index) => {
        const object = join(objects, `${String(index)}.o`);
        const needed = PORTABLE.has(name) ? ['-isystem', HEADERS, digest] : INSTRUCTIONS;
        runCompiler([...OPTIONS, ...kind, ...needed, '-c', join(NATIVE_SOURCES, name), '-o', object]);
        return object;
      });
    mkdirSync(folder, { recursive: true });
    const target = join(folder, 'native.node');
    // Written aside first: another process may have it loaded.
    runCompiler(['-shared', ...kind, '-Wl,-z,relro,-z,now', ...compiled, '-o', `${target}.new`]);
    renameSync(`${target}.new`, target);
    return target;
  } finally {
    rmSync(objects, { recursive: true });
  }
}

/** Makes the package of the platform from a built addon. @param {string} addon */
function writePackage(addon) {
  const { version, license, repository } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const folder = join(NATIVE, 'packages', PLATFORM);
  mkdirSync(folder, { recursive: true });
  copyFileSync(addon, join(folder, 'native.node'));
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  const [os, cpu] = PLATFORM.split('-');
  const settings = {
    name: `@sealroom/native-${PLATFORM}`,
    version,
    description: `The native kernel of sealroom for ${PLATFORM}.`,
    license,
    repository,
    main: 'native.node',
    files: ['native.node'],
    os: [os],
    cpu: [cpu],
    libc: ['glibc'],
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(settings, null, 2)}\n`);
  return folder;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const addon = buildNative(join(NATIVE, 'build', PLATFORM));
    console.log(process.argv.includes('--packages') ? writePackage(addon) : addon);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
