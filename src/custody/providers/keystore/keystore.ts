import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isAgeFile, openAge, sealAge } from '../../../age/index.ts';
import { encodeUtf8, wipe } from '../../../bytes/index.ts';
import { SecretBytes } from '../../../crypto/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import { fileExists, writePrivateFile } from '../../../files/index.ts';
import { hkdfSha256 } from '../../../platform/index.ts';
import { changedEnvelope, type SecretMetadata } from '../../envelope.ts';
import { readSecretBytes } from '../../secret-file.ts';
import { decryptAesGcm, encryptAesGcm, GCM_NONCE_BYTES, GCM_TAG_BYTES } from '../aes-gcm.ts';
import { keyPath } from '../key-path.ts';
import { problemOf, type ProviderContext, type ProviderDescription } from '../provider.ts';
import type { KeySource, WrappingKey } from '../wrapping-key.ts';

const SCHEME = 'keystore';

const ALGORITHM = 'HKDF-SHA-256+AES-256-GCM';

/** The first line in the age file; the wrapping key follows. */
const FIRST_LINE = encodeUtf8('sealroom keystore v1\n');

const KEY_BYTES = 32;
const KEY_ID_BYTES = 16;

/**
 * A wrapping key in a file under a passphrase.
 *
 * `keystore:<file>`, created for the first secret if it does not exist. The file is an age file for a passphrase (scrypt), readable with
 * `age -d`, and holds a line with its version and a random key of 32 bytes. From that key, HKDF-SHA-256 (RFC 5869) without salt
 * derives an AES-256-GCM key and a key id of 16 bytes. `wrapped = key id ‖ nonce (12) ‖ ciphertext ‖ tag (16)`. The nonce is random:
 * a keystore may wrap 2^32 envelopes.
 *
 * @throws {SealroomError} USAGE_OPTION if there is no path.
 */
export function openKeystore(rest: string, context: ProviderContext): KeySource {
  return new Keystore(keyPath(SCHEME, rest, context), context);
}

class Keystore implements KeySource {
  readonly algorithms = [ALGORITHM];
  readonly #file: string;
  readonly #ask: ProviderContext['askPassphrase'];
  readonly #scryptLogN: number | undefined;
  /** Opened once, even if several envelopes are wrapped or unwrapped at a time. */
  #key: Promise<SecretBytes> | null = null;

  constructor(file: string, { askPassphrase, scryptLogN }: ProviderContext) {
    this.#file = file;
    this.#ask = askPassphrase;
    this.#scryptLogN = scryptLogN;
  }

  async lendKey<T>(_metadata: SecretMetadata, use: (key: WrappingKey) => Promise<T>): Promise<T> {
    const master = await this.#load(async () => ((await fileExists(this.#file)) ? this.#open() : this.#create()));
    return use({
      name: `${SCHEME}:${this.#file}`,
      algorithm: ALGORITHM,
      encrypt(plain, aad) {
        using encryptionKey = derive(master, 'encryption', KEY_BYTES);
        using keyId = derive(master, 'id', KEY_ID_BYTES);
        const encrypted = encryptionKey.use((bytes) => encryptAesGcm(bytes, plain, aad));
        return Promise.resolve(keyId.use((id) => Buffer.concat([id, encrypted])));
      },
    });
  }

  async decrypt(wrapped: Uint8Array, aad: Uint8Array): Promise<Uint8Array | null> {
    if (wrapped.length < KEY_ID_BYTES + GCM_NONCE_BYTES + GCM_TAG_BYTES) throw changedEnvelope();
    const master = await this.#load(() => this.#open());
    using keyId = derive(master, 'id', KEY_ID_BYTES);
    if (!keyId.use((id) => Buffer.from(id).equals(wrapped.subarray(0, KEY_ID_BYTES)))) return null;
    using encryptionKey = derive(master, 'encryption', KEY_BYTES);
    return encryptionKey.use((bytes) => decryptAesGcm(bytes, wrapped.subarray(KEY_ID_BYTES), aad));
  }

  async describe(): Promise<Pick<ProviderDescription, 'key' | 'custody' | 'problem'>> {
    const isThere = await fileExists(this.#file);
    return {
      key: `${SCHEME}:${this.#file}`,
      custody: `the keystore ${this.#file}, under a passphrase`,
      problem: isThere ? await problemOf(() => this.#read()) : 'there is no such file; the first secret creates it',
    };
  }

  async close(): Promise<void> {
    (await this.#key?.catch(() => null))?.[Symbol.dispose]();
    this.#key = null;
  }

  /** Returns the wrapping key. After a failure, the next call tries again. */
  async #load(open: () => Promise<SecretBytes>): Promise<SecretBytes> {
    const key = (this.#key ??= open());
    try {
      return await key;
    } catch (error) {
      if (this.#key === key) this.#key = null;
      throw error;
    }
  }

  async #read(): Promise<Uint8Array> {
    const sealed = await readSecretBytes(
      this.#file,
      'create a keystore with `sealroom key create --key keystore:<file>`',
    );
    if (isAgeFile(sealed)) return sealed;
    throw this.#refuse('the file is not a keystore');
  }

  async #open(): Promise<SecretBytes> {
    const sealed = await this.#read();
    return this.#unseal(sealed, await this.#askFor({ isNew: false }));
  }

  async #create(): Promise<SecretBytes> {
    const passphrase = await this.#askFor({ isNew: true });
    const plain = Buffer.concat([FIRST_LINE, randomBytes(KEY_BYTES)]);
    let sealed: Uint8Array;
    try {
      sealed = await sealAge(plain, { passphrase, scryptLogN: this.#scryptLogN });
    } finally {
      wipe(plain);
    }
    const key = await this.#unseal(sealed, passphrase);
    try {
      await writePrivateFile(this.#file, sealed, {
        replaces: false,
        check: (written) => this.#compare(written, sealed),
      });
      return key;
    } catch (error) {
      key[Symbol.dispose]();
      throw error;
    }
  }

  async #compare(written: string, sealed: Uint8Array): Promise<void> {
    if (!(await readFile(written)).equals(sealed))
      throw this.#refuse('the keystore on the disk differs from what was written');
  }

  async #unseal(sealed: Uint8Array, passphrase: string): Promise<SecretBytes> {
    const opened = await openAge(sealed, { passphrase });
    if (opened.kind === 'notForUs') throw this.#refuse('wrong passphrase for the keystore');
    if (opened.kind === 'damaged') throw this.#refuse('the keystore is damaged');
    const plain = opened.bytes;
    try {
      const isOne = plain.length === FIRST_LINE.length + KEY_BYTES && startsWith(plain, FIRST_LINE);
      if (isOne) return new SecretBytes(plain.subarray(FIRST_LINE.length));
      throw this.#refuse('the age file is not a keystore');
    } finally {
      wipe(plain);
    }
  }

  async #askFor({ isNew }: { readonly isNew: boolean }): Promise<string> {
    const passphrase = await this.#ask({ what: `keystore ${this.#file}`, isNew });
    if (passphrase !== '') return passphrase;
    throw this.#refuse('the passphrase is empty');
  }

  #refuse(message: string): SealroomError {
    return new SealroomError('SECRET_INVALID', message, { where: { file: this.#file } });
  }
}

function derive(master: SecretBytes, what: 'encryption' | 'id', length: number): SecretBytes {
  const info = encodeUtf8(`sealroom keystore v1 ${what}`);
  const bytes = master.use((key) => hkdfSha256(key, new Uint8Array(0), info, length));
  try {
    return new SecretBytes(bytes);
  } finally {
    wipe(bytes);
  }
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return Buffer.from(start).equals(bytes.subarray(0, start.length));
}
