import type { SigningKey } from '../platform/index.ts';
import { signStatement, verifyStatement } from '../signing/index.ts';

/** A member's signature of a hash. */
export interface MemberSignature {
  readonly member: string;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  /** ISO 8601, UTC, with milliseconds: when a template was approved, or an approval withdrawn. Other signatures have none. */
  readonly time?: string | undefined;
  /** 64 bytes in Base64. */
  readonly signature: string;
}

/**
 * What is signed: the terms of the collaboration, the approval of a template, or the withdrawal of one. A signature of one is not
 * valid for another.
 */
export type SignedThing = 'manifest' | 'template' | 'withdrawal';

/** The type of the signed statement. */
const typeOf = (thing: SignedThing): string => `application/vnd.sealroom.${thing}.sha256`;

/** The body of the signed statement: the hash as 64 hexadecimal digits, and after a space the time, if it has one. */
const bodyOf = ({ sha256, time }: Pick<MemberSignature, 'sha256' | 'time'>): string =>
  time === undefined ? sha256 : `${sha256} ${time}`;

/**
 * Signs a hash with a member's private key.
 *
 * @throws {SealroomError} SECRET_INVALID if the key is not Ed25519.
 */
export function signHash(
  thing: SignedThing,
  statement: Omit<MemberSignature, 'signature'>,
  key: SigningKey,
): MemberSignature {
  return Object.freeze({ ...statement, signature: signStatement(typeOf(thing), bodyOf(statement), key) });
}

/** Whether a signature of the hash and the time that it names is valid under a public key, given as text. */
export function verifyHash(thing: SignedThing, signed: MemberSignature, publicKey: string): boolean {
  return verifyStatement(typeOf(thing), bodyOf(signed), signed.signature, publicKey);
}
