import { serializeDictionary } from 'structured-headers';
import { encodeBase64 } from '../bytes/index.ts';
import { randomBytes, type SigningKey, signMessage } from '../platform/index.ts';
import { printPublicKey } from '../signing/index.ts';
import {
  coveredComponents,
  printProfileParams,
  readKnownHeaders,
  type RequestHead,
  SIGNATURE_LABEL,
} from './profile.ts';
import { encodeSignatureBase } from './signature-base.ts';

/** What a signature is made with. */
export interface SigningOptions {
  /** The private half of the Ed25519 key that the manifest has for who signs. */
  readonly key: SigningKey;
  /** Of the room, as `parseOrigin` returns it. */
  readonly origin: string;
  /** The room's time, as far as it is known. */
  readonly now: Date;
}

/** Bytes of a nonce. */
const NONCE_BYTES = 18;

/**
 * Signs a request (RFC 9421), with a fresh nonce: the method, the address, and each covered header. A body is signed by its
 * `Content-Digest`, which the headers must have.
 *
 * @returns the two headers to add
 * @throws {SealroomError} SECRET_INVALID if the key is not Ed25519; AUTH_MALFORMED if the request cannot be signed.
 */
export function signRequest(
  request: RequestHead,
  { key, origin, now }: SigningOptions,
): { readonly 'signature-input': string; readonly signature: string } {
  const components = coveredComponents(request, origin, readKnownHeaders(request));
  const params = printProfileParams(components, {
    created: Math.floor(now.getTime() / 1000),
    nonce: encodeBase64(randomBytes(NONCE_BYTES)),
    keyId: printPublicKey(key),
  });
  const signature = signMessage(key, encodeSignatureBase(components, params));
  return {
    'signature-input': `${SIGNATURE_LABEL}=${params}`,
    signature: serializeDictionary(new Map([[SIGNATURE_LABEL, [signature, new Map<string, string>()]]])),
  };
}
