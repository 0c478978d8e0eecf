import { readFile, writeFile } from 'node:fs/promises';
import { SealroomError, systemReason } from '../errors/index.ts';
import { readFailure } from './byte-source.ts';
import { createTarget, type TargetOptions } from './atomic-write.ts';

/**
 * Reads a small UTF-8 text file, such as a schema.
 *
 * @throws {SealroomError} IO_READ if it cannot be read, DATA_ENCODING if it is not UTF-8.
 */
export async function readTextFile(path: string): Promise<string> {
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

/**
 * Writes a small text file atomically, readable by its owner only.
 *
 * @throws {SealroomError} IO_EXISTS if it exists and is not to be replaced, IO_WRITE if it cannot be written.
 */
export function writeTextFile(path: string, text: string, options: TargetOptions): Promise<void> {
  return writeWholeFile(path, text, options);
}

/**
 * Writes the content of a file, as {@link writeTextFile} does.
 *
 * @throws {SealroomError} IO_EXISTS if it exists and is not to be replaced, IO_WRITE if it cannot be written.
 */
export async function writeWholeFile(
  path: string,
  content: string | Uint8Array,
  options: TargetOptions,
): Promise<void> {
  const target = await createTarget(path, options);
  try {
    await writeFile(target.path, content);
    await target.commit();
  } catch (error) {
    await target.abort();
    if (error instanceof SealroomError) throw error;
    throw new SealroomError('IO_WRITE', `cannot write: ${systemReason(error)}`, {
      where: { file: path },
      cause: error,
    });
  }
}
