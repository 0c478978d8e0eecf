import canonicalize from 'canonicalize';
import { z } from 'zod';
import { decodeBase64, decodeUtf8Lenient, encodeBase64, encodeUtf8 } from '../../bytes/index.ts';
import { parseJson, SealroomError } from '../../errors/index.ts';
import { SIGNATURE_PATTERN, type SigningKey, sha256Hex, signStatement, verifyStatement } from '../../signing/index.ts';

/** Characters of a card or a request at most. */
const MAX_CHARACTERS = 64 * 1024;

/** What is signed as a text. */
type SignedKind = 'card' | 'key-request';

//= exchange E-2
const typeOf = (kind: SignedKind): string => `application/vnd.sealroom.${kind}.v1+json`;

/** Types of the same kind, of whatever version. */
const anyVersionOf = (kind: SignedKind): RegExp => new RegExp(`^application/vnd\\.sealroom\\.${kind}\\.v\\d+\\+json$`);

const WORDS: Readonly<Record<SignedKind, string>> = { card: 'card of a member', 'key-request': 'request for a secret' };

const dsse = z.strictObject({
  payload: z.string(),
  payloadType: z.string(),
  signatures: z.tuple([z.strictObject({ sig: z.string().regex(SIGNATURE_PATTERN) })]),
});

/** A body, and the text that it was signed in. */
export interface Signed<Body> {
  readonly body: Body;
  /** Names it: SHA-256 of the body's canonical JSON, in hexadecimal. */
  readonly sha256: string;
  /** The text of its file. */
  readonly text: string;
}

/** A signed text whose signature has not been checked: it names its signer itself, or by the hash of a card. */
export interface Unchecked<Body> extends Signed<Body> {
  /** Whether it was signed with the private half of this key, `ed25519:…`. */
  readonly isSignedWith: (publicKey: string) => boolean;
}

/** Signs a body: DSSE v1 in canonical JSON, and a line feed. */
export function signText<Body extends object>(kind: SignedKind, body: Body, key: SigningKey): Signed<Body> {
  const payload = canonicalize(body) ?? '';
  const signatures = [{ sig: signStatement(typeOf(kind), payload, key) }];
  const text = printEnvelope({ payload: encodeBase64(encodeUtf8(payload)), payloadType: typeOf(kind), signatures });
  return Object.freeze({ body, sha256: sha256Hex(payload), text });
}

const printEnvelope = (value: object): string => `${canonicalize(value) ?? ''}\n`;

/**
 * Reads what {@link signText} makes. The signature is not checked yet.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if it is something else, was changed in form, or is of another version.
 */
export function readSignedText<Body extends object>(
  kind: SignedKind,
  schema: z.ZodType<Body>,
  text: string,
  where: { readonly file?: string | undefined },
): Unchecked<Body> {
  const refuse = (got: string, hint: string): SealroomError =>
    new SealroomError('CUSTODY_MESSAGE', `expected the ${WORDS[kind]}, got ${got}`, { where, hint });
  const other = refuse('another or a changed text', 'have it sent again, as a file and without any change');
  //= exchange E-1
  if (text.length > MAX_CHARACTERS) throw refuse('a longer text', 'see which file it is');
  const outer = dsse.safeParse(parseJson(text));
  if (!outer.success) throw other;
  const { payload, payloadType, signatures } = outer.data;
  if (payloadType !== typeOf(kind) && anyVersionOf(kind).test(payloadType)) {
    throw refuse('one of another version', 'both members need a version of sealroom that knows it');
  }
  if (payloadType !== typeOf(kind) || printEnvelope(outer.data) !== text) throw other;
  const json = decodeUtf8Lenient(decodeBase64(payload) ?? new Uint8Array());
  const inner = schema.safeParse(parseJson(json));
  // One form: the body printed again, as text and in Base64, is what came.
  if (!inner.success || canonicalize(inner.data) !== json || encodeBase64(encodeUtf8(json)) !== payload) throw other;
  return Object.freeze({
    body: Object.freeze(inner.data),
    //= exchange E-3
    sha256: sha256Hex(json),
    text,
    isSignedWith: (publicKey: string) => verifyStatement(typeOf(kind), json, signatures[0].sig, publicKey),
  });
}
