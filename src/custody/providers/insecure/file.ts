import { wipe } from '../../../bytes/index.ts';
import { parseSharedSecret, type SharedSecret } from '../../../crypto/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import { writePrivateFile } from '../../../files/index.ts';
import { secretTextOf } from '../../secret.ts';
import { readSecretFile } from '../../secret-file.ts';
import { keyPath } from '../key-path.ts';
import type { ProviderContext } from '../provider.ts';
import type { KeySource } from '../wrapping-key.ts';
import { PlaintextProvider } from './plaintext.ts';

/**
 * Insecure: the secret itself, in Base64, in a file of mode 0600, where other programs of the same user can read it.
 *
 * `file:<file>`. Wrapping writes a new file, or finds the secret in the one that is there.
 *
 * @throws {SealroomError} USAGE_OPTION if there is no path.
 */
export function openSecretFile(rest: string, context: ProviderContext): KeySource {
  const file = keyPath('file', rest, context);
  const read = async (): Promise<SharedSecret> => {
    const text = await readSecretFile(file, 'the file holds the secret in Base64');
    try {
      return parseSharedSecret(text);
    } catch (error) {
      throw error instanceof SealroomError ? error.at({ file }) : error;
    }
  };
  const put = async (secret: SharedSecret): Promise<void> => {
    try {
      await writeNew(file, secret);
    } catch (error) {
      if (!(error instanceof SealroomError && error.code === 'IO_EXISTS')) throw error;
      using held = await read();
      if (!held.equals(secret)) throw error;
    }
  };
  return new PlaintextProvider({ key: `file:${file}`, custody: `the file ${file}`, read, put }, context);
}

async function writeNew(file: string, secret: SharedSecret): Promise<void> {
  const text = secretTextOf(secret);
  try {
    await writePrivateFile(file, text, { replaces: false });
  } finally {
    wipe(text);
  }
}
