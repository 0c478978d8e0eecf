import { type SigningKey, signStatement, verifyStatement } from '../signing/index.ts';

/** A member's signature of a hash. */
export interface MemberSignature {
  readonly member: string;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  /** 64 bytes in Base64. */
  readonly signature: string;
}

/** What is signed: the terms of the collaboration, or one of its templates. A signature of one is not valid for the other. */
export type SignedThing = 'manifest' | 'template';

/** The type of the signed statement, whose body is the hash as 64 hexadecimal digits. */
const typeOf = (thing: SignedThing): string => `application/vnd.sealroom.${thing}.sha256`;

/**
 * Signs a hash with a member's private key.
 *
 * @throws {SealroomError} SECRET_INVALID if the key is not Ed25519.
 */
export function signHash(thing: SignedThing, sha256: string, member: string, key: SigningKey): MemberSignature {
  return Object.freeze({ member, sha256, signature: signStatement(typeOf(thing), sha256, key) });
}

/** Whether a signature of the hash that it names is valid under a public key, given as text. */
export function verifyHash(thing: SignedThing, { sha256, signature }: MemberSignature, publicKey: string): boolean {
  return verifyStatement(typeOf(thing), sha256, signature, publicKey);
}
