import { decodeBase64, encodeBase64, wipe } from '../../bytes/index.ts';
import { sharedSecretFromBytes, type SharedSecret } from '../../crypto/index.ts';
import { boundBytes, changedEnvelope, type Envelope, ENVELOPE_VERSION } from '../envelope.ts';
import { fullSecretIdOf } from '../secret.ts';
import type { KeyProvider, ProviderDescription, SecretFacts } from './provider.ts';
import { isReadableByUser } from './providers.ts';
import type { KeySource } from './wrapping-key.ts';

/**
 * Wraps secrets in envelopes and unwraps them, for all sources of keys. The additional data of the encryption is the envelope without
 * the wrapped bytes: see `boundBytes`.
 */
export class EnvelopeProvider implements KeyProvider {
  readonly scheme: string;
  readonly #source: KeySource;

  /** @param scheme a scheme in the table `PROVIDERS`, to which the source belongs */
  constructor(scheme: string, source: KeySource) {
    this.scheme = scheme;
    this.#source = source;
  }

  async wrap(secret: SharedSecret, facts: SecretFacts): Promise<Envelope> {
    const { collaborationId, generation, created, isRoleBound } = facts;
    const secretId = fullSecretIdOf(secret, collaborationId);
    const metadata = { collaborationId, generation, secretId, created, isRoleBound };
    return this.#source.lendKey(metadata, async (key) => {
      const { name, algorithm } = key;
      const header = { version: ENVELOPE_VERSION, provider: this.scheme, key: name, algorithm, ...metadata } as const;
      const plain = secret.use((bytes) => Uint8Array.from(bytes));
      try {
        return Object.freeze({ ...header, wrapped: encodeBase64(await key.encrypt(plain, boundBytes(header))) });
      } finally {
        wipe(plain);
      }
    });
  }

  async unwrap(envelope: Envelope): Promise<SharedSecret | null> {
    if (envelope.provider !== this.scheme) return null;
    const wrapped = decodeBase64(envelope.wrapped);
    if (wrapped === null || !this.#source.algorithms.includes(envelope.algorithm)) throw changedEnvelope();
    const plain = await this.#source.decrypt(wrapped, boundBytes(envelope), envelope);
    if (plain === null) return null;
    try {
      return sharedSecretFromBytes(plain);
    } finally {
      wipe(plain);
    }
  }

  async describe(): Promise<ProviderDescription> {
    const { key, custody, problem } = await this.#source.describe();
    const isInsecure = isReadableByUser(this.scheme);
    return Object.freeze({ provider: this.scheme, key, custody, isInsecure, problem });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.close?.();
  }
}
