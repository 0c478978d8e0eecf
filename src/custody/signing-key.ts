import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SealroomError, systemReason } from '../errors/index.ts';
import { printPublicKey } from '../signing/index.ts';
import { fileExists, isExisting, writeFileAtomically } from '../files/index.ts';
import { readSecretFile } from './secret-file.ts';

const HINT = '`sealroom member init` makes one in your home, and `sealroom collab key <file>` one elsewhere';

/**
 * Reads a member's signing key: PKCS #8 in PEM without a passphrase, as `openssl genpkey -algorithm ed25519` writes
 * it. The file must not be open to other users.
 *
 * @throws {SealroomError} SECRET_INVALID if the file cannot be read, is open to others, or is not an Ed25519 key. The message
 *   contains nothing of the file.
 */
export async function readSigningKey(file: string): Promise<KeyObject> {
  const text = await readSecretFile(file, HINT);
  const refuse = (message: string): SealroomError =>
    new SealroomError('SECRET_INVALID', message, { hint: HINT, where: { file } });
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch {
    // The library's reason may reveal the text, which is a secret.
    throw refuse('the file is not a private key in PEM');
  }
  if (key.asymmetricKeyType !== 'ed25519') throw refuse('the signing key is not an Ed25519 key');
  return key;
}

/**
 * Reads the public half of a signing key, in the form of manifests; `null` if the file does not exist.
 *
 * @throws {SealroomError} SECRET_INVALID as {@link readSigningKey}.
 */
export async function readPublicKeyOf(file: string): Promise<string | null> {
  return (await fileExists(file)) ? printPublicKey(await readSigningKey(file)) : null;
}

/**
 * Creates a signing key in a new file that only its owner can read.
 *
 * @throws {SealroomError} IO_EXISTS if the file exists, IO_WRITE if it cannot be written.
 */
export async function createSigningKey(file: string): Promise<KeyObject> {
  const { privateKey } = generateKeyPairSync('ed25519');
  try {
    await writeFileAtomically(file, privateKey.export({ format: 'pem', type: 'pkcs8' }), { replaces: false });
  } catch (error) {
    const exists = isExisting(error);
    const message = exists ? 'the file already exists' : `cannot write the signing key: ${systemReason(error)}`;
    throw new SealroomError(exists ? 'IO_EXISTS' : 'IO_WRITE', message, { where: { file }, cause: error });
  }
  return privateKey;
}
