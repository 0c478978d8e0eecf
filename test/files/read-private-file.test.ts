import { chmod, chown, link, mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSignerFile, readSignerFile } from 'sealroom/audit';
import { readSecretFile, readSecretFromEnvironment } from 'sealroom/custody';
import { readPrivateFile } from '#src/files/read-private-file';
import { openProvider } from '#src/custody/providers/open-provider';
import { createSigningKey, readSigningKey } from '#src/custody/signing-key';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SECRET } from '../support/cli.ts';

const IS_ROOT = process.getuid?.() === 0;
const STRANGER = 65_534;

let folder = '';

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'sealroom-test-')));
  await mkdir(join(folder, 'keys'), { mode: 0o700 });
});

afterEach(() => rm(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);

const read = (path: string, maxBytes?: number): Promise<Buffer> =>
  readPrivateFile(path, { what: 'secret file', hint: 'HINT', maxBytes });

/** What is read, in each place where a private file is. */
const READERS: readonly (readonly [string, (path: string) => Promise<unknown>])[] = [
  ['a secret file', (path) => readSecretFile(path, 'HINT')],
  ['the file of SEALROOM_SECRET_FILE', (path) => readSecretFromEnvironment({ SEALROOM_SECRET_FILE: path })],
  ['a signer', (path) => readSignerFile(path)],
  ['a signing key', (path) => readSigningKey(path)],
  ...['keystore', 'age', 'file'].map(
    (scheme) =>
      [
        `a key of ${scheme}:`,
        async (path: string): Promise<void> => {
          const context = { env: {}, cwd: folder, warn: () => undefined, askPassphrase: () => Promise.resolve('x') };
          await using provider = await openProvider(`${scheme}:${path}`, context);
          const { problem } = await provider.describe();
          if (problem !== null) throw Object.assign(new Error(problem), { code: 'SECRET_INVALID' });
        },
      ] as const,
  ),
];

describe.each(READERS)('%s', (_, readIt) => {
  beforeEach(() => writeFile(at('keys/secret'), `${SECRET}\n`, { mode: 0o600 }));

  /** Refused for its file or the way to it, and not for its content. */
  const isRefused = async (path: string, message: RegExp): Promise<void> => {
    await expect(readIt(path)).rejects.toMatchObject({
      code: 'SECRET_INVALID',
      message: expect.stringMatching(message) as string,
    });
  };

  test.each([0o640, 0o604, 0o644])('is refused if others can read it: mode %o', async (mode) => {
    await chmod(at('keys/secret'), mode);
    await isRefused(at('keys/secret'), /is open to other users/);
  });

  test('is refused if others can write to a directory on the way to it', async () => {
    await chmod(folder, 0o777);
    await isRefused(at('keys/secret'), /other users can change this directory/);
  });

  test.runIf(IS_ROOT)('is refused if it, or a directory on the way to it, belongs to another user', async () => {
    await chown(at('keys/secret'), STRANGER, STRANGER);
    await isRefused(at('keys/secret'), /other users can change this file: its owner is user 65534|belongs to another/);
    await chown(at('keys/secret'), 0, 0);
    await chown(at('keys'), STRANGER, STRANGER);
    await isRefused(at('keys/secret'), /other users can change this directory: its owner is user 65534/);
  });

  test('is refused if it is a directory, or is not there', async () => {
    await isRefused(at('keys'), /is not an ordinary file/);
    await isRefused(at('keys/none'), /no such file/);
  });
});

describe('a private file', () => {
  test('is read whole, also by way of links that only this user and root can change', async () => {
    await writeFile(at('keys/secret'), 'content', { mode: 0o400 });
    await symlink('keys', at('by-directory'));
    await symlink(at('keys/secret'), at('by-file'));
    for (const name of ['keys/secret', 'by-directory/secret', 'by-file'])
      expect((await read(at(name))).toString()).toBe('content');
  });

  test.runIf(IS_ROOT)('is not read by way of a link of another user', async () => {
    await writeFile(at('keys/secret'), 'content', { mode: 0o600 });
    execFileSync('ln', ['-s', at('keys/secret'), at('planted')]);
    execFileSync('chown', ['-h', `${String(STRANGER)}:${String(STRANGER)}`, at('planted')]);
    await expect(read(at('planted'))).rejects.toMatchObject({ message: expect.stringMatching(/this link/) as string });
  });

  test('is the one that was looked at, whatever has its name by then', async () => {
    await writeFile(at('keys/secret'), 'content', { mode: 0o600 });
    await writeFile(at('keys/other'), 'another', { mode: 0o644 });
    const stop = new AbortController();
    const swap = (async () => {
      for (; !stop.signal.aborted; await new Promise((resolve) => setImmediate(resolve))) {
        await rm(at('keys/next'), { force: true });
        await link(at(Math.random() < 0.5 ? 'keys/other' : 'keys/kept'), at('keys/next')).catch(() => undefined);
        await rename(at('keys/next'), at('keys/secret')).catch(() => undefined);
      }
    })();
    await writeFile(at('keys/kept'), 'content', { mode: 0o600 });
    for (let attempt = 0; attempt < 100; attempt++) {
      const found = await read(at('keys/secret')).catch(() => null);
      expect(found?.toString() ?? 'content').toBe('content');
    }
    stop.abort();
    await swap;
  });

  test('is an ordinary file: a pipe is refused and not waited for', async () => {
    execFileSync('sh', ['-c', `mkfifo -m 600 '${at('keys/pipe')}'`]);
    await expect(read(at('keys/pipe'))).rejects.toMatchObject({ message: 'the secret file is not an ordinary file' });
  });

  test('has a longest length', async () => {
    await writeFile(at('keys/secret'), 'content', { mode: 0o600 });
    await expect(read(at('keys/secret'), 6)).rejects.toMatchObject({
      message: 'the secret file is too long: at most 6 bytes, got 7',
    });
    expect(await read(at('keys/secret'), 7)).toHaveLength(7);
  });
});

test('keys that sealroom makes can be read again', async () => {
  await createSignerFile(at('keys/signer'), 'x.example/y');
  expect((await readSignerFile(at('keys/signer'))).verifier.toString()).toMatch(/^x\.example\/y\+/);
  await createSigningKey(at('keys/sign'));
  expect((await readSigningKey(at('keys/sign'))).asymmetricKeyType).toBe('ed25519');
});

/** What the folders with keys read by its name, and why that is no secret. */
const READ_BY_NAME: Readonly<Record<string, string>> = {
  'src/audit/audit-log.ts': 'the checkpoint of a log, which is signed',
  'src/audit/log-file.ts': 'the same',
  'src/custody/doctor/machine.ts': 'files of the system',
  'src/custody/envelope-store.ts': 'envelopes: without their key they are no secret; their directories are checked',
  'src/custody/exchange/message-file.ts': 'cards and messages, which are signed or encrypted',
  'src/custody/known-keys.ts': 'URIs of keys, which are no secret; the way to them is checked',
  'src/custody/pinned-rooms.ts':
    'verifier keys of rooms, which are no secret; that nobody else can change the home is checked',
  'src/custody/room-requests.ts': 'ids of requests, which are no secret',
  'src/custody/taken-packages.ts': 'the checkpoints of packages that were opened, which are signed',
  'src/custody/providers/keystore/keystore.ts': 'what it has just written, under a name that nobody knows',
};

test('no other code of the folders with keys reads files by their name', () => {
  const found = ['src/audit', 'src/custody', 'src/signing', 'src/age'].flatMap((folderName) =>
    readdirSync(folderName, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
      .map((name) => join(folderName, name).replaceAll('\\', '/')),
  );
  const reading = found.filter((file) =>
    /(?<![.#\w])(readFile|readFileSync|createReadStream|readTextFile)\(/.test(readFileSync(file, 'utf8')),
  );
  expect(reading.sort()).toEqual(Object.keys(READ_BY_NAME).sort());
});
