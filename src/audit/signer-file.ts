import { type FileHandle, open } from 'node:fs/promises';
import { SealroomError, systemReason } from '../errors/index.ts';
import { isExisting, isOpenToOthers, writeFileAtomically } from '../files/index.ts';
import { generateSignerText, parseSigner, type Signer } from '../tlog/index.ts';

/** A signer's file has less than this. */
const MAX_BYTES = 4096;

/**
 * Makes a new signer and the file that holds its key, which only its owner can read.
 *
 * @param name who signs, such as `runner.example/spring-campaign`
 * @throws {SealroomError} USAGE_OPTION for a name that cannot be one; IO_EXISTS, IO_WRITE.
 */
export async function createSignerFile(path: string, name: string): Promise<Signer> {
  const text = generateSignerText(name);
  try {
    await writeFileAtomically(path, `${text}\n`, { replaces: false });
  } catch (error) {
    const exists = isExisting(error);
    throw new SealroomError(
      exists ? 'IO_EXISTS' : 'IO_WRITE',
      exists ? 'there is a file already' : `cannot write the signer: ${systemReason(error)}`,
      { where: { file: path }, cause: error },
    );
  }
  return parseSigner(text);
}

/**
 * Reads a signer from its file.
 *
 * @throws {SealroomError} SECRET_INVALID if the file is missing, open to other users, or holds something else. Nothing of
 *   what it holds is in the message.
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
    if (isOpenToOthers(mode, 'any')) {
      throw refuse('expected a signer that only its owner can read, got an open one', `run \`chmod 600 ${path}\``);
    }
    if (size > MAX_BYTES) throw refuse('expected a signer, got a longer file');
    return parseSigner(await file.readFile('utf8'));
  } catch (error) {
    throw error instanceof SealroomError ? error.at({ file: path }) : error;
  } finally {
    await file.close();
  }
}
