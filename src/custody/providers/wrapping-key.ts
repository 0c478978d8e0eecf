import type { EnvelopeHeader, SecretMetadata } from '../envelope.ts';
import type { ProviderDescription } from './provider.ts';

/** A key that one secret is being wrapped with: authenticated encryption with additional data. */
export interface WrappingKey {
  /** The URI that the envelope names the key by. Nothing in it is secret, and `--key` takes it. */
  readonly name: string;
  /** One of the {@link KeySource.algorithms} of its source. */
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
 * Where the wrapping keys of a provider are: what a provider's folder implements. It encrypts and decrypts bytes; envelopes, their
 * headers and Base64 are the matter of `EnvelopeProvider` alone.
 *
 * The two directions differ. The additional data holds the key's name, and some keys have one only once they are found: an alias in
 * AWS KMS leads to an ARN, a token makes the key and its id. So a key is lent for encryption, name and all; for decryption the name
 * comes with the envelope's header.
 */
export interface KeySource {
  /** The algorithms that its envelopes may name. An envelope that names another is refused before a key is touched. */
  readonly algorithms: readonly string[];
  /**
   * Lends the key to wrap one secret with; makes it if there is none and the source can.
   *
   * @param metadata what the envelope will say of the secret; a key service may be told of the collaboration
   * @param use gets the key, which is valid until the promise of `use` settles
   * @throws {SealroomError} CUSTODY_*, SECRET_* if there is no key that can be used; what `use` throws.
   */
  lendKey<T>(metadata: SecretMetadata, use: (key: WrappingKey) => Promise<T>): Promise<T>;
  /**
   * Decrypts what a {@link WrappingKey} made.
   *
   * @param header of the envelope, which `aad` authenticates; none of it can be trusted before
   * @returns the bytes, which the caller wipes; `null` if another key made them
   * @throws {SealroomError} CUSTODY_ENVELOPE if this key made them and they, or `aad`, were changed; CUSTODY_UNAVAILABLE,
   *   CUSTODY_DENIED, SECRET_* if the key cannot be used.
   */
  decrypt(wrapped: Uint8Array, aad: Uint8Array, header: EnvelopeHeader): Promise<Uint8Array | null>;
  /** Says which key it is and whether it works; throws for nothing that is wrong with the key. */
  describe(): Promise<Pick<ProviderDescription, 'key' | 'custody' | 'problem'>>;
  /** Lets go of processes, connections and keys in memory, if it holds any. */
  close?(): Promise<void>;
}
