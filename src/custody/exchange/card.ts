import * as z from 'zod';
import { type AgeKind, kindOfRecipient } from '../../age/index.ts';
import { SealroomError } from '../../errors/index.ts';
import type { SigningKey } from '../../platform/index.ts';
import { PUBLIC_KEY_PATTERN, printPublicKey } from '../../signing/index.ts';
import { readSignedText, type Signed, signText } from './signed-text.ts';

/** The form of a member's id, as in manifests. */
const MEMBER_ID = /^[a-z][a-z0-9_]{0,62}$/;

//= exchange E-10
const card = z
  .strictObject({
    /** Id of the member. */
    id: z.string().regex(MEMBER_ID),
    /** One line of text for people. */
    name: z.string().regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,200}$/u),
    /** Ed25519 public key, `ed25519:` and 32 bytes in Base64. */
    sign: z.string().regex(PUBLIC_KEY_PATTERN),
    /** An age recipient. */
    //= exchange E-11
    receive: z.string().refine((text) => kindOfRecipient(text) !== null),
    /** In UTC with milliseconds; informative only. */
    created: z.iso.datetime({ precision: 3 }),
  })
  .readonly();

/** A member's statement about itself: its name and its public keys. */
export type Card = z.infer<typeof card>;

/** A card with a valid signature. */
export type SignedCard = Signed<Card>;

/**
 * Creates a card.
 *
 * @param key the private half of the card's `sign`
 * @throws {SealroomError} USAGE_OPTION if the id or the name is invalid; SECRET_INVALID if the key does not fit the card.
 */
export function makeCard(value: Omit<Card, 'sign'>, key: SigningKey): SignedCard {
  const parsed = card.safeParse({ ...value, sign: printPublicKey(key) });
  if (parsed.success) return signText('card', parsed.data, key);
  throw new SealroomError('USAGE_OPTION', 'the id or the name of the member is invalid', {
    hint: 'an id has 1 to 63 of `a-z`, `0-9` and `_`, and starts with a letter; a name has 1 to 200 characters on one line',
  });
}

/**
 * Parses the text of a card and checks its signature. A valid signature shows that the card was not changed, but not whose it
 * is: members find that out by comparing authentication strings.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if it is malformed, was changed, or has an unknown version.
 */
export function parseCard(text: string, where: { readonly file?: string | undefined } = {}): SignedCard {
  const { isSignedWith, ...signed } = readSignedText('card', card, text, where);
  if (isSignedWith(signed.body.sign)) return Object.freeze(signed);
  throw new SealroomError('CUSTODY_MESSAGE', 'the card was not signed by its member, or was changed', {
    where,
    hint: 'ask for it again, as an unchanged file',
  });
}

/** The kind of the card's receiving key. */
export function kindOfCard({ body }: SignedCard): AgeKind {
  const kind = kindOfRecipient(body.receive);
  if (kind === null) throw new TypeError('a card was made without a recipient');
  return kind;
}
