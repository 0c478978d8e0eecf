import canonicalize from 'canonicalize';
import * as z from 'zod';
import { decodeBase64, decodeUtf8Lenient, encodeBase64, encodeUtf8 } from '../../bytes/index.ts';
import { parseJson, SealroomError } from '../../errors/index.ts';
import { sha256Hex, type SigningKey } from '../../platform/index.ts';
import { SIGNATURE_PATTERN, signStatement, verifyStatement } from '../../signing/index.ts';

/** Most characters of a card or a request. */
const MAX_CHARACTERS = 64 * 1024;

/** The kinds of signed texts. */
type SignedKind = 'card' | 'key-request';

//= exchange E-2
const typeOf = (kind: SignedKind): string => `application/vnd.sealroom.${kind}.v1+json`;

/** Matches the types of a kind, of any version. */
const anyVersionOf = (kind: SignedKind): RegExp => new RegExp(`^application/vnd\\.sealroom\\.${kind}\\.v\\d+\\+json$`);

const WORDS: Readonly<Record<SignedKind, string>> = { card: "member's card", 'key-request': 'request for a secret' };

const dsse = z.strictObject({
  payload: z.string(),
  payloadType: z.string(),
  signatures: z.tuple([z.strictObject({ sig: z.string().regex(SIGNATURE_PATTERN) })]),
});

/** A body and its signed text. */
export interface Signed<Body> {
  readonly body: Body;
  /** Identifies it: SHA-256 of the body's canonical JSON, in hexadecimal. */
  readonly sha256: string;
  /** The text of its file. */
  readonly text: string;
}

/** A signed text with an unchecked signature; it names its signer itself, or by the hash of a card. */
export interface Unchecked<Body> extends Signed<Body> {
  /** Whether it was signed with the private half of this key, `ed25519:…`. */
  readonly isSignedWith: (publicKey: string) => boolean;
}

/** Signs a body: DSSE v1 in canonical JSON, followed by a line feed. */
export function signText<Body extends object>(kind: SignedKind, body: Body, key: SigningKey): Signed<Body> {
  const payload = canonicalize(body) ?? '';
  const signatures = [{ sig: signStatement(typeOf(kind), payload, key) }];
  const text = printEnvelope({ payload: encodeBase64(encodeUtf8(payload)), payloadType: typeOf(kind), signatures });
  return Object.freeze({ body, sha256: sha256Hex(payload), text });
}

/** A signed text as plain fields: those of its body, and its signature in Base64. */
export type CarriedText = Readonly<Record<string, string | number | null>>;

/** Takes a signed text apart, for a file that carries it among other things; {@link printCarried} puts it together again. */
export function carryText({ body, text }: Signed<Readonly<Record<string, string | number | null>>>): CarriedText {
  const outer = dsse.parse(parseJson(text));
  return Object.freeze({ ...body, signature: outer.signatures[0].sig });
}

/** The text that {@link carryText} took apart; it is read and checked like any other. */
export function printCarried(kind: SignedKind, { signature, ...body }: CarriedText): string {
  const payload = encodeBase64(encodeUtf8(canonicalize(body) ?? ''));
  return printEnvelope({ payload, payloadType: typeOf(kind), signatures: [{ sig: signature }] });
}

const printEnvelope = (value: object): string => `${canonicalize(value) ?? ''}\n`;

/**
 * Parses a text made by {@link signText}. It does not check the signature.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if it is malformed, not in canonical form, or has an unknown version.
 */
export function readSignedText<Body extends object>(
  kind: SignedKind,
  schema: z.ZodType<Body>,
  text: string,
  where: { readonly file?: string | undefined },
): Unchecked<Body> {
  const refuse = (message: string, hint: string): SealroomError =>
    new SealroomError('CUSTODY_MESSAGE', message, { where, hint });
  const other = refuse(`not a ${WORDS[kind]}, or it was changed`, 'ask for it again, as an unchanged file');
  //= exchange E-1
  if (text.length > MAX_CHARACTERS) throw refuse(`too long for a ${WORDS[kind]}`, 'check that it is the right file');
  const outer = dsse.safeParse(parseJson(text));
  if (!outer.success) throw other;
  const { payload, payloadType, signatures } = outer.data;
  if (payloadType !== typeOf(kind) && anyVersionOf(kind).test(payloadType)) {
    throw refuse(
      `the ${WORDS[kind]} has an unknown version`,
      'both members need a version of sealroom that supports it',
    );
  }
  if (payloadType !== typeOf(kind) || printEnvelope(outer.data) !== text) throw other;
  const json = decodeUtf8Lenient(decodeBase64(payload) ?? new Uint8Array());
  const inner = schema.safeParse(parseJson(json));
  // Only the canonical form: the body printed again, as text and in Base64, must give the input.
  if (!inner.success || canonicalize(inner.data) !== json || encodeBase64(encodeUtf8(json)) !== payload) throw other;
  return Object.freeze({
    body: Object.freeze(inner.data),
    //= exchange E-3
    sha256: sha256Hex(json),
    text,
    isSignedWith: (publicKey: string) => verifyStatement(typeOf(kind), json, signatures[0].sig, publicKey),
  });
}
