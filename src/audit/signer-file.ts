import { wipe } from '../bytes/index.ts';
import { SealroomError, systemReason } from '../errors/index.ts';
import { isExisting, readPrivateFile, writeFileAtomically } from '../files/index.ts';
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
  try {
    await writeFileAtomically(path, `${text}\n`, { replaces: false });
  } catch (error) {
    const exists = isExisting(error);
    throw new SealroomError(
      exists ? 'IO_EXISTS' : 'IO_WRITE',
      exists ? 'there is already a file' : `cannot write the signer: ${systemReason(error)}`,
      { where: { file: path }, cause: error },
    );
  }
  return parseSigner(text);
}

/**
 * Reads a signer from its file, which must be private, as `readPrivateFile` has it.
 *
 * @throws {SealroomError} SECRET_INVALID if the file is missing or not private, or contains something else. The message never quotes
 *   its content.
 */
export async function readSignerFile(path: string): Promise<Signer> {
  const hint = 'make one with `sealroom audit key`';
  const bytes = await readPrivateFile(path, { what: 'signer', hint, maxBytes: MAX_BYTES });
  try {
    return parseSigner(bytes.toString('utf8'));
  } catch (error) {
    throw error instanceof SealroomError ? error.at({ file: path }) : error;
  } finally {
    wipe(bytes);
  }
}
