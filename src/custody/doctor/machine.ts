import { execFile } from 'node:child_process';
import { getFips } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { url as inspectorUrl } from 'node:inspector';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { nativeKernelProblem } from '../../crypto/index.ts';
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
  /** Why the native kernel is not used, or `null` if it is. */
  readonly nativeKernelProblem: () => string | null;
  /** Whether an optional package is installed. */
  readonly hasPackage: (name: string) => boolean;
  /** The options that Node was started with on the command line. */
  readonly execArgv: readonly string[];
  /** Whether the inspector is open, or SIGUSR1 would open it. */
  readonly inspector: () => 'open' | 'by signal' | 'closed';
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
  nativeKernelProblem,
  hasPackage: (name) => {
    try {
      createRequire(import.meta.url).resolve(name);
      return true;
    } catch {
      return false;
    }
  },
  execArgv: process.execArgv,
  inspector: () => {
    if (inspectorUrl() !== undefined) return 'open';
    const isOff = process.execArgv.includes('--disable-sigusr1') || process.listenerCount('SIGUSR1') > 0;
    return isOff ? 'closed' : 'by signal';
  },
};

/**
 * Checks Node and its options, OpenSSL, the system and the processor. Never throws.
 *
 * @param env of which `NODE_OPTIONS` counts
 */
export async function checkMachine(machine: Machine, env: NodeJS.ProcessEnv): Promise<readonly Check[]> {
  return [
    checkNode(machine),
    checkNodeOptions(machine, env),
    checkInspector(machine),
    await checkFips(machine),
    checkKernel(machine),
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

/** Options of Node that write what is in memory to files, or open it to others; each also with something after it. */
const DUMPING = [
  '--report',
  '--heapsnapshot',
  '--heap-prof',
  '--cpu-prof',
  '--prof',
  '--inspect',
  '--abort-on-uncaught-exception',
];

function checkNodeOptions({ execArgv }: Machine, env: NodeJS.ProcessEnv): Check {
  const item = 'Node options';
  // Node takes them in quotes, and with underscores for hyphens.
  const given = (env['NODE_OPTIONS'] ?? '').replaceAll(/["\\]/g, '').split(/\s+/);
  const names = [...given, ...execArgv].map((option) => option.split('=', 1)[0]?.replaceAll('_', '-') ?? '');
  const isDumping = (name: string): boolean =>
    DUMPING.some((option) => name.startsWith(option)) && !name.startsWith('--report-exclude');
  const found = [...new Set(names.filter(isDumping))];
  if (found.length === 0) return checkOk(item, 'none that writes or shows memory');
  return checkWarning(
    item,
    `${found.join(', ')}: can write values and secrets to disk, or show them`,
    'unset NODE_OPTIONS, or take them out of it',
  );
}

function checkInspector({ inspector }: Machine): Check {
  const item = 'inspector';
  switch (inspector()) {
    case 'closed':
      return checkOk(item, 'closed, and SIGUSR1 does not open it');
    case 'by signal':
      return checkWarning(
        item,
        'SIGUSR1 opens it, and every user of this machine can then read the memory',
        'start Node with `--disable-sigusr1` (22.14 and later), or listen to SIGUSR1',
      );
    case 'open':
      return checkWarning(
        item,
        'open: every user of this machine can read the memory',
        'start Node without `--inspect`',
      );
  }
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

function checkKernel(machine: Machine): Check {
  const problem = machine.nativeKernelProblem();
  return checkOk(
    'kernel',
    problem === null ? '`native`, which gives the same as `wasm`' : `not \`native\`: ${problem}`,
  );
}

async function checkCoreDumps({ read }: Machine): Promise<Check> {
  const item = 'core dumps';
  const soft = /^Max core file size\s+(\S+)/m.exec((await read('/proc/self/limits')) ?? '')?.[1];
  if (soft === undefined) return checkUnknown(item);
  const pattern = (await read('/proc/sys/kernel/core_pattern'))?.trim() ?? '';
  // core(5): the limit does not hold for a program. Only a limit of one byte keeps the kernel from starting it.
  if (pattern.startsWith('|') && soft !== '1') {
    const [program = ''] = pattern.slice(1).trim().split(/\s/, 1);
    return checkWarning(
      item,
      `on: a crash would give the memory, with secrets, to ${program}, whatever \`ulimit -c\` says`,
      'run sealroom with `prlimit --core=1`, or set `kernel.core_pattern` to a file name',
    );
  }
  if (soft === '0' || soft === '1') return checkOk(item, 'off');
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
