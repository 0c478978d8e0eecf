import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { startFile } from '#src/files/atomic-write';
import { checkTarget } from '#src/files/output-target';
import { createTable, sidecarPath } from 'sealroom/tabular';
import type { Field } from 'sealroom/tabular';
import { failureOf, Folder, writeTable } from '../tabular/support.ts';

const folder = new Folder();
const FIELDS: Field[] = [{ name: 'v', type: { kind: 'string' } }];
const isRoot = process.getuid?.() === 0;

describe('an output', () => {
  test.runIf(process.platform !== 'win32').each([0o664, 0o644, 0o600, 0o400])(
    'F-135 that is replaced keeps its mode, %o, and not its content',
    async (mode) => {
      const path = folder.write('.csv', 'old');
      chmodSync(path, mode);
      const writer = await createTable(path, FIELDS, { overwrite: true });
      const unfinished = readdirSync(folder.path).filter((name) => name.endsWith('.tmp'));
      // Nobody else reads what is not finished.
      expect(unfinished.map((name) => statSync(join(folder.path, name)).mode & 0o777)).toEqual([0o600]);
      await writer.close();
      expect(statSync(path).mode & 0o777).toBe(mode);
      expect(readFileSync(path, 'utf8')).toBe('v\n');
    },
  );

  test.runIf(isRoot)(
    'F-135 that is replaced keeps its owner and its group, where this user can give them',
    async () => {
      const path = folder.write('.csv', 'old');
      chmodSync(path, 0o660);
      chownSync(path, 4321, 8765);
      await writeTable(path, FIELDS, [], { overwrite: true });
      const { uid, gid, mode } = statSync(path);
      expect({ uid, gid, mode: mode & 0o777 }).toEqual({ uid: 4321, gid: 8765, mode: 0o660 });
    },
  );

  test.runIf(process.platform !== 'win32')('F-135 gives another group no more than everybody had', async () => {
    const path = folder.write('.csv', 'old');
    chmodSync(path, 0o674);
    const handle = await open(path, 'r');
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const { uid, gid } = statSync(path);
    const like = { mode: 0o674, uid, gid: gid + 1 };
    vi.spyOn(prototype, 'chown').mockRejectedValue(Object.assign(new Error('EPERM'), { code: 'EPERM' }));
    const file = await startFile(path, { replaces: true, like });
    await file.commit();
    vi.restoreAllMocks();
    expect(statSync(path).mode & 0o777).toBe(0o644);
  });

  test('F-135 that is a link which leads nowhere yet is made there, if it may be replaced', async () => {
    const directory = mkdtempSync(join(folder.path, 'link-'));
    const link = folder.newPath('.csv');
    symlinkSync(join(directory, 'new.csv'), link);
    await writeTable(link, FIELDS, [], { overwrite: true });
    expect(readFileSync(join(directory, 'new.csv'), 'utf8')).toBe('v\n');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    symlinkSync('circle.csv', join(directory, 'circle.csv'));
    expect((await failureOf(checkTarget(join(directory, 'circle.csv'), { overwrite: true }))).code).toBe('IO_WRITE');
  });

  test('F-135 that is a link stays one, and what it leads to is replaced where it is', async () => {
    const directory = mkdtempSync(join(folder.path, 'real-'));
    const file = join(directory, 'today.csv');
    writeFileSync(file, 'old');
    const link = folder.newPath('.csv');
    const middle = folder.newPath('.csv');
    symlinkSync(relative(folder.path, file), middle);
    symlinkSync(middle, link);
    for (const stale of [sidecarPath(link), sidecarPath(file)]) writeFileSync(stale, '{}');
    const writer = await createTable(link, FIELDS, { overwrite: true });
    // What is unfinished is on the file system of what it replaces.
    expect(readdirSync(directory)).toHaveLength(3);
    await writer.close();
    expect(readFileSync(file, 'utf8')).toBe('v\n');
    expect([link, middle].map((path) => lstatSync(path).isSymbolicLink())).toEqual([true, true]);
    expect(readdirSync(directory)).toEqual(['today.csv']);
    expect(existsSync(sidecarPath(link))).toBe(false);
  });

  test.runIf(isRoot)('F-135 is no link of another user in a directory that all can write to', async () => {
    const shared = mkdtempSync(join(folder.path, 'shared-'));
    chmodSync(shared, 0o1777);
    const link = join(shared, 'out.csv');
    symlinkSync(folder.newPath('.csv'), link);
    await checkTarget(link, { overwrite: true });
    lchownSync(link, 4321, 4321);
    expect(await failureOf(checkTarget(link, { overwrite: true }))).toMatchObject({ code: 'IO_WRITE' });
  });

  test.runIf(existsSync('/proc/self/fd'))('F-135 is nothing that a process has open, whatever that is', async () => {
    const path = folder.write('.csv', 'old');
    const handle = await open(path, 'r+');
    const ways = ['/dev/stdout', '/dev/stderr', `/dev/fd/${String(handle.fd)}`, `/proc/self/fd/${String(handle.fd)}`];
    for (const way of ways.filter((each) => existsSync(each))) {
      expect(await failureOf(checkTarget(way, { overwrite: true }))).toMatchObject({
        code: 'IO_WRITE',
        hint: 'use `-` to write to standard output',
      });
    }
    await handle.close();
    expect(readFileSync(path, 'utf8')).toBe('old');
  });
});
