import { ed25519 } from '@noble/curves/ed25519.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { encodeHex, encodeUtf8, wipe } from '../bytes/index.ts';
import type { Platform, SigningKey } from './platform.ts';
import { isWeakPublicKey } from './weak-keys.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** {@inheritDoc Platform.nodeCrypto} */
export const nodeCrypto: Platform['nodeCrypto'] = null;

/** {@inheritDoc Platform.sha256} */
export const sha256: Platform['sha256'] = (...parts) => {
  const hash = nobleSha256.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** {@inheritDoc Platform.sha256Hex} */
export const sha256Hex: Platform['sha256Hex'] = (data) =>
  encodeHex(nobleSha256(typeof data === 'string' ? encodeUtf8(data) : data));

/** {@inheritDoc Platform.hmacSha256} */
export const hmacSha256: Platform['hmacSha256'] = (key, ...parts) => {
  const mac = hmac.create(nobleSha256, key);
  for (const part of parts) mac.update(part);
  return mac.digest();
};

/** {@inheritDoc Platform.hkdfSha256} */
export const hkdfSha256: Platform['hkdfSha256'] = (keyingMaterial, salt, info, bytes) => {
  const pseudorandomKey = extract(nobleSha256, keyingMaterial, salt);
  const output = Uint8Array.from(expand(nobleSha256, pseudorandomKey, info, bytes));
  wipe(pseudorandomKey);
  return output;
};

/** A private key that only this module can use. */
class WebKey implements SigningKey {
  readonly type = 'private';
  readonly asymmetricKeyType = 'ed25519';
  readonly #seed: Uint8Array;
  readonly publicKey: Uint8Array;

  constructor(seed: Uint8Array) {
    this.#seed = seed.slice();
    this.publicKey = ed25519.getPublicKey(seed);
  }

  sign(message: Uint8Array): Uint8Array {
    return ed25519.sign(message, this.#seed);
  }
}

/** {@inheritDoc Platform.signingKeyFromSeed} */
export const signingKeyFromSeed: Platform['signingKeyFromSeed'] = (seed) => new WebKey(seed);

/** {@inheritDoc Platform.publicKeyOf} */
export const publicKeyOf: Platform['publicKeyOf'] = (key) => webKeyOf(key).publicKey.slice();

/** {@inheritDoc Platform.signMessage} */
export const signMessage: Platform['signMessage'] = (key, message) => webKeyOf(key).sign(message);

/** {@inheritDoc Platform.signatureVerifier} */
export const signatureVerifier: Platform['signatureVerifier'] = (publicKey) => {
  if (isWeakPublicKey(publicKey)) return () => false;
  return (message, signature) => {
    try {
      return ed25519.verify(signature, message, publicKey, { zip215: false });
    } catch {
      // The library throws for a signature of another length.
      return false;
    }
  };
};

/** {@inheritDoc Platform.isUtf8} */
export const isUtf8: Platform['isUtf8'] = (bytes) => {
  try {
    decoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
};

/** {@inheritDoc Platform.loadNativeAddon} */
export const loadNativeAddon: Platform['loadNativeAddon'] = () => {
  throw new Error('this runtime loads no native code');
};

function webKeyOf(key: SigningKey): WebKey {
  if (key instanceof WebKey) return key;
  throw new TypeError('the key belongs to another platform');
}
