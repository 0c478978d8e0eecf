import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { examineCustody } from '#src/custody/doctor/index';
import type { Machine } from '#src/custody/doctor/machine';
import { memberHome } from '#src/custody/home';
import { Session, SECRET } from '../support/cli.ts';

const FILES: Readonly<Record<string, string>> = {
  '/proc/self/limits':
    'Limit    Soft Limit   Hard Limit   Units\nMax core file size        0                    unlimited            bytes\n',
  '/proc/swaps': 'Filename\tType\tSize\tUsed\tPriority\n',
  '/proc/cpuinfo': 'processor : 0\nflags\t\t: fpu sme sev_snp\n',
  '/proc/sys/kernel/yama/ptrace_scope': '1\n',
};

function machine(changes: Partial<Machine> = {}, files: Readonly<Record<string, string | null>> = {}): Machine {
  return {
    nodeVersion: '24.1.0',
    opensslVersion: '3.5.0',
    read: (path) => Promise.resolve({ ...FILES, ...files }[path] ?? null),
    fipsProblem: () => null,
    canStartFips: () => Promise.resolve(false),
    nativeKernelProblem: () => null,
    hasPackage: () => true,
    execArgv: [],
    inspector: () => 'closed',
    ...changes,
  };
}

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealroom-test-'));
  await chmod(folder, 0o700);
});

afterEach(() => rm(folder, { recursive: true }));

async function examine(given: Machine = machine(), env: NodeJS.ProcessEnv = {}, home = folder) {
  const context = {
    env,
    cwd: folder,
    warn: () => undefined,
    askPassphrase: () => Promise.reject(new Error('asked')),
  };
  return await examineCustody(memberHome(env, { cwd: folder, home }), context, given);
}

async function statesOf(...given: Parameters<typeof examine>) {
  return Object.fromEntries((await examine(...given)).map(({ item, state, found }) => [item, `${state}: ${found}`]));
}

test('a machine as it should be is all right, and so is an empty home', async () => {
  const checks = await examine();
  expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
  expect(checks.map(({ item }) => item)).toEqual([
    'Node',
    'Node options',
    'inspector',
    'OpenSSL',
    'kernel',
    'core dumps',
    'swap',
    'memory encryption',
    'ptrace',
    '@aws-sdk/client-kms',
    'pkcs11js',
    'environment',
    'home',
    'envelopes',
  ]);
});

describe('of the machine it tells', () => {
  test.each<[string, Machine, string, RegExp]>([
    ['an old Node', machine({ nodeVersion: '20.18.3' }), 'Node', /^problem: 20\.18\.3/],
    ['an ageing Node', machine({ nodeVersion: '20.19.0' }), 'Node', /^warning/],
    ['FIPS that is off', machine({ fipsProblem: () => 'off' }), 'OpenSSL', /^ok: 3\.5\.0, FIPS is off and cannot/],
    [
      'why the native kernel is not used',
      machine({ nativeKernelProblem: () => 'no SHA' }),
      'kernel',
      /^ok: not .*no SHA/,
    ],
    ['FIPS that fails', machine({ fipsProblem: () => 'a test fails' }), 'OpenSSL', /^problem: .*a test fails/],
    [
      'core dumps',
      machine({}, { '/proc/self/limits': 'Max core file size  unlimited  unlimited  bytes' }),
      'core dumps',
      /^warning/,
    ],
    [
      'a program that gets core dumps, whatever the limit',
      machine({}, { '/proc/sys/kernel/core_pattern': '|/usr/lib/systemd/systemd-coredump %P %u\n' }),
      'core dumps',
      /^warning: on: .* to \/usr\/lib\/systemd\/systemd-coredump, whatever/,
    ],
    [
      'the one limit that keeps it from them',
      machine(
        {},
        {
          '/proc/self/limits': 'Max core file size  1  1  bytes',
          '/proc/sys/kernel/core_pattern': '|/usr/share/apport/apport %p\n',
        },
      ),
      'core dumps',
      /^ok: off$/,
    ],
    ['core dumps to a file', machine({}, { '/proc/sys/kernel/core_pattern': 'core\n' }), 'core dumps', /^ok: off$/],
    ['an inspector that a signal opens', machine({ inspector: () => 'by signal' }), 'inspector', /^warning: SIGUSR1/],
    ['an open inspector', machine({ inspector: () => 'open' }), 'inspector', /^warning: open/],
    ['options of the command line', machine({ execArgv: ['--cpu-prof'] }), 'Node options', /^warning: --cpu-prof:/],
    ['swap', machine({}, { '/proc/swaps': 'Filename\n/dev/sda2 partition 1 0 -2\n' }), 'swap', /^warning: on, 1 area/],
    ['a processor', machine(), 'memory encryption', /^ok: supported by the processor: sme, sev_snp;/],
    [
      'a processor without',
      machine({}, { '/proc/cpuinfo': 'flags : fpu' }),
      'memory encryption',
      /^ok: no processor flag shows support$/,
    ],
    ['open ptrace', machine({}, { '/proc/sys/kernel/yama/ptrace_scope': '0\n' }), 'ptrace', /^warning/],
    ['missing packages', machine({ hasPackage: () => false }), 'pkcs11js', /npm install pkcs11js/],
  ])('%s', async (_, given, item, expected) => {
    expect((await statesOf(given))[item]).toMatch(expected);
  });

  test('nothing that the system does not say', async () => {
    const found = await statesOf(machine({ read: () => Promise.resolve(null) }));
    for (const item of ['core dumps', 'swap', 'memory encryption', 'ptrace'])
      expect(found[item]).toBe('unknown: this system does not say');
  });
});

test.each([
  ['--report-on-signal --max-old-space-size=100', /^warning: --report-on-signal: /],
  ['--report_uncaught_exception', /^warning: --report-uncaught-exception: /],
  ['"--heapsnapshot-signal=SIGUSR2"', /^warning: --heapsnapshot-signal: /],
  ['--heapsnapshot-near-heap-limit=2 --inspect=0.0.0.0', /^warning: --heapsnapshot-near-heap-limit, --inspect: /],
  ['--inspect-brk', /^warning/],
  ['--cpu-prof --cpu-prof-dir=x', /^warning/],
  ['--heap-prof', /^warning/],
  ['--report-exclude-env --max-old-space-size=100', /^ok/],
  ['', /^ok/],
])('of NODE_OPTIONS it tells what dumps or shows memory: %s', async (options, expected) => {
  expect((await statesOf(machine(), { NODE_OPTIONS: options }))['Node options']).toMatch(expected);
});

test('of the environment it tells names, and warns of the secret', async () => {
  const found = (await statesOf(machine(), { C3R_SHARED_SECRET: SECRET, SEALROOM_HOME: folder }))['environment'];
  expect(found).toMatch(/^warning: C3R_SHARED_SECRET, SEALROOM_HOME:/);
  expect(found).not.toContain(SECRET);
});

test('of the home it tells what others can get at', async () => {
  await mkdir(join(folder, 'log'), { mode: 0o755 });
  await writeFile(join(folder, 'log', 'a'), '', { mode: 0o644 });
  await symlink('/etc/hostname', join(folder, 'link'));
  const found = (await examine()).filter(({ item }) => item === 'home').map(({ state, found }) => `${state}: ${found}`);
  expect(found.sort()).toEqual([
    `problem: ${folder}/log is open to other users, mode 755`,
    `problem: ${folder}/log/a is open to other users, mode 644`,
    `warning: ${folder}/link is a link`,
  ]);
  expect((await statesOf(machine(), {}, join(folder, 'none')))['home']).toBe(`ok: ${folder}/none does not exist yet`);
});

test('`key doctor` tells of envelopes and keys, and ends with 1 if one is broken', async () => {
  await using session = await Session.start();
  const run = (...argv: string[]) =>
    session.run(['key', ...argv, '--home', 'home'], { env: { ...process.env, C3R_SHARED_SECRET: SECRET } });
  const made = await run(
    'create',
    '--id',
    'c0ffee00-1111-4222-8333-444444444444',
    '--key',
    'env:C3R_SHARED_SECRET',
    '--import',
  );
  expect(made.code).toBe(0);
  const fine = await run('doctor', '--json');
  expect([fine.code, fine.err]).toEqual([0, '']);
  expect(JSON.parse(fine.out)).toMatchObject({
    checks: expect.arrayContaining([
      expect.objectContaining({ item: 'key env:C3R_SHARED_SECRET', state: 'warning' }),
    ]) as unknown,
  });
  await writeFile(session.path('home/collaborations/c0ffee00-1111-4222-8333-444444444444/generation-1.json'), '{}', {
    mode: 0o600,
  });
  const broken = await run('doctor');
  expect(broken.code).toBe(1);
  expect(broken.out).toMatch(/^problem {2}envelope: .*generation-1\.json/m);
  expect(broken.err).toContain('found 1 problem with keys or machine');
  for (const text of [fine.out, broken.out, broken.err]) expect(text).not.toContain(SECRET.slice(4, 20));
});
