import { execFile } from 'node:child_process';
import { getFips } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { SealroomError } from '../../errors/index.ts';
import { requireFips } from '../fips.ts';
import { PROVIDERS } from '../providers/providers.ts';
import { type Check, checkOk, checkProblem, checkUnknown, checkWarning } from './check.ts';

/** What is asked of the machine; tests have others than this one. */
export interface Machine {
  readonly nodeVersion: string;
  readonly opensslVersion: string;
  /** The text of a file that the system makes, or `null` where there is none. */
  readonly read: (path: string) => Promise<string | null>;
  /** What `--fips` says: `null` if it would run. */
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

/** The checks of Node, OpenSSL, the system and the processor. None of them throws. */
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
    return checkProblem('Node', nodeVersion, 'install Node 20.19 or later, better 22 or 24');
  }
  if (major < 22) {
    const found = `${nodeVersion}, which its makers do not mend any more; the AWS SDK leaves it in 2027`;
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
    return checkProblem(item, `${version}, FIPS is on and does not work: ${found}`, 'see docs/fips.md');
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
  const found = `on, ${String(areas)} area(s), whether encrypted is not known here: memory with secrets may be written there`;
  return checkWarning(item, found, 'turn it off with `swapoff -a`, or put it on an encrypted device');
}

const MEMORY_ENCRYPTION = ['sme', 'sev', 'sev_es', 'sev_snp', 'tme', 'tdx_guest'];

async function checkMemoryEncryption({ read }: Machine): Promise<Check> {
  const item = 'memory encryption';
  const flags = /^flags\s*:\s*(.*)$/m.exec((await read('/proc/cpuinfo')) ?? '')?.[1]?.split(' ');
  if (flags === undefined) return checkUnknown(item);
  const found = MEMORY_ENCRYPTION.filter((flag) => flags.includes(flag));
  if (found.length === 0) return checkOk(item, 'the processor shows no flag of it');
  return checkOk(item, `the processor can: ${found.join(', ')}; whether it is used is up to the firmware`);
}

async function checkPtrace({ read }: Machine): Promise<Check> {
  const item = 'ptrace';
  const scope = (await read('/proc/sys/kernel/yama/ptrace_scope'))?.trim();
  if (scope === undefined) return checkUnknown(item);
  if (scope !== '0') return checkOk(item, `restricted, ptrace_scope ${scope}`);
  return checkWarning(
    item,
    'any program of yours can read the memory of any other',
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
