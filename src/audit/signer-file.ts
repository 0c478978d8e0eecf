import { type FileHandle, open } from 'node:fs/promises';
import { SealroomError, systemReason } from '../errors/index.ts';
import { generateSignerText, parseSigner, type Signer } from '../tlog/index.ts';

/** The maximum size of a signer's file. */
const MAX_BYTES = 4096;

/**
 * Makes a new signer, and a file with its key that only the file's owner can read.
 *
 * @param name who signs, such as `runner.example/spring-campaign`
 * @throws {SealroomError} USAGE_OPTION if the name is not valid; IO_EXISTS, IO_WRITE.
 */
export async function createSignerFile(path: string, name: string): Promise<Signer> {
  const text = generateSignerText(name);
  let file: FileHandle;
  try {
    file = await open(path, 'wx', 0o600);
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw new SealroomError(
      exists ? 'IO_EXISTS' : 'IO_WRITE',
      exists ? 'there is already a file' : `cannot write the signer: ${systemReason(error)}`,
      { where: { file: path }, cause: error },
    );
  }
  try {
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return parseSigner(text);
}

/**
 * Reads a signer from its file.
 *
 * @throws {SealroomError} SECRET_INVALID if the file is missing, can be read by other users, or contains something else. The
 *   message never quotes its content.
 */
export async function readSignerFile(path: string): Promise<Signer> {
  const refuse = (reason: string, hint?: string): SealroomError =>
    new SealroomError('SECRET_INVALID', reason, { hint, where: { file: path } });
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    throw refuse(`cannot read the signer: ${systemReason(error)}`, 'make one with `sealroom audit key`');
  }
  try {
    const { mode, size } = await file.stat();
    // Windows has no such bits and reports them as set.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw refuse('the signer can be read by other users', `run \`chmod 600 ${path}\``);
    }
    if (size > MAX_BYTES) throw refuse('the file is too long for a signer');
    return parseSigner(await file.readFile('utf8'));
  } catch (error) {
    throw error instanceof SealroomError ? error.at({ file: path }) : error;
  } finally {
    await file.close();
  }
}
