import { readFile, stat } from 'node:fs/promises';
import { wipe } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import { isOpenToOthers } from '../files/index.ts';

/**
 * Reads the text of a file with a secret, without the line break at its end. It must not be open to other users.
 *
 * @throws {SealroomError} SECRET_INVALID if it cannot be read or is open to others. The message contains nothing of the text.
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
 * Reads the bytes of a file with a secret; the caller wipes them. It must not be open to other users.
 *
 * @throws {SealroomError} SECRET_INVALID as {@link readSecretFile}.
 */
export async function readSecretBytes(file: string, hint: string): Promise<Buffer> {
  const where = { file };
  try {
    const { mode } = await stat(file);
    if (isOpenToOthers(mode, 'any')) {
      throw new SealroomError('SECRET_INVALID', 'the secret file is open to other users', {
        where,
        hint: `run \`chmod 600 ${file}\``,
      });
    }
    return await readFile(file);
  } catch (error) {
    if (error instanceof SealroomError) throw error;
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new SealroomError('SECRET_INVALID', `cannot read the secret file${missing ? ': no such file' : ''}`, {
      where,
      hint,
    });
  }
}
