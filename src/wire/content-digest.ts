import { serializeDictionary } from 'structured-headers';
import { decodeBase64, equalConstantTime } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import { sha256 } from '../platform/index.ts';

/** One digest, of one spelling: 32 bytes in padded Base64 with unused bits zero. */
const DIGEST = /^sha-256=:([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=):$/;

/** Prints a SHA-256 as the value of `Content-Digest` or `Repr-Digest` (RFC 9530). */
export function printDigest(hash: Uint8Array): string {
  return serializeDictionary(new Map([['sha-256', [hash, new Map<string, string>()]]]));
}

/** The value of `Content-Digest` for a body. */
export function contentDigest(body: Uint8Array): string {
  return printDigest(sha256(body));
}

/**
 * The SHA-256 in the value of `Content-Digest` or `Repr-Digest`: 32 bytes.
 *
 * @throws {SealroomError} AUTH_DIGEST if it is not exactly one digest, with `sha-256`.
 */
export function parseDigest(value: string): Uint8Array {
  const hash = decodeBase64(DIGEST.exec(value)?.[1] ?? '');
  if (hash?.length === 32) return hash;
  throw new SealroomError('AUTH_DIGEST', 'the digest is not `sha-256=:…:` with 32 bytes in Base64, and nothing else');
}

/**
 * Requires that a body is the one that was signed.
 *
 * @param signed SHA-256 of the signed `Content-Digest`; `null` for a request without a body
 * @param actual SHA-256 of what was received; `null` if nothing was
 * @throws {SealroomError} AUTH_DIGEST if it is another.
 */
export function requireDigest(signed: Uint8Array | null, actual: Uint8Array | null): void {
  if (signed === null ? actual === null : actual !== null && equalConstantTime(signed, actual)) return;
  throw new SealroomError('AUTH_DIGEST', 'the body is not the one that was signed');
}
