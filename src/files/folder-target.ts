import { chmod, lstat, mkdir, readdir, realpath, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { quoteForMessage, SealroomError } from '../errors/index.ts';
import { placeFile, temporaryName, writeFailure } from './atomic-write.ts';
import { requireLocalPath } from './local-path.ts';
import { checkDirectory, companionsOf, outputExists } from './output-target.ts';

/** A folder of parts that is being written, under a temporary name until it is complete. */
export interface FolderTarget {
  /** The path of the unfinished folder. */
  readonly path: string;
  /** Renames the finished folder into place. */
  commit(): Promise<void>;
  /** Removes the unfinished folder. */
  abort(): Promise<void>;
}

/** The name of a part, by its number from 0 on and the ending of its format. */
export function partName(index: number, ending: string): string {
  return `part-${String(index).padStart(5, '0')}${ending}`;
}

const PART_NAME = /^part-\d{5,}\.[a-z]+(\.[a-z]+)?$/;

/** Where a folder goes, and what is there. */
interface FolderPlace {
  /** Absolute, without links. */
  readonly path: string;
  /** Whether a folder with parts is there. */
  readonly isReplaced: boolean;
  readonly mode: number;
}

/**
 * Checks that a folder of parts can be written, without writing anything. An empty folder counts as none.
 *
 * @returns its absolute path, without links
 * @throws {SealroomError} IO_EXISTS if it exists and `overwrite` is false; IO_WRITE if it has other files than parts, or is no folder, or
 *   its directory is missing or not writable; IO_ADDRESS.
 */
//= format F-133
export async function checkFolder(target: string, options: { readonly overwrite: boolean }): Promise<string> {
  return (await findFolder(target, options)).path;
}

async function findFolder(target: string, { overwrite }: { readonly overwrite: boolean }): Promise<FolderPlace> {
  requireLocalPath(target);
  const where = { file: target };
  const path = await realpath(resolve(target)).catch(() => resolve(target));
  await checkDirectory(dirname(path), target);
  const existing = await lstat(path).catch(() => null);
  if (existing === null) return { path, isReplaced: false, mode: 0o700 };
  if (!existing.isDirectory()) {
    throw new SealroomError('IO_WRITE', 'the output is a file, and `--rows-per-file` writes a folder', { where });
  }
  const parts = await countParts(path, target);
  if (parts > 0 && !overwrite) throw outputExists(target);
  return { path, isReplaced: parts > 0, mode: existing.mode & 0o777 };
}

/** The number of parts in a folder. @throws {SealroomError} IO_WRITE if it has anything else, also a folder that is called like a part. */
async function countParts(path: string, target: string): Promise<number> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    throw writeFailure(error, target);
  });
  const other = entries.find((entry) => !entry.isFile() || !PART_NAME.test(entry.name));
  if (other === undefined) return entries.length;
  throw new SealroomError('IO_WRITE', `the folder has something else than parts: ${quoteForMessage(other.name)}`, {
    where: { file: target },
    hint: 'only a folder of `part-00000` and so on is replaced: give another name',
  });
}

/**
 * Creates an empty folder of mode 0700 beside a target. `commit` renames it into place, and takes the files away that describe what it
 * replaces. A folder that is replaced is there, under its own or a temporary name, until then, and leaves its mode.
 *
 * @throws {SealroomError} IO_EXISTS, IO_WRITE as {@link checkFolder}; `commit` throws IO_EXISTS if something was created there meanwhile.
 */
//= format F-133
export async function createFolderTarget(
  target: string,
  options: { readonly overwrite: boolean },
): Promise<FolderTarget> {
  const { path, isReplaced, mode } = await findFolder(target, options);
  const temporary = temporaryName(path);
  const fail = (error: unknown): never => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    throw code === 'ENOTEMPTY' || code === 'EEXIST' ? outputExists(target) : writeFailure(error, target);
  };
  await mkdir(temporary, { mode: 0o700 }).catch(fail);
  return {
    path: temporary,
    async commit() {
      const place = { replaces: true, obsolete: companionsOf(path), allowsUnsyncedDirectory: true };
      try {
        await chmod(temporary, mode);
        if (!isReplaced) {
          await placeFile(temporary, path, place);
          return;
        }
        const aside = temporaryName(path);
        await rename(path, aside);
        try {
          // Something may have come into it while the table was written.
          await countParts(aside, target);
          await placeFile(temporary, path, place);
        } catch (error) {
          await rename(aside, path);
          throw error;
        }
        await rm(aside, { recursive: true, force: true });
      } catch (error) {
        fail(error);
      }
    },
    async abort() {
      await rm(temporary, { recursive: true, force: true });
    },
  };
}
