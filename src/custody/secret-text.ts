import { encodedBase64Length, encodeBase64Into } from '../bytes/index.ts';
import type { SharedSecret } from '../crypto/index.ts';

/** A secret in Base64, as C3R_SHARED_SECRET takes it; as bytes, since a string cannot be wiped. The caller wipes them. */
export function secretTextOf(secret: SharedSecret): Uint8Array {
  return secret.use((bytes) => {
    const text = new Uint8Array(encodedBase64Length(bytes.length));
    encodeBase64Into(bytes, 0, bytes.length, text, 0);
    return text;
  });
}
