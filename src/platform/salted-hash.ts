import { decodeHex, encodeHex, encodeUtf8 } from '../bytes/index.ts';
import { hmacSha256 } from '#platform';
import { randomBytes } from './random.ts';

/** Bytes of a salt: as many as of a hash, so that it cannot be guessed. */
const SALT_BYTES = 32;

/** A new salt: 32 random bytes as 64 hexadecimal digits in lower case. */
export function createSalt(): string {
  return encodeHex(randomBytes(SALT_BYTES));
}

/**
 * A hash that commits to data without telling anything of it to who does not have the salt, even if the data can be guessed:
 * `HMAC-SHA-256(salt, what ‖ 0A ‖ SHA-256 of the data in hexadecimal)`.
 *
 * @param salt as `createSalt` makes it, for one thing that has several parts
 * @param what which part it is, such as `result`; so equal parts have different hashes
 * @param sha256 SHA-256 of the data: 64 hexadecimal digits in lower case
 * @returns 64 hexadecimal digits in lower case
 * @throws {TypeError} if the salt is not 64 hexadecimal digits.
 */
export function saltedHash(salt: string, what: string, sha256: string): string {
  //= audit A-9
  const key = decodeHex(salt);
  if (key?.length !== SALT_BYTES) throw new TypeError('a salt has 32 bytes');
  return encodeHex(hmacSha256(key, encodeUtf8(`${what}\n${sha256}`)));
}
