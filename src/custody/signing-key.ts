import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SealroomError, systemReason } from '../errors/index.ts';
import { printPublicKey } from '../signing/index.ts';
import { fileExists, isExisting, writeFileAtomically } from '../files/index.ts';
import { readSecretFile } from './secret-file.ts';

const HINT = 'make one with `sealroom collab key <file>`';

/**
 * A member's signing key from its file: PKCS #8 in PEM without a passphrase, as `openssl genpkey -algorithm ed25519` writes
 * it. The file must not be open to other users.
 *
 * @throws {SealroomError} SECRET_INVALID if the file cannot be read, is open to others, or is no Ed25519 key. Nothing of what
 *   it holds is in the message.
 */
export async function readSigningKey(file: string): Promise<KeyObject> {
  const text = await readSecretFile(file, HINT);
  const refuse = (got: string): SealroomError =>
    new SealroomError('SECRET_INVALID', `signing key expected as Ed25519 in PEM, got ${got}`, {
      hint: HINT,
      where: { file },
    });
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch {
    // The library's reason may tell of the text, which is a secret.
    throw refuse('other text');
  }
  if (key.asymmetricKeyType !== 'ed25519') throw refuse('a key of another kind');
  return key;
}

/**
 * The public half of a signing key as manifests have it, or `null` if there is no such file.
 *
 * @throws {SealroomError} SECRET_INVALID as {@link readSigningKey}.
 */
export async function readPublicKeyOf(file: string): Promise<string | null> {
  return (await fileExists(file)) ? printPublicKey(await readSigningKey(file)) : null;
}

/**
 * Makes a signing key and writes it to a file that is not there yet, readable by its owner only.
 *
 * @throws {SealroomError} IO_EXISTS if there is a file, IO_WRITE if it cannot be written.
 */
export async function createSigningKey(file: string): Promise<KeyObject> {
  const { privateKey } = generateKeyPairSync('ed25519');
  try {
    await writeFileAtomically(file, privateKey.export({ format: 'pem', type: 'pkcs8' }), { replaces: false });
  } catch (error) {
    const exists = isExisting(error);
    const message = exists ? 'there is a file already' : `cannot write the signing key: ${systemReason(error)}`;
    throw new SealroomError(exists ? 'IO_EXISTS' : 'IO_WRITE', message, { where: { file }, cause: error });
  }
  return privateKey;
}
