import { spawn } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { EnvelopeProvider } from '#src/custody/providers/envelope-provider';
import { openPkcs11 } from '#src/custody/providers/pkcs11/pkcs11';
import { parsePkcs11Uri, printPkcs11Uri } from '#src/custody/providers/pkcs11/uri';
import type { ProviderContext } from '#src/custody/providers/provider';
import { codeOf, errorOf, factsOf, keepsContract, madeSecret } from './contract.ts';

// The provider and its process with a stand-in for the package and the module; test/integration has a real token.

const PIN = '246810';
const WAIT = { timeout: 10_000, interval: 50 };
const NODE_PATH = join(import.meta.dirname, '../../support/node-path');

interface State {
  readonly slots: readonly string[];
  readonly pin: string;
  readonly tries: number;
  readonly keys: { readonly attributes: Record<string, unknown>; readonly material: string }[];
  readonly fault?: string;
  readonly extraFlags?: number;
  readonly environment?: readonly string[];
  readonly hangingProcess?: number;
  /** The path that was loaded. */
  readonly module?: string;
}

let folder = '';
let modulePath = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealroom-test-'));
  modulePath = join(folder, 'module.so');
  await writeFile(modulePath, '', { mode: 0o600 });
  await writeFile(join(folder, 'pin'), PIN, { mode: 0o600 });
});

beforeEach(() => setState({ slots: ['one'], pin: PIN, tries: 3, keys: [] }));

afterAll(() => rm(folder, { recursive: true }));

const stateFile = () => join(folder, 'token.json');
const setState = (state: State) => writeFile(stateFile(), JSON.stringify(state));
const state = async () => JSON.parse(await readFile(stateFile(), 'utf8')) as State;
const change = async (changes: Partial<State>) => setState({ ...(await state()), ...changes });

function context(changes: Partial<ProviderContext> = {}) {
  const warnings: string[] = [];
  return {
    warnings,
    env: { NODE_PATH, STAND_IN_TOKEN: stateFile(), C3R_SHARED_SECRET: 'not for modules' },
    cwd: folder,
    warn: (message: string) => warnings.push(message),
    askPassphrase: () => Promise.resolve(PIN),
    ...changes,
  };
}

/** One that nothing but its form has to be right of. */
const ENVELOPE = {
  version: 1,
  provider: 'pkcs11',
  key: 'pkcs11:object=wrapping?module-path=/m.so',
  algorithm: 'PKCS11+AES-256-GCM',
  collaborationId: '5ea1ed00-d3a0-4c0f-8a00-00000000de30',
  generation: 1,
  secretId: '0'.repeat(32),
  created: '2026-11-24T12:00:00.000Z',
  isRoleBound: false,
  wrapped: Buffer.alloc(60).toString('base64'),
};

const openUri = (rest: string, given: ProviderContext) => new EnvelopeProvider('pkcs11', openPkcs11(rest, given));
const open = (path = 'token=one;object=wrapping', given = context()) =>
  openUri(`${path}?module-path=${modulePath}&pin-source=file:${join(folder, 'pin')}`, given);

async function wrapWith(path?: string, given?: ReturnType<typeof context>) {
  using secret = madeSecret();
  await using provider = open(path, given);
  return await provider.wrap(secret, factsOf(secret));
}

async function openMade(path: string) {
  await wrapWith(path);
  return open(path);
}

keepsContract('pkcs11', {
  open: () => Promise.resolve(open()),
  openOther: () => openMade('token=one;object=other'),
  openUnreachable: () => Promise.resolve(open('token=two;object=wrapping')),
});

describe('a token', () => {
  test('that hangs is left within 5 seconds', async () => {
    await change({ fault: 'hangs' });
    const started = performance.now();
    expect(await codeOf(() => wrapWith())).toBe('CUSTODY_UNAVAILABLE');
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test('whose module crashes does not take this process with it', async () => {
    await change({ fault: 'crashes' });
    expect(await codeOf(() => wrapWith())).toBe('CUSTODY_UNAVAILABLE');
  });

  test('that hangs does not outlive whoever asked it', async () => {
    await change({ fault: 'hangs' });
    const uri = `token=one;object=wrapping?module-path=${modulePath}&pin-source=file:${join(folder, 'pin')}`;
    const script = `
      import { openProvider } from '#src/custody/providers/open-provider';
      const context = { env: process.env, cwd: '/', warn() {}, askPassphrase: () => Promise.reject(new Error('asked')) };
      const provider = await openProvider(${JSON.stringify(`pkcs11:${uri}`)}, context);
      await provider.unwrap(${JSON.stringify(ENVELOPE)});`;
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: join(import.meta.dirname, '../../..'),
      env: { ...process.env, NODE_PATH, STAND_IN_TOKEN: stateFile() },
      stdio: 'ignore',
    });
    const child = await vi.waitFor(async () => (await state()).hangingProcess ?? expect.fail('not yet'), WAIT);
    parent.kill('SIGKILL');
    await vi.waitFor(() => {
      expect(() => process.kill(child, 0)).toThrow('ESRCH');
    }, WAIT);
  });

  test('that fails while it opens an envelope is no changed envelope', async () => {
    const envelope = await wrapWith();
    await change({ fault: 'is broken' });
    await using provider = open();
    expect(await errorOf(() => provider.unwrap(envelope))).toMatchObject({
      code: 'CUSTODY_UNAVAILABLE',
      message: 'the token failed (CKR_DEVICE_ERROR)',
    });
  });

  test('that takes no new keys says so', async () => {
    await change({ fault: 'is read-only' });
    expect(await errorOf(() => wrapWith())).toMatchObject({
      code: 'CUSTODY_DENIED',
      message: 'the token does not accept new keys (CKR_TOKEN_WRITE_PROTECTED)',
    });
  });

  test('gets a wrong PIN once; it is warned of the last tries, and a locked one is not asked', async () => {
    await change({ pin: 'another' });
    await using provider = open();
    using secret = madeSecret();
    for (const outcome of await Promise.allSettled([1, 2, 3].map(() => provider.wrap(secret, factsOf(secret))))) {
      expect(outcome).toMatchObject({ reason: { code: 'SECRET_INVALID' } });
    }
    expect((await state()).tries).toBe(2);
    for (const [tries, warning] of [
      [2, 'a wrong PIN was entered recently'],
      [1, 'this is the last try'],
    ] as const) {
      await change({ tries });
      const given = context();
      expect(await codeOf(() => wrapWith(undefined, given))).toBe('SECRET_INVALID');
      expect(given.warnings.join()).toContain(warning);
    }
    expect((await state()).tries).toBe(0);
    expect(await codeOf(() => wrapWith())).toBe('CUSTODY_DENIED');
  });

  test('with keys of its own for the PIN is not supported', async () => {
    await change({ extraFlags: 8 });
    expect(await codeOf(() => wrapWith())).toBe('CUSTODY_DENIED');
  });

  test('is one of several with its label only if the serial number says which', async () => {
    await change({ slots: ['one', 'one'] });
    expect(await codeOf(() => wrapWith())).toBe('CUSTODY_KEY');
    await change({ slots: ['one', 'two'] });
    expect(await codeOf(() => wrapWith('serial=0001;token=two;object=wrapping'))).toBe('done');
  });

  test('is described without a PIN, as far as that goes', async () => {
    await using provider = openUri(
      `token=one;object=wrapping?module-path=${modulePath}`,
      context({ askPassphrase: () => Promise.reject(new Error('asked')) }),
    );
    expect(await provider.describe()).toMatchObject({ problem: null, custody: expect.stringContaining('PIN') });
  });
});

describe('a wrapping key', () => {
  // Attributes by their place in the stand-in.
  const [ID, LENGTH, DECRYPT, SENSITIVE, EXTRACTABLE, ALWAYS, NEVER, LOCAL] = [5, 7, 9, 14, 15, 16, 17, 18];

  test.each([
    ['is not sensitive', { [SENSITIVE]: false }],
    ['is extractable', { [EXTRACTABLE]: true }],
    ['was not always sensitive', { [ALWAYS]: false }],
    ['was extractable once', { [NEVER]: false }],
    ['was brought from elsewhere', { [LOCAL]: false }],
    ['is short', { [LENGTH]: 16 }],
    ['has no id', { [ID]: '' }],
  ])('that %s is refused', async (_, attributes) => {
    const envelope = await wrapWith();
    const [key] = (await state()).keys;
    if (key === undefined) throw new Error('no key');
    await change({ keys: [{ ...key, attributes: { ...key.attributes, ...attributes } }] });
    await using provider = open();
    expect(await codeOf(() => provider.unwrap(envelope))).toBe('CUSTODY_KEY');
    expect(await codeOf(() => wrapWith())).toBe('CUSTODY_KEY');
  });

  test('that is not made for it denies opening', async () => {
    const envelope = await wrapWith();
    const [key] = (await state()).keys;
    if (key === undefined) throw new Error('no key');
    await change({ keys: [{ ...key, attributes: { ...key.attributes, [DECRYPT - 1]: false } }] });
    await using provider = open();
    expect(await codeOf(() => provider.unwrap(envelope))).toBe('CUSTODY_DENIED');
  });

  test('is not made by opening, nor without a label', async () => {
    const envelope = await wrapWith();
    await change({ keys: [] });
    await using provider = open();
    expect(await codeOf(() => provider.unwrap(envelope))).toBe('CUSTODY_KEY');
    expect(await codeOf(() => wrapWith('token=one;id=%01'))).toBe('CUSTODY_KEY');
    expect((await provider.describe()).problem).toContain('has no such wrapping key');
  });

  test('of two of the same name is chosen by its id', async () => {
    const envelope = await wrapWith();
    await wrapWith('token=one;object=wrapping;id=%0a');
    expect(await codeOf(() => wrapWith())).toBe('CUSTODY_KEY');
    await using named = open('object=wrapping;id=%0a');
    expect(await named.unwrap(envelope)).toBeNull();
  });
});

test('the module gets the environment that it is configured with, and no secret in it', async () => {
  await wrapWith();
  const { environment } = await state();
  expect(environment).toContain('STAND_IN_TOKEN');
  expect(environment).not.toContain('C3R_SHARED_SECRET');
});

describe('the module', () => {
  const wrapBy = async (module: string): Promise<string> => {
    using secret = madeSecret();
    await using provider = openUri(
      `token=one;object=wrapping?module-path=${module}&pin-source=file:${join(folder, 'pin')}`,
      context(),
    );
    return await codeOf(() => provider.wrap(secret, factsOf(secret)));
  };

  test('is loaded by its path without links, which nobody else can change', async () => {
    await symlink('module.so', join(folder, 'link.so'));
    expect(await wrapBy(join(folder, 'link.so'))).toBe('done');
    expect((await state()).module).toBe(await realpath(modulePath));
    // What the envelope says stays what was given: the link may lead to a newer version one day.
    expect((await wrapWith()).key).toContain(`module-path=${modulePath}`);
  });

  test('is not loaded if others can change it, a directory above it, or a link to it', async () => {
    const planted = join(folder, 'planted');
    await mkdir(join(planted, 'lib'), { recursive: true });
    const module = join(planted, 'lib/module.so');
    await writeFile(module, '', { mode: 0o600 });
    await symlink(module, join(planted, 'link.so'));
    await symlink(join(planted, 'link.so'), join(folder, 'far.so'));
    const paths = [module, join(planted, 'link.so'), join(folder, 'far.so')];
    for (const path of paths) expect(await wrapBy(path), path).toBe('done');
    await setState({ slots: ['one'], pin: PIN, tries: 3, keys: [] });
    await chmod(planted, 0o777);
    for (const path of paths) expect(await wrapBy(path), path).toBe('CUSTODY_DENIED');
    await chmod(planted, 0o755);
    if (process.getuid?.() === 0) {
      for (const part of [planted, join(planted, 'lib'), module]) {
        await chown(part, 65_534, 65_534);
        expect(await wrapBy(module), part).toBe('CUSTODY_DENIED');
        await chown(part, 0, 0);
      }
    }
    await chmod(module, 0o620);
    expect(await wrapBy(module)).toBe('CUSTODY_DENIED');
    expect((await state()).module).toBeUndefined();
  });

  test('that is not there is told by its path', async () => {
    const file = join(folder, 'none.so');
    await using provider = openUri(`object=wrapping?module-path=${file}`, context());
    expect(await provider.describe()).toMatchObject({
      problem: 'cannot load the PKCS#11 module: no such file or directory',
    });
    expect(await wrapBy(file)).toBe('CUSTODY_UNAVAILABLE');
  });
});

describe('a PKCS#11 URI', () => {
  const MODULE = 'module-path=/m.so';

  test.each([
    [`object=a?${MODULE}`, { object: 'a', id: undefined, modulePath: '/m.so', pinFile: undefined }],
    [`token=My%20token%2c%20%C3%A4;object=a%3bb?${MODULE}`, { token: 'My token, ä', object: 'a;b' }],
    [`id=%00a%FF;type=secret-key?${MODULE}`, { id: '0061ff' }],
    [
      `serial=1;model=m;manufacturer=x&y;object=a?pin-source=file:///p/q&${MODULE}`,
      { manufacturer: 'x&y', pinFile: '/p/q' },
    ],
    [`object=a?module-path=/a%20b/m.so&pin-source=file:/p`, { modulePath: '/a b/m.so', pinFile: '/p' }],
  ])('%s', (text, expected) => {
    const uri = parsePkcs11Uri(text);
    expect(uri).toMatchObject(expected);
    expect(parsePkcs11Uri(printPkcs11Uri(uri).slice('pkcs11:'.length))).toEqual(uri);
  });

  test.each([
    ['', 'pairs'],
    [`?${MODULE}`, 'object'],
    ['object=a', 'module-path'],
    ['object=a?module-path=m.so', 'absolute'],
    ['object=a?module-name=softhsm2', 'module-name'],
    [`object=a?${MODULE}&pin-value=1234`, 'does not belong on a command line'],
    [`object=a?${MODULE}&pin-source=env:PIN`, 'pin-source'],
    [`object=a?${MODULE}&pin-source=%7c/bin/pin`, 'pin-source'],
    [`object=a;object=b?${MODULE}`, 'twice'],
    [`object=a;type=private?${MODULE}`, 'secret-key'],
    [`object=a;slot-id=0?${MODULE}`, 'unknown attribute'],
    [`object=a;x-vendor=0?${MODULE}`, 'unknown attribute'],
    [`object=a?${MODULE}&x-vendor=0`, 'unknown attribute'],
    [`object=%ff?${MODULE}`, 'UTF-8'],
    [`object=%0?${MODULE}`, 'pairs'],
    [`object=a%00b?${MODULE}`, 'UTF-8'],
    [`object=ä?${MODULE}`, 'pairs'],
    [`object=;id=?${MODULE}`, 'UTF-8'],
    [`object=a;?${MODULE}`, 'pairs'],
  ])('refuses `%s`', (text, why) => {
    expect(() => parsePkcs11Uri(text)).toThrow(why === 'pairs' && text === '' ? 'object' : why);
    expect(() => parsePkcs11Uri(text)).toThrow(expect.objectContaining({ code: 'USAGE_OPTION' }));
    if (text.includes('1234')) expect(() => parsePkcs11Uri(text)).not.toThrow('1234');
  });
});
