import { encodeHex } from '../bytes/index.ts';

/**
 * The encoded y coordinates of the points of small order on edwards25519, without the sign. Such a key needs no private half: some
 * signatures are valid under it for every message, and OpenSSL accepts them.
 *
 * Source: libsodium 1.0.20, `ge25519_has_small_order`, without its two non-canonical encodings, which are refused as such.
 */
const SMALL_ORDER_KEYS: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/**
 * Whether a public key of 32 bytes is a point of small order, for which anybody can sign, or its y coordinate is not below
 * 2^255 - 19, which RFC 8032 §5.1.3 refuses.
 */
export function isWeakPublicKey(publicKey: Uint8Array): boolean {
  const y = publicKey.slice();
  y[31] = (y[31] ?? 0) & 0x7f;
  const isCanonical = (y[0] ?? 0) < 0xed || y[31] !== 0x7f || y.subarray(1, 31).some((byte) => byte !== 0xff);
  return !isCanonical || SMALL_ORDER_KEYS.has(encodeHex(y));
}
