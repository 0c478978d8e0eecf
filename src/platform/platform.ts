import type * as NodeCrypto from 'node:crypto';

/**
 * An Ed25519 key: in Node a `KeyObject` of `node:crypto`, and anywhere what {@link Platform.signingKeyFromSeed} makes. Its secret
 * bytes cannot be read from it. Keys of other kinds have the same shape and are told by `asymmetricKeyType`.
 */
export interface SigningKey {
  readonly type: string;
  readonly asymmetricKeyType?: string | undefined;
}

/** Whether a signature of 64 bytes is one of a message, by the key that it was made for. */
export type VerifySignature = (message: Uint8Array, signature: Uint8Array) => boolean;

/**
 * The primitives that each runtime has a library of its own for. Both implementations give the same bytes: `node.ts` is made of
 * OpenSSL, so that FIPS mode holds for all of it; `web.ts` is JavaScript and runs anywhere.
 */
export interface Platform {
  /** SHA-256 of byte strings joined: 32 bytes. FIPS 180-4. */
  sha256(...parts: readonly Uint8Array[]): Uint8Array;
  /** SHA-256 of bytes, or of text in UTF-8, as 64 hexadecimal digits in lower case. */
  sha256Hex(data: string | Uint8Array): string;
  /** HMAC-SHA-256 of byte strings joined: 32 bytes. RFC 2104. */
  hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
  /**
   * HKDF-SHA-256 (RFC 5869): `bytes` of output keying material, which the caller wipes.
   *
   * @throws {RangeError} in Node if `info` is longer than 1024 bytes.
   */
  hkdfSha256(keyingMaterial: Uint8Array, salt: Uint8Array, info: Uint8Array, bytes: number): Uint8Array<ArrayBuffer>;
  /** The Ed25519 key of a seed of 32 bytes (RFC 8032 §5.1.5), which is copied; the caller wipes it. */
  signingKeyFromSeed(seed: Uint8Array): SigningKey;
  /** The public half of an Ed25519 key: 32 bytes. @throws {TypeError} if it is no key of this platform. */
  publicKeyOf(key: SigningKey): Uint8Array;
  /** The 64 bytes of an Ed25519 signature (RFC 8032 §5.1.6), deterministic. @throws {TypeError} as `publicKeyOf`. */
  signMessage(key: SigningKey, message: Uint8Array): Uint8Array;
  /**
   * Checks Ed25519 signatures by a public key of 32 bytes. By a key that `isWeakPublicKey`, none holds.
   *
   * Honest signatures get the same answer everywhere. Whoever has the private key can make some that hold on one platform only:
   * RFC 8032 §5.1.7 leaves open whether the equation is multiplied by the cofactor.
   */
  signatureVerifier(publicKey: Uint8Array): VerifySignature;
  /** Whether bytes are UTF-8. */
  isUtf8(bytes: Uint8Array): boolean;
  /** Node's own cryptography, for the kernel that is made of it; `null` elsewhere. */
  readonly nodeCrypto: typeof NodeCrypto | null;
}
