import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attemptTool, pkcs11jsFolder, softHsm } from './tools/toolbox.mjs';
import { EnvelopeProvider } from '#src/custody/providers/envelope-provider';
import { openPkcs11 } from '#src/custody/providers/pkcs11/pkcs11';
import type { KeyProvider, ProviderContext } from '#src/custody/providers/provider';
import { codeOf, factsOf, keepsContract, madeSecret } from '../custody/providers/contract.ts';

// A token of SoftHSM through its PKCS#11 module. Wakes where both can be had; with CI=true they must be.
const { tool: tools, missing } = attemptTool(() => ({ module: softHsm(), nodePath: pkcs11jsFolder() }));

const PIN = '5678';
const SLOW_TEST_MS = 300_000;

describe.skipIf(tools === null)(
  `SoftHSM${missing === null ? '' : ` (${missing})`}`,
  () => {
    let folder = '';
    let env: NodeJS.ProcessEnv = {};

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'sealroom-token-'));
      mkdirSync(join(folder, 'tokens'));
      writeFileSync(
        join(folder, 'softhsm2.conf'),
        `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`,
      );
      writeFileSync(join(folder, 'pin'), `${PIN}\n`, { mode: 0o600 });
      writeFileSync(join(folder, 'wrong-pin'), '9999\n', { mode: 0o600 });
      env = { ...process.env, SOFTHSM2_CONF: join(folder, 'softhsm2.conf'), NODE_PATH: tools?.nodePath };
      for (const label of ['probe', 'second']) {
        util('--init-token', '--free', '--label', label, '--so-pin', '1234', '--pin', PIN);
      }
    });

    afterAll(() => {
      rmSync(folder, { recursive: true, force: true });
    });

    const util = (...args: string[]) => execFileSync('softhsm2-util', args, { env, stdio: 'pipe', encoding: 'utf8' });
    const tool = (...args: string[]) =>
      execFileSync(
        'pkcs11-tool',
        ['--module', tools?.module ?? '', '--token-label', 'probe', '--login', '--pin', PIN, ...args],
        {
          env,
          stdio: 'pipe',
          encoding: 'utf8',
        },
      );

    function context(changes: Partial<ProviderContext> = {}): ProviderContext & { readonly asked: string[] } {
      const asked: string[] = [];
      return {
        asked,
        env,
        cwd: folder,
        warn: () => undefined,
        askPassphrase: ({ what }) => {
          asked.push(what);
          return Promise.resolve(PIN);
        },
        ...changes,
      };
    }

    const uri = (path: string, pin = 'pin') =>
      `${path}?module-path=${tools?.module ?? ''}${pin === '' ? '' : `&pin-source=file:${join(folder, pin)}`}`;

    const open = (path = 'token=probe;object=wrapping', pin = 'pin', given = context()) =>
      new EnvelopeProvider('pkcs11', openPkcs11(uri(path, pin), given));

    async function openMade(path: string): Promise<KeyProvider> {
      const provider = open(path);
      using secret = madeSecret();
      await provider.wrap(secret, factsOf(secret));
      return provider;
    }

    keepsContract('pkcs11', {
      open: () => Promise.resolve(open()),
      openOther: () => openMade('token=probe;object=other'),
      openUnreachable: () => Promise.resolve(open('token=absent;object=wrapping')),
      stride: 1,
    });

    test('the key is made in the token, and is kept there', async () => {
      await using provider = await openMade('token=probe;object=kept');
      const listed = tool('--list-objects', '--type', 'secrkey', '--label', 'kept');
      expect(listed).toContain('AES length 32');
      expect(listed).toMatch(/Access:\s+sensitive, always sensitive, never extractable, local/);
      expect(listed).toMatch(/Usage:\s+encrypt, decrypt$/m);
      expect(() => tool('--read-object', '--type', 'secrkey', '--label', 'kept')).toThrow();
      expect((await provider.describe()).problem).toBeNull();
    });

    test('an envelope opens with the URI that it names, after the PIN was asked for', async () => {
      using secret = madeSecret();
      const asking = context();
      await using provider = open('token=probe;object=asked', '', asking);
      const envelope = await provider.wrap(secret, factsOf(secret));
      expect(asking.asked).toEqual(['token probe']);
      expect(envelope.key).toMatch(
        /^pkcs11:token=probe;serial=[0-9a-f]+;object=asked;id=(%[0-9a-f]{2}){16}\?module-path=/,
      );
      await using named = new EnvelopeProvider('pkcs11', openPkcs11(envelope.key.slice('pkcs11:'.length), context()));
      using opened = await named.unwrap(envelope);
      expect(opened?.equals(secret)).toBe(true);
    });

    test('the key of the same name in another token is another key', async () => {
      using secret = madeSecret();
      await using provider = open();
      const envelope = await provider.wrap(secret, factsOf(secret));
      await using second = await openMade('token=second;object=wrapping');
      expect(await second.unwrap(envelope)).toBeNull();
    });

    test('a wrong PIN is tried once, however often it is asked', async () => {
      await using provider = open(undefined, 'wrong-pin');
      using secret = madeSecret();
      const outcomes = await Promise.allSettled([1, 2, 3].map(() => provider.wrap(secret, factsOf(secret))));
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({
          reason: { code: 'SECRET_INVALID', hint: expect.stringContaining('tokens lock') as string },
        });
        expect(JSON.stringify(outcome)).not.toContain('9999');
      }
    });

    test('a PIN file that others can read is refused', async () => {
      const file = join(folder, 'open-pin');
      writeFileSync(file, PIN);
      chmodSync(file, 0o644);
      await using provider = open(undefined, 'open-pin');
      using secret = madeSecret();
      expect(await codeOf(() => provider.wrap(secret, factsOf(secret)))).toBe('SECRET_INVALID');
    });

    test('a key that can leave the token is refused', async () => {
      tool('--keygen', '--key-type', 'AES:32', '--label', 'extractable', '--id', '0a', '--extractable');
      await using provider = open('token=probe;object=extractable');
      using secret = madeSecret();
      expect(await codeOf(() => provider.wrap(secret, factsOf(secret)))).toBe('CUSTODY_KEY');
    });

    test('a module that is none, or that others can change, is not used', async () => {
      const file = join(folder, 'module.so');
      writeFileSync(file, 'nothing');
      using secret = madeSecret();
      const wrapWith = async () => {
        await using provider = new EnvelopeProvider(
          'pkcs11',
          openPkcs11(`object=wrapping?module-path=${file}`, context()),
        );
        return await provider.wrap(secret, factsOf(secret));
      };
      expect(await codeOf(wrapWith)).toBe('CUSTODY_UNAVAILABLE');
      chmodSync(file, 0o666);
      expect(await codeOf(wrapWith)).toBe('CUSTODY_DENIED');
    });

    test('without the package it says what to install', async () => {
      await using provider = open(undefined, 'pin', context({ env: { ...env, NODE_PATH: '' } }));
      expect((await provider.describe()).problem).toContain('the package for PKCS#11 is not installed');
    });
  },
  SLOW_TEST_MS,
);
