import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Session, ID, SECRET } from '../support/cli.ts';

// OpenSSL's FIPS provider, which no package here has and which takes ten minutes to build. Wakes where SEALROOM_FIPS_FOLDER names a
// folder with `fips.so`, `fipsmodule.cnf` and `openssl.cnf`, made as docs/fips.md says.
const folder = process.env['SEALROOM_FIPS_FOLDER'];

const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [
    { sourceHeader: 'a', targetHeader: 'a_sealed', type: 'sealed', pad: { type: 'none' } },
    { sourceHeader: 'a', targetHeader: 'a_fingerprint', type: 'fingerprint' },
  ],
});

if (folder === undefined) console.log('skipped: FIPS, since SEALROOM_FIPS_FOLDER names no provider; see docs/fips.md');

describe.skipIf(folder === undefined)("OpenSSL's FIPS provider", () => {
  const fips = {
    ...process.env,
    C3R_SHARED_SECRET: SECRET,
    OPENSSL_CONF: join(folder ?? '', 'openssl.cnf'),
    OPENSSL_MODULES: folder,
  };
  const on = { ...fips, NODE_OPTIONS: '--enable-fips' };

  function sealroom(session: Session, env: NodeJS.ProcessEnv, ...args: string[]) {
    const main = join(import.meta.dirname, '..', '..', 'dist', 'bin', 'sealroom.js');
    const done = spawnSync(process.execPath, [main, ...args], { cwd: session.directory, env, encoding: 'utf8' });
    return { code: done.status, err: done.stderr };
  }

  test('is there', () => {
    expect(existsSync(join(folder ?? '', 'fips.so'))).toBe(true);
  });

  test('encrypts and decrypts a table, in one thread and in more, as others do', async () => {
    await using session = await Session.start({ 't.csv': 'a\n1\n2\n', 's.json': SCHEMA });
    for (const threads of ['1', '2']) {
      const options = ['--schema', 's.json', '--id', ID, '-f', '--threads', threads];
      expect(sealroom(session, on, 'encrypt', 't.csv', ...options, '--fips', '-o', 'p.csv')).toMatchObject({
        code: 0,
        err: expect.stringContaining('kernel node') as string,
      });
      const decrypt = (env: NodeJS.ProcessEnv, ...more: string[]) =>
        sealroom(session, env, 'decrypt', 'p.csv', '--id', ID, '-f', '-o', 'd.csv', ...more);
      expect(decrypt(on, '--fips').code).toBe(0);
      const opened = await session.text('d.csv');
      expect(decrypt({ ...process.env, C3R_SHARED_SECRET: SECRET }).code).toBe(0);
      expect(await session.text('d.csv')).toBe(opened);
      expect(opened.match(/^[12],/gm)?.sort()).toEqual(['1,', '2,']);
    }
  });

  test('is not enough if it is not on from the start, and allows no other kernel', async () => {
    await using session = await Session.start({ 't.csv': 'a\n1\n' });
    expect(sealroom(session, fips, 'decrypt', 't.csv', '--id', ID, '--fips')).toMatchObject({
      code: 1,
      err: expect.stringContaining('FIPS is off') as string,
    });
    expect(sealroom(session, on, 'decrypt', 't.csv', '--id', ID, '--fips', '--kernel', 'wasm')).toMatchObject({
      code: 2,
    });
  });

  test('refuses what is not approved: that digests of before are refused cannot be known later', () => {
    const script = `const c = require('node:crypto'); c.hash('md5', 'a'); c.setFips(true); c.hash('md5', 'a');`;
    const evaluate = (env: NodeJS.ProcessEnv) => spawnSync(process.execPath, ['-e', script], { env }).status;
    expect(evaluate(on)).not.toBe(0);
    // Without any: the digest of before the switch still works, which is why `--fips` does not switch.
    expect(evaluate({ ...process.env, NODE_OPTIONS: '' })).toBe(0);
  });
});
