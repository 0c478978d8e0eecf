// What the integration tests need beyond the repository: a cache folder of their own, filled by ordinary package clients.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PLATFORM } from '../../../scripts/build-native.mjs';

/** Release that the notebooks were tried with; requirements.txt has those of Python's packages. */
const DENO = '2.9.6';
/** Releases of the stand-in for AWS, and of the package for PKCS#11, that the tests of keys were written with. */
const MOTO = '5.2.5';
const PKCS11JS = '2.1.7';
const SOFTHSM_MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
];
/** Release of Spark that the answers in test/vectors/spark-meaning.json are from, and the oldest Java that it runs on. */
const PYSPARK = '4.3.0';
const SPARK_JAVA = 17;
/** Release of the age command that knows post-quantum keys. */
const AGE = '1.3.2';
/** What Chromium and its siblings are called on different systems. */
const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A tool that this machine does not have and cannot get; the message says why. */
export class Unavailable extends Error {}

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env] added to the environment
 * @property {boolean} [quiet] keep the output to show it only on failure
 * @property {number} [timeoutMs]
 */

/**
 * Runs a program to its end, without a shell and without standard input.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {{ ok: boolean, output: string }} `output` is empty unless `quiet`
 */
export function run(program, args, { cwd, env, quiet = false, timeoutMs = 300_000 } = {}) {
  const done = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    encoding: 'utf8',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const output = [done.stdout, done.stderr, done.error?.message].filter(Boolean).join('\n').trim();
  return { ok: done.status === 0, output };
}

/** The cache folder: outside of the repository, kept between runs, safe to delete. */
export function cacheFolder() {
  const base = process.env['XDG_CACHE_HOME'] ?? '';
  const folder = join(base === '' ? join(homedir(), '.cache') : base, 'sealroom-integration');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * The Deno binary, from npm's `deno` package.
 *
 * @returns {string} path of the binary
 */
export function deno() {
  const folder = join(cacheFolder(), `deno-${DENO}`);
  const binary = join(folder, 'node_modules', '.bin', 'deno');
  provide(folder, binary, ['--version'], () => {
    // The package's install script copies the binary into place; npm asks that such scripts be allowed by name.
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, allowScripts: { deno: true } }));
    install('npm', ['install', '--prefix', folder, '--no-package-lock', `deno@${DENO}`]);
  });
  return binary;
}

/**
 * A Python with what the notebooks and the tests of `python/` need: nbclient, pandas, pytest and others, of requirements.txt.
 *
 * @returns {string} path of the interpreter
 */
export function pythonWithTools() {
  const requirements = join(import.meta.dirname, 'requirements.txt');
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(cacheFolder(), `python-${hash}`);
  const python = join(folder, 'bin', 'python');
  provide(
    folder,
    python,
    ['-c', 'import hatchling, ipykernel, matplotlib, mypy, nbclient, pandas, pyarrow, pytest'],
    () => {
      needPython();
      install('python3', ['-m', 'venv', folder]);
      install(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
    },
  );
  return python;
}

/**
 * The server of moto, which stands in for AWS, from PyPI.
 *
 * @returns {string} path of the program
 */
export function motoServer() {
  const folder = join(cacheFolder(), `moto-${MOTO}`);
  const python = join(folder, 'bin', 'python');
  provide(folder, python, ['-c', 'import moto.server'], () => {
    needPython();
    install('python3', ['-m', 'venv', folder]);
    install(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `moto[server]==${MOTO}`]);
  });
  return join(folder, 'bin', 'moto_server');
}

/**
 * A folder for NODE_PATH with pkcs11js in it, compiled here.
 *
 * @returns {string} path of the folder
 */
export function pkcs11jsFolder() {
  const folder = join(cacheFolder(), `pkcs11js-${PKCS11JS}`);
  const modules = join(folder, 'node_modules');
  const probe = ['-e', `new (require(${JSON.stringify(join(modules, 'pkcs11js'))}).PKCS11)()`];
  provide(folder, process.execPath, probe, () => {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, allowScripts: { pkcs11js: true } }));
    install('npm', ['install', '--prefix', folder, '--no-package-lock', `pkcs11js@${PKCS11JS}`]);
  });
  return modules;
}

/**
 * SoftHSM, a token in software, and the tool of OpenSC that looks at tokens, as the system has them, or else from Debian's
 * packages.
 *
 * @returns {string} path of the PKCS#11 module
 */
export function softHsm() {
  const find = () => {
    const hasTools = ['softhsm2-util', 'pkcs11-tool'].every(
      (name) => !run(name, [], { quiet: true }).output.includes('ENOENT'),
    );
    return hasTools ? SOFTHSM_MODULES.find((path) => existsSync(path)) : undefined;
  };
  const there = find();
  if (there !== undefined) return there;
  if (!canInstallPackages())
    throw new Unavailable('needs SoftHSM and OpenSC: install the packages softhsm2 and opensc');
  installPackages('softhsm2', 'opensc');
  const installed = find();
  if (installed === undefined) throw new Unavailable('the packages softhsm2 and opensc are installed and do not run');
  return installed;
}

/**
 * What a step needs, or why it cannot be had; with CI=true that is an error.
 *
 * @template T
 * @param {() => T} get
 * @returns {{ tool: T, missing: null } | { tool: null, missing: string }}
 */
export function attemptTool(get) {
  try {
    return { tool: get(), missing: null };
  } catch (error) {
    if (!(error instanceof Unavailable) || (process.env['CI'] ?? '') !== '') throw error;
    return { tool: null, missing: error.message };
  }
}

/**
 * A compiler of C++ on a platform that the native kernel is written for.
 *
 * @returns {string} the program's name
 */
export function cppCompiler() {
  const name = process.env['CXX'] ?? 'c++';
  const find = () => run(name, ['--version'], { quiet: true }).ok;
  const here = `${process.platform}-${process.arch}`;
  if (here !== PLATFORM) throw new Unavailable(`the native kernel is written for ${PLATFORM}, and this is ${here}`);
  if (find()) return name;
  if (!canInstallPackages()) throw new Unavailable('needs a compiler of C++: install the package g++');
  installPackages('g++');
  if (!find()) throw new Unavailable(`the package g++ is installed and \`${name}\` does not run`);
  return name;
}

/**
 * A Chromium, as the system has it, or else from Debian's package.
 *
 * @returns {string} the program's name
 */
export function chromium() {
  const find = () => CHROMIUM_NAMES.find((name) => run(name, ['--version'], { quiet: true }).ok);
  const there = find();
  if (there !== undefined) return there;
  if (!canInstallPackages()) throw new Unavailable('needs Chromium in the PATH: install the package chromium');
  installPackages('chromium');
  const installed = find();
  if (installed === undefined) throw new Unavailable('the package chromium is installed and `chromium` does not run');
  return installed;
}

/**
 * The age command as Debian has it, which knows keys of X25519 only.
 *
 * @returns {{ age: string, keygen: string }} the programs' names
 */
export function debianAge() {
  const find = () => ['age', 'age-keygen'].every((name) => run(name, ['--version'], { quiet: true }).ok);
  if (!find()) {
    if (!canInstallPackages()) throw new Unavailable('needs age in the PATH: install the package age');
    installPackages('age');
    if (!find()) throw new Unavailable('the package age is installed and `age` does not run');
  }
  return { age: 'age', keygen: 'age-keygen' };
}

/**
 * The age command as its Go module has it, with post-quantum keys.
 *
 * @returns {{ age: string, keygen: string }} paths of the programs
 */
export function goAge() {
  const folder = join(cacheFolder(), `age-${AGE}`);
  const age = join(folder, 'age');
  provide(folder, age, ['--version'], () => {
    if (!run('go', ['version'], { quiet: true }).ok) throw new Unavailable('needs Go, to install age from its module');
    install('go', ['install', `filippo.io/age/cmd/...@v${AGE}`], { GOBIN: folder });
  });
  return { age, keygen: join(folder, 'age-keygen') };
}

/**
 * A Python with Spark in it, from PyPI, and a Java for it to run on.
 *
 * @returns {string} path of the interpreter
 */
export function sparkPython() {
  needJava();
  const folder = join(cacheFolder(), `pyspark-${PYSPARK}`);
  const python = join(folder, 'bin', 'python');
  provide(folder, python, ['-c', 'import pyspark.sql'], () => {
    needPython();
    install('python3', ['-m', 'venv', folder]);
    install(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `pyspark==${PYSPARK}`]);
  });
  return python;
}

/** Makes sure that a Java runs that Spark can use. */
function needJava() {
  const works = () => {
    const [, version] = /version "(\d+)/.exec(run('java', ['-version'], { quiet: true }).output) ?? [];
    return Number(version ?? 0) >= SPARK_JAVA;
  };
  if (works()) return;
  const wanted = `needs Java ${String(SPARK_JAVA)} or later: install the package default-jre-headless`;
  if (!canInstallPackages()) throw new Unavailable(wanted);
  installPackages('default-jre-headless');
  if (!works()) throw new Unavailable(wanted);
}

function canInstallPackages() {
  return process.getuid?.() === 0 && run('apt-get', ['--version'], { quiet: true }).ok;
}

/** Makes sure that `python3 -m venv` works; Debian has it in a package of its own. */
function needPython() {
  const works = () => run('python3', ['-c', 'import venv, ensurepip'], { quiet: true }).ok;
  if (works()) return;
  if (!canInstallPackages()) {
    throw new Unavailable('needs python3 with venv: install the package python3-venv');
  }
  installPackages('python3', 'python3-venv');
  if (!works()) throw new Unavailable('python3-venv is installed and `python3 -m venv` still does not work');
}

/**
 * Fills `folder` unless the program in it already works; a half-filled folder of an interrupted run is made anew.
 *
 * @param {string} folder
 * @param {string} program
 * @param {readonly string[]} probe arguments with which the program proves that it works
 * @param {() => void} fill
 */
function provide(folder, program, probe, fill) {
  const works = () => existsSync(program) && run(program, probe, { quiet: true }).ok;
  if (works()) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  fill();
  if (!works()) throw new Unavailable(`${program} was installed and does not run on this machine`);
}

/**
 * Installs packages of Debian. Files of tests run at the same time, and only one of them gets the package manager's lock.
 *
 * @param {...string} names
 */
function installPackages(...names) {
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...names]]) {
    for (let tries = 1; ; tries++) {
      try {
        install('apt-get', args);
        break;
      } catch (error) {
        const isLocked =
          error instanceof Unavailable && /Could not get lock|Unable to (?:acquire|lock)/.test(error.message);
        if (!isLocked || tries === 60) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000);
      }
    }
  }
}

/**
 * @param {string} client
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
function install(client, args, env) {
  console.log(`$ ${[client, ...args].join(' ')}`);
  const { ok, output } = run(client, args, {
    quiet: true,
    env: { DEBIAN_FRONTEND: 'noninteractive', ...env },
    timeoutMs: 900_000,
  });
  if (!ok) throw new Unavailable(`\`${client}\` failed: ${output.split('\n').slice(-3).join(' ')}`);
}
