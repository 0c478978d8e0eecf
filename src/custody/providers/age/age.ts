import { openAge, parseIdentities, recipientOf, sealAge } from '../../../age/index.ts';
import { encodeUtf8, equalConstantTime, wipe } from '../../../bytes/index.ts';
import { hkdfSha256, hmacSha256 } from '../../../platform/index.ts';
import { changedEnvelope, type SecretMetadata } from '../../envelope.ts';
import { readSecretFile } from '../../secret-file.ts';
import { keyPath } from '../key-path.ts';
import { problemOf, type ProviderContext, type ProviderDescription } from '../provider.ts';
import type { KeySource, WrappingKey } from '../wrapping-key.ts';

const SCHEME = 'age';

const CLASSIC = 'age-X25519+HMAC-SHA-256';
const POST_QUANTUM = 'age-mlkem768x25519+HMAC-SHA-256';

const TAG_BYTES = 32;

/**
 * An age identity file, as `age-keygen` writes it, post-quantum ones included.
 *
 * `age:<identity file>`. Secrets are encrypted to its first identity and decrypted with any. `wrapped` is an age file with
 * `tag (32) ‖ secret`, where the tag is HMAC-SHA-256 of `additional data ‖ secret` under HKDF-SHA-256 (RFC 5869) of the identity's
 * text, without salt. An age file does not reveal its maker, and recipients are public: the tag proves that the maker had the
 * identity.
 *
 * @throws {SealroomError} USAGE_OPTION if there is no path.
 */
export function openAgeIdentity(rest: string, context: ProviderContext): KeySource {
  return new AgeIdentityFile(keyPath(SCHEME, rest, context));
}

class AgeIdentityFile implements KeySource {
  readonly algorithms = [CLASSIC, POST_QUANTUM];
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  async lendKey<T>(_metadata: SecretMetadata, use: (key: WrappingKey) => Promise<T>): Promise<T> {
    const [identity] = await this.#identities();
    const recipient = await recipientOf(identity);
    return use({
      name: `${SCHEME}:${this.#file}`,
      algorithm: recipient.startsWith('age1pq1') ? POST_QUANTUM : CLASSIC,
      async encrypt(secret, aad) {
        const plain = Buffer.concat([tagOf(secret, aad, identity), secret]);
        try {
          return await sealAge(plain, { recipients: [recipient] });
        } finally {
          wipe(plain);
        }
      },
    });
  }

  async decrypt(wrapped: Uint8Array, aad: Uint8Array): Promise<Uint8Array | null> {
    for (const identity of await this.#identities()) {
      const plain = await openAge(wrapped, { identities: [identity] });
      if (plain.kind === 'damaged') throw changedEnvelope();
      if (plain.kind === 'opened') return secretIn(plain.bytes, aad, identity);
    }
    return null;
  }

  async describe(): Promise<Pick<ProviderDescription, 'key' | 'custody' | 'problem'>> {
    return {
      key: `${SCHEME}:${this.#file}`,
      custody: `the age identity file ${this.#file}`,
      problem: await problemOf(() => this.#identities()),
    };
  }

  async #identities(): Promise<readonly [string, ...string[]]> {
    const text = await readSecretFile(
      this.#file,
      'create one with `age-keygen -o <file>`, or `age-keygen -pq -o <file>`',
    );
    return parseIdentities(text, { file: this.#file });
  }
}

/** Checks the tag and returns the secret after it; the content of the file is wiped. */
function secretIn(plain: Uint8Array, aad: Uint8Array, identity: string): Uint8Array {
  try {
    const [tag, secret] = [plain.subarray(0, TAG_BYTES), plain.subarray(TAG_BYTES)];
    if (!equalConstantTime(tag, tagOf(secret, aad, identity))) throw changedEnvelope();
    return secret.slice();
  } finally {
    wipe(plain);
  }
}

function tagOf(secret: Uint8Array, aad: Uint8Array, identity: string): Uint8Array {
  const key = hkdfSha256(encodeUtf8(identity), new Uint8Array(0), encodeUtf8('sealroom age envelope v1'), 32);
  try {
    return hmacSha256(key, aad, secret);
  } finally {
    wipe(key);
  }
}
