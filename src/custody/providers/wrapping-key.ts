import type { EnvelopeHeader, SecretMetadata } from '../envelope.ts';
import type { ProviderDescription } from './provider.ts';

/** A key to wrap one secret with: authenticated encryption with additional data. */
export interface WrappingKey {
  /** The URI of the key for the envelope, as `--key` takes it. It contains nothing secret. */
  readonly name: string;
  /** One of the source's {@link KeySource.algorithms}. */
  readonly algorithm: string;
  /**
   * Encrypts bytes, and authenticates the additional data with them.
   *
   * @param plain lent until the promise settles; the caller wipes it
   * @throws {SealroomError} CUSTODY_UNAVAILABLE, CUSTODY_DENIED if the key cannot be used.
   */
  encrypt(plain: Uint8Array, aad: Uint8Array): Promise<Uint8Array>;
}

/**
 * The source of a provider's wrapping keys, which each provider's folder implements. It encrypts and decrypts bytes; only
 * `EnvelopeProvider` knows envelopes, their headers and Base64.
 *
 * The two directions differ. The additional data contains the key's name, and some keys get their name only when they are found: an
 * alias in AWS KMS leads to an ARN, a token creates the key and its id. So encryption borrows a key with its name; decryption takes the
 * name from the envelope's header.
 */
export interface KeySource {
  /** The algorithms of its envelopes. An envelope with another algorithm is refused before a key is used. */
  readonly algorithms: readonly string[];
  /**
   * Lends the key to wrap one secret with; creates it if there is none and the source can.
   *
   * @param metadata metadata of the secret; a key service may get the collaboration id
   * @param use called with the key, which is valid until the promise of `use` settles
   * @throws {SealroomError} CUSTODY_*, SECRET_* if no key can be used; errors of `use`.
   */
  lendKey<T>(metadata: SecretMetadata, use: (key: WrappingKey) => Promise<T>): Promise<T>;
  /**
   * Decrypts what a {@link WrappingKey} encrypted.
   *
   * @param header header of the envelope, which `aad` authenticates; do not trust it before
   * @returns the bytes, which the caller wipes; `null` if another key encrypted them
   * @throws {SealroomError} CUSTODY_ENVELOPE if this key encrypted them and they, or `aad`, were changed; CUSTODY_UNAVAILABLE,
   *   CUSTODY_DENIED, SECRET_* if the key cannot be used.
   */
  decrypt(wrapped: Uint8Array, aad: Uint8Array, header: EnvelopeHeader): Promise<Uint8Array | null>;
  /** Describes the key and whether it works. It does not throw for a problem with the key. */
  describe(): Promise<Pick<ProviderDescription, 'key' | 'custody' | 'problem'>>;
  /** Releases processes, connections and keys in memory, if it holds any. */
  close?(): Promise<void>;
}
