import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import promises, { type FileHandle, open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createSignerFile } from '#src/audit/index';
import { placeFile, startFile, writeFileAtomically } from '#src/files/atomic-write';
import { createTarget } from '#src/files/output-target';
import { isOpenToOthers, writePrivateFile } from '#src/files/private-file';
import { writeWholeFile } from '#src/files/text-file';
import { replaceFile } from '#src/room/room-files';
import { sidecarPath } from 'sealroom/tabular';
import { batchOf, failureOf, Folder, textColumn, writeTable } from '../tabular/support.ts';

const folder = new Folder();
const isRoot = process.getuid?.() === 0;
const OLD = 'old\n';
const NEW = 'new, and longer\n';

/** A new directory, and a path in it. */
function newPlace(content?: string): { readonly directory: string; readonly path: string } {
  const directory = folder.newPath('');
  mkdirSync(directory);
  const path = join(directory, 'file.txt');
  if (content !== undefined) writeFileSync(path, content);
  return { directory, path };
}

const codeOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a file that is written at once', () => {
  test.each([undefined, OLD])('has all its bytes, and is its owner’s only (before: %j)', async (before) => {
    const { directory, path } = newPlace(before);
    await writeFileAtomically(path, NEW, { replaces: true });
    expect(readFileSync(path, 'utf8')).toBe(NEW);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual([basename(path)]);
  });

  test('replaces nothing unless it may', async () => {
    const { directory, path } = newPlace(OLD);
    expect(await codeOf(writeFileAtomically(path, NEW, { replaces: false }))).toBe('EEXIST');
    expect(readFileSync(path, 'utf8')).toBe(OLD);
    expect(readdirSync(directory)).toEqual([basename(path)]);
  });

  test('is the first one of many that may not replace each other', async () => {
    const { directory, path } = newPlace();
    const texts = Array.from({ length: 8 }, (_, index) => String(index).repeat(100_000));
    const codes = await Promise.all(texts.map((text) => codeOf(writeFileAtomically(path, text, { replaces: false }))));
    expect(codes.filter((code) => code === 'EEXIST')).toHaveLength(7);
    expect(readFileSync(path, 'utf8')).toBe(texts[codes.indexOf(null)]);
    expect(readdirSync(directory)).toEqual([basename(path)]);
  });

  test('is the first one of many also where files have no links', async () => {
    const { directory, path } = newPlace();
    const { link } = promises;
    promises.link = () => Promise.reject(Object.assign(new Error('EPERM'), { code: 'EPERM' }));
    syncBuiltinESMExports();
    try {
      const texts = Array.from({ length: 8 }, (_, index) => String(index).repeat(100_000));
      const codes = await Promise.all(
        texts.map((text) => codeOf(writeFileAtomically(path, text, { replaces: false }))),
      );
      expect(codes.filter((code) => code === 'EEXIST')).toHaveLength(7);
      expect(readFileSync(path, 'utf8')).toBe(texts[codes.indexOf(null)]);
      expect(readdirSync(directory)).toEqual([basename(path)]);
    } finally {
      promises.link = link;
      syncBuiltinESMExports();
    }
  });

  test.each([undefined, OLD])('is not there if it is refused when it is complete (before: %j)', async (before) => {
    const { directory, path } = newPlace(before);
    const seen: string[] = [];
    const refuse = (temporary: string): Promise<void> => {
      seen.push(readFileSync(temporary, 'utf8'));
      return Promise.reject(new Error('refused'));
    };
    await expect(writeFileAtomically(path, NEW, { replaces: true }, refuse)).rejects.toThrow('refused');
    expect(seen).toEqual([NEW]);
    expect(readdirSync(directory)).toEqual(before === undefined ? [] : [basename(path)]);
    if (before !== undefined) expect(readFileSync(path, 'utf8')).toBe(before);
  });

  test('takes the place of what a killed process left under its temporary name', async () => {
    const { directory, path } = newPlace(OLD);
    const temporary = join(directory, 'file.txt.tmp');
    writeFileSync(temporary, 'half of something much longer than the new file\n', { mode: 0o644 });
    await writeFileAtomically(path, NEW, { replaces: true, temporary });
    expect(readFileSync(path, 'utf8')).toBe(NEW);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual([basename(path)]);
  });

  test.each([true, false])('cannot take the place of a directory (replaces: %j)', async (replaces) => {
    const { directory, path } = newPlace();
    mkdirSync(join(path, 'below'), { recursive: true });
    expect(await codeOf(writeFileAtomically(path, NEW, { replaces }))).toMatch(/^E(ISDIR|EXIST|NOTEMPTY|PERM)$/);
    expect(readdirSync(directory)).toEqual([basename(path)]);
    expect(readdirSync(path)).toEqual(['below']);
  });

  test.runIf(!isRoot && process.platform !== 'win32')('fails where no file can be made', async () => {
    const { directory, path } = newPlace(OLD);
    chmodSync(directory, 0o500);
    try {
      expect(await codeOf(writeFileAtomically(path, NEW, { replaces: true }))).toBe('EACCES');
      expect((await failureOf(writePrivateFile(path, NEW, { replaces: true }))).code).toBe('IO_WRITE');
      expect((await failureOf(writeWholeFile(path, NEW, { overwrite: true }))).code).toBe('IO_WRITE');
      expect(readFileSync(path, 'utf8')).toBe(OLD);
    } finally {
      chmodSync(directory, 0o700);
    }
  });

  test('fails where there is no directory', async () => {
    const path = join(folder.newPath(''), 'file.txt');
    expect(await codeOf(writeFileAtomically(path, NEW, { replaces: true }))).toBe('ENOENT');
    expect(await codeOf(placeFile(path, `${path}2`, { replaces: true }))).toBe('ENOENT');
  });
});

/** Runs a script in a process of its own, with the path of the file as its argument. */
function runScript(script: string, path: string, limit = ''): ReturnType<typeof spawnSync> {
  const program = `const path = process.argv.at(-1); const { writeFileAtomically } = await import('#src/files/atomic-write'); ${script}`;
  const node = ['--input-type=module', '--eval', program, path];
  return limit === ''
    ? spawnSync(process.execPath, node, { encoding: 'utf8' })
    : spawnSync('sh', ['-c', `${limit}; exec "$0" "$@"`, process.execPath, ...node], { encoding: 'utf8' });
}

describe.runIf(process.platform !== 'win32')('a process that is killed', () => {
  const kill = `() => { process.kill(process.pid, 'SIGKILL'); return new Promise(() => {}); }`;

  test.each([
    [true, undefined],
    [true, OLD],
    [false, undefined],
  ])('before its file has its name leaves what was there (replaces: %j, before: %j)', (replaces, before) => {
    const { directory, path } = newPlace(before);
    const done = runScript(`await writeFileAtomically(path, 'new', { replaces: ${String(replaces)} }, ${kill})`, path);
    expect(done.signal).toBe('SIGKILL');
    expect(existsSync(path) ? readFileSync(path, 'utf8') : undefined).toBe(before);
    // What it left is told from the file by its name, and nobody else's to read.
    const left = readdirSync(directory).filter((name) => name !== basename(path));
    expect(left).toEqual([expect.stringMatching(/^\.file\.txt\.[0-9a-f]{12}\.tmp$/)]);
    expect(statSync(join(directory, left[0] ?? '')).mode & 0o777).toBe(0o600);
  });

  test('between writing many files leaves each of them whole, old or new', () => {
    const { directory, path } = newPlace();
    const content = (letter: string): string => letter.repeat(1 << 20);
    for (let index = 0; index < 4; index++) writeFileSync(`${path}${String(index)}`, content('a'));
    const script = `
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 60);
      for (;;) for (let index = 0; index < 4; index++)
        await writeFileAtomically(path + index, 'b'.repeat(1 << 20), { replaces: true });`;
    expect(runScript(script, path).signal).toBe('SIGKILL');
    const files = readdirSync(directory).filter((name) => !name.endsWith('.tmp'));
    expect(files).toHaveLength(4);
    for (const name of files) {
      const text = readFileSync(join(directory, name), 'utf8');
      expect(text === content('a') || text === content('b'), name).toBe(true);
    }
  });

  // As a full disk does, the limit lets a file begin and not end.
  test('or has no room for its file leaves the old one, and nothing else', () => {
    const { directory, path } = newPlace(OLD);
    const script = `
      process.on('SIGXFSZ', () => {});
      const failure = await writeFileAtomically(path, 'b'.repeat(1 << 20), { replaces: true }).catch((error) => error.code);
      console.log(failure);`;
    expect(runScript(script, path, 'ulimit -f 8').stdout).toBe('EFBIG\n');
    expect(readFileSync(path, 'utf8')).toBe(OLD);
    expect(readdirSync(directory)).toEqual([basename(path)]);
  });
});

/** Whatever must last. Each writes the file of a path, in a directory of its own. */
const WRITERS: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  'a CSV table': (path) => writeTable({ kind: 'file', path, format: 'csv' }, FIELDS, [batchOf(textColumn(['x']))]),
  'an Arrow table': (path) => writeTable({ kind: 'file', path, format: 'arrow' }, FIELDS, [batchOf(textColumn(['x']))]),
  'a Parquet table': (path) =>
    writeTable({ kind: 'file', path, format: 'parquet' }, FIELDS, [batchOf(textColumn(['x']))]),
  'a text': (path) => writeWholeFile(path, 'x', { overwrite: false }),
  'a private file': (path) => writePrivateFile(path, 'x', { replaces: false }),
  'a signer': (path) => createSignerFile(path, 'runner.example/room'),
  "a room's file": (path) => replaceFile(dirname(path), basename(path), 'x'),
};
const FIELDS = [{ name: 'v', type: { kind: 'string' } } as const];

test.runIf(process.platform !== 'win32').each(Object.keys(WRITERS))(
  '%s is on the disk before it has its name, and its name before the call returns',
  async (name) => {
    const { directory, path } = newPlace();
    const handle = await open(directory, 'r');
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const synced: string[] = [];
    vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
      const kind = (await this.stat()).isDirectory() ? 'directory' : 'file';
      synced.push(`${kind}, ${existsSync(path) ? 'named' : 'not named'}`);
    });
    await WRITERS[name]?.(path);
    expect(synced.slice(0, 2)).toEqual(['file, not named', 'directory, named']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  },
);

describe('an output', () => {
  test('does not replace a file that came meanwhile', async () => {
    const { directory, path } = newPlace();
    const target = await createTarget(path, { overwrite: false });
    writeFileSync(target.path, NEW);
    writeFileSync(path, OLD);
    expect(await failureOf(target.commit())).toMatchObject({ code: 'IO_EXISTS', where: { file: path } });
    await target.abort();
    expect(readFileSync(path, 'utf8')).toBe(OLD);
    expect(readdirSync(directory)).toEqual([basename(path)]);
  });

  test('takes what spoke of the file before away with it, be it a table or another file', async () => {
    const { directory, path } = newPlace(OLD);
    const writers = [
      () => writeWholeFile(path, NEW, { overwrite: true }),
      () => writeTable({ kind: 'file', path, format: 'csv' }, FIELDS, [], { overwrite: true }),
    ];
    for (const write of writers) {
      writeFileSync(sidecarPath(path), '{}');
      writeFileSync(join(directory, `.${basename(path)}.crc`), 'crc');
      await write();
      expect(readdirSync(directory)).toEqual([basename(path)]);
    }
  });

  test('that fails leaves what speaks of the file that stays', async () => {
    const { directory, path } = newPlace(OLD);
    writeFileSync(sidecarPath(path), '{}');
    const target = await createTarget(path, { overwrite: true });
    rmSync(target.path);
    expect((await failureOf(target.commit())).code).toBe('IO_WRITE');
    expect(readdirSync(directory).sort()).toEqual([basename(path), basename(sidecarPath(path))]);
  });
});

test.runIf(process.platform !== 'win32')('a mode is open to others if it lets them do anything', () => {
  const any = [0o600, 0o700, 0o400, 0o610, 0o640, 0o604, 0o601, 0o622].filter((mode) => isOpenToOthers(mode, 'any'));
  expect(any).toEqual([0o610, 0o640, 0o604, 0o601, 0o622]);
  const write = [0o600, 0o755, 0o744, 0o620, 0o602].filter((mode) => isOpenToOthers(0o100_000 | mode, 'write'));
  expect(write).toEqual([0o620, 0o602]);
});

describe.runIf(process.platform !== 'win32')('a directory that cannot be flushed', () => {
  test('fails what must last, and is put up with for a table', async () => {
    const { directory, path } = newPlace();
    const handle = await open(directory, 'r');
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
      if ((await this.stat()).isDirectory()) throw Object.assign(new Error('EINVAL'), { code: 'EINVAL' });
      await this.datasync();
    });
    await expect(writePrivateFile(path, 'x', { replaces: true })).rejects.toMatchObject({ code: 'IO_WRITE' });
    await expect(replaceFile(directory, basename(path), 'x')).rejects.toMatchObject({ code: 'IO_WRITE' });
    await writeTable({ kind: 'file', path: `${path}.csv`, format: 'csv' }, FIELDS, [batchOf(textColumn(['x']))]);
    expect(readFileSync(`${path}.csv`, 'utf8')).toContain('x');
  });
});

// Whoever can write to the directory can put another file under the temporary name.
test.runIf(process.platform !== 'win32')(
  'a file that was swapped for a link is refused, and nothing is written through it',
  async () => {
    const { directory, path } = newPlace();
    const other = join(directory, 'notes.txt');
    writeFileSync(other, 'hello');
    const swap = (temporary: string): Promise<void> => {
      rmSync(temporary);
      symlinkSync(other, temporary);
      return Promise.resolve();
    };
    await expect(writePrivateFile(path, 'a key', { replaces: false, check: swap })).rejects.toMatchObject({
      code: 'IO_WRITE',
    });
    expect(readFileSync(other, 'utf8')).toBe('hello');
    expect(existsSync(path)).toBe(false);
  },
);

test('content goes to the file that was created, and not to whatever has its name', async () => {
  const { directory, path } = newPlace();
  const other = join(directory, 'notes.txt');
  writeFileSync(other, 'hello');
  const file = await startFile(path, { replaces: true });
  rmSync(file.path);
  symlinkSync(other, file.path);
  await file.handle.writeFile('a key');
  await expect(file.commit()).rejects.toMatchObject({ code: 'EBUSY' });
  await file.abort();
  expect(readFileSync(other, 'utf8')).toBe('hello');
});
