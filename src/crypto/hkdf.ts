import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { wipe } from '../bytes/index.ts';

/**
 * HKDF-SHA-256 (RFC 5869): `bytes` of output keying material, which the caller wipes. In Node the platform computes it, so
 * that keys come from the same library as the cells of kernel `node`; elsewhere, JavaScript does.
 *
 * @throws {RangeError} in Node if `info` is longer than 1024 bytes.
 */
export function hkdfSha256(
  keyingMaterial: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  bytes: number,
): Uint8Array<ArrayBuffer> {
  const node = typeof process === 'undefined' ? undefined : process.getBuiltinModule('node:crypto');
  if (node !== undefined) return new Uint8Array(node.hkdfSync('sha256', keyingMaterial, salt, info, bytes));
  const pseudorandomKey = extract(sha256, keyingMaterial, salt);
  const output = Uint8Array.from(expand(sha256, pseudorandomKey, info, bytes));
  wipe(pseudorandomKey);
  return output;
}
