import { encodeUtf8, equalConstantTime, wipe } from '../../../bytes/index.ts';
import { type SharedSecret, sharedSecretFromBytes } from '../../../crypto/index.ts';
import { hkdfSha256, hmacSha256 } from '../../../platform/index.ts';
import { changedEnvelope, type EnvelopeHeader, type SecretMetadata } from '../../envelope.ts';
import { isSecretOf } from '../../secret.ts';
import { problemOf, type ProviderContext, type ProviderDescription } from '../provider.ts';
import type { KeySource, WrappingKey } from '../wrapping-key.ts';

/** The algorithm of an envelope whose secret is elsewhere in plain text. */
const ALGORITHM = 'HMAC-SHA-256';

const INFO = 'sealroom bare envelope v1';

/** A place where a secret is in plain text. */
export interface PlaintextPlace {
  /** Its URI. */
  readonly key: string;
  /** Its description, with its name. */
  readonly custody: string;
  /** @throws {SealroomError} SECRET_MISSING, SECRET_INVALID. */
  read(): Promise<SharedSecret>;
  /** Stores the secret there, or checks that it is there. @throws {SealroomError} SECRET_MISSING, SECRET_INVALID, IO_EXISTS, IO_WRITE. */
  put(secret: SharedSecret): Promise<void>;
}

/**
 * Insecure: a source without a key. The secret is in plain text elsewhere, and the envelope only says where. Instead of
 * encrypted bytes it has HMAC-SHA-256 of the additional data under HKDF-SHA-256 (RFC 5869) of the secret, without salt: only someone
 * with the secret can change the envelope's header.
 */
export class PlaintextProvider implements KeySource {
  readonly algorithms = [ALGORITHM];
  readonly #place: PlaintextPlace;
  readonly #warn: ProviderContext['warn'];
  #isWarned = false;

  constructor(place: PlaintextPlace, { warn }: Pick<ProviderContext, 'warn'>) {
    this.#place = place;
    this.#warn = warn;
  }

  lendKey<T>(_metadata: SecretMetadata, use: (key: WrappingKey) => Promise<T>): Promise<T> {
    this.#warnOnce();
    const place = this.#place;
    return use({
      name: place.key,
      algorithm: ALGORITHM,
      async encrypt(plain, aad) {
        using secret = sharedSecretFromBytes(plain);
        await place.put(secret);
        return tagOf(plain, aad);
      },
    });
  }

  async decrypt(tag: Uint8Array, aad: Uint8Array, header: EnvelopeHeader): Promise<Uint8Array | null> {
    this.#warnOnce();
    using secret = await this.#place.read();
    // Another secret is not a sign of tampering: it counts as another key.
    if (!isSecretOf(secret, header)) return null;
    return secret.use((bytes) => {
      if (!equalConstantTime(tag, tagOf(bytes, aad))) throw changedEnvelope();
      return Uint8Array.from(bytes);
    });
  }

  async describe(): Promise<Pick<ProviderDescription, 'key' | 'custody' | 'problem'>> {
    const { key, custody } = this.#place;
    const problem = await problemOf(async () => {
      (await this.#place.read())[Symbol.dispose]();
    });
    return { key, custody, problem };
  }

  #warnOnce(): void {
    if (this.#isWarned) return;
    this.#isWarned = true;
    this.#warn(
      `the secret itself is in plain text in ${this.#place.custody}; \`sealroom key wrap --to\` wraps it with a key`,
    );
  }
}

function tagOf(secret: Uint8Array, aad: Uint8Array): Uint8Array {
  const key = hkdfSha256(secret, new Uint8Array(0), encodeUtf8(INFO), 32);
  try {
    return hmacSha256(key, aad);
  } finally {
    wipe(key);
  }
}
