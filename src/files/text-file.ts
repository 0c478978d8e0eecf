import { readFile, rm, writeFile } from 'node:fs/promises';
import { SealroomError } from '../errors/index.ts';
import { readFailure } from './byte-source.ts';
import { type OutputTarget, writeFailure } from './atomic-write.ts';
import { requireLocalPath } from './local-path.ts';
import { createTarget, type TargetOptions } from './output-target.ts';

/**
 * Reads a small UTF-8 text file, such as a schema.
 *
 * @throws {SealroomError} IO_READ if it cannot be read, IO_ADDRESS if it is an address, DATA_ENCODING if it is not UTF-8.
 */
export async function readTextFile(path: string): Promise<string> {
  requireLocalPath(path);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw readFailure(error, path);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SealroomError('DATA_ENCODING', 'text is not valid UTF-8', { where: { file: path } });
  }
}

/** Removes a file that the program has written, if it is there. @throws {SealroomError} IO_WRITE if it cannot be removed. */
export async function removeFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    throw writeFailure(error, path);
  }
}

/**
 * Writes a file whose content is in memory, atomically and readable by its owner only.
 *
 * @throws {SealroomError} IO_EXISTS if it exists and is not to be replaced, IO_WRITE if it cannot be written.
 */
export async function writeWholeFile(
  path: string,
  content: string | Uint8Array,
  options: TargetOptions,
): Promise<void> {
  const target = await prepareFile(path, content, options);
  await target.commit().catch(async (error: unknown) => {
    await target.abort();
    throw error;
  });
}

/**
 * Writes the content of a file that the caller renames into place later.
 *
 * @throws {SealroomError} IO_EXISTS, IO_WRITE as a table's output.
 */
export async function prepareFile(
  path: string,
  content: string | Uint8Array,
  options: TargetOptions,
): Promise<OutputTarget> {
  const target = await createTarget(path, options);
  try {
    await writeFile(target.path, content);
    return target;
  } catch (error) {
    await target.abort();
    throw writeFailure(error, path);
  }
}
