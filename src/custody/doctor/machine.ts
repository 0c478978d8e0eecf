import { execFile } from 'node:child_process';
import { getFips } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { countOf, SealroomError } from '../../errors/index.ts';
import { requireFips } from '../fips.ts';
import { PROVIDERS } from '../providers/providers.ts';
import { type Check, checkOk, checkProblem, checkUnknown, checkWarning } from './check.ts';

/** The machine to check; tests replace it. */
export interface Machine {
  readonly nodeVersion: string;
  readonly opensslVersion: string;
  /** Reads a file of the system, such as one in `/proc`; `null` if there is none. */
  readonly read: (path: string) => Promise<string | null>;
  /** The reason why `--fips` would be refused, `off` if FIPS is off, or `null` if it would run. */
  readonly fipsProblem: () => string | null;
  /** Whether Node could be started with FIPS. */
  readonly canStartFips: () => Promise<boolean>;
  /** Whether an optional package is installed. */
  readonly hasPackage: (name: string) => boolean;
}

/** This machine. */
export const THIS_MACHINE: Machine = {
  nodeVersion: process.versions.node,
  opensslVersion: process.versions.openssl,
  read: (path) => readFile(path, 'utf8').catch(() => null),
  fipsProblem: () => {
    try {
      requireFips();
      return null;
    } catch (error) {
      if (getFips() === 1 && error instanceof SealroomError) return error.message;
      return 'off';
    }
  },
  canStartFips: () =>
    promisify(execFile)(process.execPath, ['--enable-fips', '-e', '0'], { timeout: 5000 }).then(
      () => true,
      () => false,
    ),
  hasPackage: (name) => {
    try {
      createRequire(import.meta.url).resolve(name);
      return true;
    } catch {
      return false;
    }
  },
};

/** Checks Node, OpenSSL, the system and the processor. Never throws. */
export async function checkMachine(machine: Machine): Promise<readonly Check[]> {
  return [
    checkNode(machine),
    await checkFips(machine),
    await checkCoreDumps(machine),
    await checkSwap(machine),
    await checkMemoryEncryption(machine),
    await checkPtrace(machine),
    ...checkPackages(machine),
  ];
}

function checkNode({ nodeVersion }: Machine): Check {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    return checkProblem('Node', nodeVersion, 'install Node 20.19 or later, preferably 22 or 24');
  }
  if (major < 22) {
    const found = `${nodeVersion}, which gets no more fixes; the AWS SDK drops it in 2027`;
    return checkWarning('Node', found, 'install Node 22 or 24');
  }
  return checkOk('Node', nodeVersion);
}

async function checkFips(machine: Machine): Promise<Check> {
  const item = 'OpenSSL';
  const version = machine.opensslVersion;
  const found = machine.fipsProblem();
  if (found === null) return checkOk(item, `${version}, FIPS is on, its known-answer tests pass`);
  if (found !== 'off')
    return checkProblem(item, `${version}, FIPS is on but does not work: ${found}`, 'see docs/fips.md');
  const isThere = await machine.canStartFips();
  return checkOk(item, `${version}, FIPS is off and ${isThere ? 'can be turned on' : 'cannot be turned on here'}`);
}

async function checkCoreDumps({ read }: Machine): Promise<Check> {
  const item = 'core dumps';
  const soft = /^Max core file size\s+(\S+)/m.exec((await read('/proc/self/limits')) ?? '')?.[1];
  if (soft === undefined) return checkUnknown(item);
  if (soft === '0') return checkOk(item, 'off');
  return checkWarning(
    item,
    `on, up to ${soft} bytes: a crash would write secrets to disk`,
    'run `ulimit -c 0` before sealroom',
  );
}

async function checkSwap({ read }: Machine): Promise<Check> {
  const item = 'swap';
  const text = await read('/proc/swaps');
  if (text === null) return checkUnknown(item);
  const areas = text.trim().split('\n').slice(1).length;
  if (areas === 0) return checkOk(item, 'off');
  const found = `on, ${countOf(areas, 'area')}, possibly unencrypted: memory with secrets may be written to disk`;
  return checkWarning(item, found, 'turn it off with `swapoff -a`, or put it on an encrypted device');
}

const MEMORY_ENCRYPTION = ['sme', 'sev', 'sev_es', 'sev_snp', 'tme', 'tdx_guest'];

async function checkMemoryEncryption({ read }: Machine): Promise<Check> {
  const item = 'memory encryption';
  const flags = /^flags\s*:\s*(.*)$/m.exec((await read('/proc/cpuinfo')) ?? '')?.[1]?.split(' ');
  if (flags === undefined) return checkUnknown(item);
  const found = MEMORY_ENCRYPTION.filter((flag) => flags.includes(flag));
  if (found.length === 0) return checkOk(item, 'no processor flag shows support');
  return checkOk(item, `supported by the processor: ${found.join(', ')}; the firmware decides whether it is used`);
}

async function checkPtrace({ read }: Machine): Promise<Check> {
  const item = 'ptrace';
  const scope = (await read('/proc/sys/kernel/yama/ptrace_scope'))?.trim();
  if (scope === undefined) return checkUnknown(item);
  if (scope !== '0') return checkOk(item, `restricted, ptrace_scope ${scope}`);
  return checkWarning(
    item,
    'any of your programs can read the memory of any other',
    'set it with `sysctl kernel.yama.ptrace_scope=1`',
  );
}

function checkPackages({ hasPackage }: Machine): readonly Check[] {
  return [...PROVIDERS].flatMap(([scheme, { package: name }]) =>
    name === null
      ? []
      : [
          checkOk(
            name,
            hasPackage(name) ? 'installed' : `not installed; \`${scheme}:\` keys need \`npm install ${name}\``,
          ),
        ],
  );
}
