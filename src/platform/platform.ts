import type * as NodeCrypto from 'node:crypto';

/**
 * An Ed25519 key: in Node a `KeyObject` of `node:crypto`, and anywhere what `Platform.signingKeyFromSeed` makes. Its secret
 * bytes cannot be read. Keys of other kinds have the same shape, and another `asymmetricKeyType`.
 */
export interface SigningKey {
  readonly type: string;
  readonly asymmetricKeyType?: string | undefined;
}

/** Whether a signature of 64 bytes over a message is valid for the key of this function. */
export type VerifySignature = (message: Uint8Array, signature: Uint8Array) => boolean;

/** What the addon of the native kernel exports; `native/src/addon.cc`. */
export interface NativeAddon {
  /** SHA-256 of the sources that it was compiled from, in hexadecimal digits. */
  readonly sources: string;
  /** The instructions that the addon uses and this processor or system lacks, separated by spaces; empty if it can run. */
  missingInstructions(): string;
  /** Whether {@link confirm} was called in this process, in whatever thread. */
  isConfirmed(): boolean;
  /** Notes that the addon gives the same as WebAssembly, so that no other thread of the process compares them again. */
  confirm(): void;
  /** A new machine: the exports of the WebAssembly kernel, in native code, over a memory of its own. */
  createMachine(): unknown;
}

/**
 * The primitives that each runtime has its own library for. Both implementations give the same bytes: `node.ts` uses
 * OpenSSL, so FIPS mode covers all of it; `web.ts` is JavaScript and runs anywhere.
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
  /** The public half of an Ed25519 key: 32 bytes. @throws {TypeError} if the key belongs to another platform. */
  publicKeyOf(key: SigningKey): Uint8Array;
  /** The 64 bytes of an Ed25519 signature (RFC 8032 §5.1.6), deterministic. @throws {TypeError} as `publicKeyOf`. */
  signMessage(key: SigningKey, message: Uint8Array): Uint8Array;
  /**
   * Makes a verifier of Ed25519 signatures for a public key of 32 bytes. For a weak key (`isWeakPublicKey`), no signature is valid.
   *
   * Honest signatures get the same answer everywhere. The owner of a private key can make some that are valid on one platform only:
   * RFC 8032 §5.1.7 leaves open whether the equation is multiplied by the cofactor.
   */
  signatureVerifier(publicKey: Uint8Array): VerifySignature;
  /** Whether bytes are UTF-8. */
  isUtf8(bytes: Uint8Array): boolean;
  /** Node's own cryptography, for the kernel that uses it; `null` elsewhere. */
  readonly nodeCrypto: typeof NodeCrypto | null;
  /**
   * Loads the addon of the native kernel: from the build in this repository, or else from the package for this platform.
   *
   * @throws {Error} if there is none, or it does not load; the message says which, and has no line break.
   */
  loadNativeAddon(): NativeAddon;
}
