import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { openProvider } from '#src/custody/providers/open-provider';
import { Session } from '../support/cli.ts';
import { codeOf } from './providers/contract.ts';

// What a runtime without a FIPS provider says; test/integration has one with.

/** Runs code in a process of its own, and gives the line that it prints. */
function evaluate(code: string): string {
  const script = `import { setFips } from 'node:crypto';
    import { requireFips } from 'sealroom/custody';
    ${code}
    try { requireFips(); console.log('done'); } catch (error) { console.log(error.code + ': ' + error.message); }`;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }).stdout.trim();
}

test('FIPS that is off is refused', () => {
  expect(evaluate('')).toMatch(/^IO_FIPS: .*FIPS is off in this Node, OpenSSL \d/);
});

test('FIPS that Node says is on, where there is no provider, is refused', () => {
  expect(evaluate('setFips(true);')).toBe(
    "IO_FIPS: OpenSSL's FIPS provider is not in use: the known-answer test of SHA-256 fails",
  );
});

test('`--fips` is refused before anything is read', async () => {
  await using session = await Session.start();
  const { code, err } = await session.run(['decrypt', 'none.csv', '--fips', '--json']);
  expect(code).toBe(1);
  expect(err).toContain('"IO_FIPS"');
});

test('keys of age are refused with FIPS', async () => {
  const context = {
    env: {},
    cwd: '/',
    isFips: true,
    warn: () => undefined,
    askPassphrase: () => Promise.resolve(''),
  };
  for (const uri of ['keystore:/k', 'age:/k']) {
    expect(await codeOf(() => openProvider(uri, context))).toBe('USAGE_OPTION');
  }
  await using provider = await openProvider('aws-kms:alias/a', context);
  expect(provider.scheme).toBe('aws-kms');
});
