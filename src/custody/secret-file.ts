import { readFile, stat } from 'node:fs/promises';
import { wipe } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import { isOpenToOthers } from '../files/index.ts';

/**
 * The text of a file that holds a secret, without the line break at its end. It must not be open to other users.
 *
 * @throws {SealroomError} SECRET_INVALID if it cannot be read or is open to others. Nothing of the text is in the message.
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
 * The bytes of a file that holds a secret; the caller wipes them. It must not be open to other users.
 *
 * @throws {SealroomError} SECRET_INVALID as {@link readSecretFile}.
 */
export async function readSecretBytes(file: string, hint: string): Promise<Buffer> {
  const where = { file };
  try {
    const { mode } = await stat(file);
    if (isOpenToOthers(mode, 'any')) {
      throw new SealroomError(
        'SECRET_INVALID',
        'expected a secret file that only its owner can read, got an open one',
        {
          where,
          hint: `run \`chmod 600 ${file}\``,
        },
      );
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
