import { parseSharedSecret, type SharedSecret } from '../crypto/index.ts';
import { SealroomError } from '../errors/index.ts';
import { readSecretFile } from './secret-file.ts';

/** The variable that holds the shared secret itself, in Base64; the name that C3R uses. */
export const SECRET_VARIABLE = 'C3R_SHARED_SECRET';

/** The variable that names a file with the shared secret in Base64. */
export const SECRET_FILE_VARIABLE = 'SEALROOM_SECRET_FILE';

const HINT = `set ${SECRET_VARIABLE} to the shared secret in Base64, or ${SECRET_FILE_VARIABLE} to a file with it`;

/**
 * Reads the shared secret from the process's environment: the variable {@link SECRET_VARIABLE}, or the file that
 * {@link SECRET_FILE_VARIABLE} names. A file may end with one line break and must not be readable by other users.
 *
 * @throws {SealroomError} SECRET_MISSING if neither is set; SECRET_INVALID if both are, if the file cannot be read or is
 *   open to others, or if the text is not Base64 of at least 32 bytes. No message contains the secret.
 */
export async function readSecretFromEnvironment(env: NodeJS.ProcessEnv): Promise<SharedSecret> {
  const text = env[SECRET_VARIABLE];
  const file = env[SECRET_FILE_VARIABLE];
  if (text !== undefined && file !== undefined) {
    throw new SealroomError('SECRET_INVALID', `${SECRET_VARIABLE} and ${SECRET_FILE_VARIABLE} are both set`, {
      hint: 'unset one of them',
    });
  }
  if (file !== undefined) return parseSecret(await readSecretFile(file, HINT), file);
  if (text !== undefined) return parseSecret(text, undefined);
  throw new SealroomError('SECRET_MISSING', 'the environment has no shared secret', { hint: HINT });
}

function parseSecret(text: string, file: string | undefined): SharedSecret {
  try {
    return parseSharedSecret(text);
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    const source = file === undefined ? SECRET_VARIABLE : SECRET_FILE_VARIABLE;
    throw new SealroomError(error.code, `${error.message} (${source})`, { hint: error.hint, where: { file } });
  }
}
