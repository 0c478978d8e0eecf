/**
 * Hashes, key derivation, signatures and randomness, from Node's library or from JavaScript: the import condition `node` of
 * `#platform` in package.json decides. Only cryptography, nothing else of the runtime.
 */
export {
  hkdfSha256,
  hmacSha256,
  isUtf8,
  loadNativeAddon,
  nodeCrypto,
  publicKeyOf,
  sha256,
  sha256Hex,
  signatureVerifier,
  signingKeyFromSeed,
  signMessage,
} from '#platform';
export type { NativeAddon, SigningKey, VerifySignature } from './platform.ts';
export { fillRandom, randomBytes } from './random.ts';
export { createSalt, saltedHash } from './salted-hash.ts';
