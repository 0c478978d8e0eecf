import { createCipheriv, createHash, hkdfSync } from 'node:crypto';

/** The secret of the made cells: 00 to 1f. */
export const SECRET = Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('base64');
/** The collaboration of the made cells. */
export const SALT = '00000000-1111-2222-3333-444444444444';

/** A sealed cell of any payload under any prefix, which no function of the product makes. */
export function makeCell(prefix: string, payload: Uint8Array, column = 'a'): string {
  const root = Buffer.from(
    hkdfSync('sha256', Buffer.from(SECRET, 'base64'), SALT, 'c3r-encryption-primary-aes-gcm-256', 32),
  );
  const nonce = createHash('sha256').update(prefix).update(payload).digest();
  const key = createHash('sha256').update(root).update(nonce).digest();
  const iv = createHash('sha256').update(column).update(nonce).digest().subarray(0, 12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(prefix));
  const body = Buffer.concat([nonce, iv, cipher.update(payload), cipher.final(), cipher.getAuthTag()]);
  return prefix + body.toString('base64');
}

/** The payload of an encoded value in hexadecimal, with some zeros of padding. */
export function payloadOf(encodedHex: string, zeros = 0): Uint8Array {
  const count = Buffer.alloc(2);
  count.writeUInt16BE(zeros);
  return Buffer.concat([Buffer.from(encodedHex, 'hex'), Buffer.alloc(zeros), count]);
}
