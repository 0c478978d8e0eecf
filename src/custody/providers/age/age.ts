import { createHmac, hkdfSync } from 'node:crypto';
import { openAge, parseIdentities, recipientOf, sealAge } from '../../../age/index.ts';
import { decodeBase64, encodeBase64, encodeUtf8, equalConstantTime, wipe } from '../../../bytes/index.ts';
import { type SharedSecret, sharedSecretFromBytes } from '../../../crypto/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import { boundBytes, changedEnvelope, type Envelope, ENVELOPE_VERSION, type SecretMetadata } from '../../envelope.ts';
import { keyPath } from '../../key-path.ts';
import type { KeyProvider, ProviderContext, ProviderDescription } from '../provider.ts';
import { readSecretFile } from '../../secret-file.ts';

const SCHEME = 'age';

const TAG_BYTES = 32;

/**
 * An age identity file, as `age-keygen` writes it, post-quantum ones included.
 *
 * `age:<identity file>`. Envelopes are sealed to its first identity and opened with any. `wrapped` is an age file that holds
 * `tag (32) ‖ secret`, where the tag is HMAC-SHA-256 of `boundBytes ‖ secret` under HKDF-SHA-256 (RFC 5869) of the identity's text,
 * without salt. An age file says nothing of who made it, and recipients are public: the tag says that it was somebody with the
 * identity.
 *
 * @throws {SealroomError} USAGE_OPTION if there is no path.
 */
export function openAgeProvider(rest: string, context: ProviderContext): KeyProvider {
  return new AgeProvider(keyPath(SCHEME, rest, context));
}

class AgeProvider implements KeyProvider {
  readonly scheme = SCHEME;
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  async wrap(secret: SharedSecret, facts: SecretMetadata): Promise<Envelope> {
    const [identity] = await this.#identities();
    const recipient = await recipientOf(identity);
    const stanza = recipient.startsWith('age1pq1') ? 'mlkem768x25519' : 'X25519';
    const header = {
      version: ENVELOPE_VERSION,
      provider: SCHEME,
      key: `${SCHEME}:${this.#file}`,
      algorithm: `age-${stanza}+HMAC-SHA-256`,
      ...facts,
    } as const;
    const plain = secret.use((bytes) => Buffer.concat([tagOf(bytes, header, identity), bytes]));
    try {
      return Object.freeze({ ...header, wrapped: encodeBase64(await sealAge(plain, { recipients: [recipient] })) });
    } finally {
      wipe(plain);
    }
  }

  async unwrap(envelope: Envelope): Promise<SharedSecret | null> {
    if (envelope.provider !== SCHEME) return null;
    const wrapped = decodeBase64(envelope.wrapped);
    if (wrapped === null) throw changedEnvelope();
    for (const identity of await this.#identities()) {
      const plain = await openAge(wrapped, { identities: [identity] });
      if (plain === 'damaged') throw changedEnvelope();
      if (plain !== 'others') return secretIn(plain, envelope, identity);
    }
    return null;
  }

  async describe(): Promise<ProviderDescription> {
    const problem = await this.#identities().then(
      () => null,
      (error: unknown) => (error instanceof SealroomError ? error.message : 'it cannot be read'),
    );
    const custody = `the age identity file ${this.#file}`;
    return Object.freeze({ provider: SCHEME, key: `${SCHEME}:${this.#file}`, custody, isInsecure: true, problem });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async #identities(): Promise<readonly [string, ...string[]]> {
    const text = await readSecretFile(
      this.#file,
      'make one with `age-keygen -o <file>`, or `age-keygen -pq -o <file>`',
    );
    return parseIdentities(text, { file: this.#file });
  }
}

function secretIn(plain: Uint8Array, envelope: Envelope, identity: string): SharedSecret {
  try {
    const [tag, secret] = [plain.subarray(0, TAG_BYTES), plain.subarray(TAG_BYTES)];
    if (!equalConstantTime(tag, tagOf(secret, envelope, identity))) throw changedEnvelope();
    return sharedSecretFromBytes(secret);
  } finally {
    wipe(plain);
  }
}

function tagOf(secret: Uint8Array, header: Omit<Envelope, 'wrapped'>, identity: string): Uint8Array {
  const key = new Uint8Array(hkdfSync('sha256', encodeUtf8(identity), '', 'sealroom age envelope v1', 32));
  try {
    return createHmac('sha256', key).update(boundBytes(header)).update(secret).digest();
  } finally {
    wipe(key);
  }
}
