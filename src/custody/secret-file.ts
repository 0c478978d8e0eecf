import { wipe } from '../bytes/index.ts';
import { readPrivateFile } from '../files/index.ts';

/**
 * Reads the text of a file with a secret, without the line break at its end. It must be private, as `readPrivateFile` has it.
 *
 * @throws {SealroomError} SECRET_INVALID if it cannot be read or is not private. The message contains nothing of the text.
 */
export async function readSecretFile(file: string, hint: string): Promise<string> {
  const bytes = await readSecretBytes(file, hint);
  try {
    return bytes.toString('utf8').replace(/\r?\n$/, '');
  } finally {
    wipe(bytes);
  }
}

/**
 * Reads the bytes of a file with a secret; the caller wipes them. It must be private, as `readPrivateFile` has it.
 *
 * @throws {SealroomError} SECRET_INVALID as {@link readSecretFile}.
 */
export async function readSecretBytes(file: string, hint: string): Promise<Buffer> {
  return readPrivateFile(file, { what: 'secret file', hint });
}
