import * as z from 'zod';
import { decodeBase64, encodeBase64 } from '../../bytes/index.ts';
import type { CollaborationId } from '../../crypto/index.ts';
import { collaborationIdShape } from '../envelope.ts';
import { SealroomError } from '../../errors/index.ts';
import type { SigningKey } from '../../platform/index.ts';
import { kindOfCard, type SignedCard } from './card.ts';
import { readSignedText, type Signed, signText, type Unchecked } from './signed-text.ts';
import { DAY_MS, MAX_DAYS, requireValid } from './validity.ts';

/** Bytes of a challenge. */
export const CHALLENGE_BYTES = 32;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

//= exchange E-20
const request = z
  .strictObject({
    /** A UUID in lower case. */
    collaborationId: collaborationIdShape,
    /** The generation of the secret, or `null` for the newest that the sender holds. */
    generation: z.int().min(1).max(1_000_000).nullable(),
    /** 32 random bytes in Base64. */
    challenge: z.string().refine((text) => decodeBase64(text)?.length === CHALLENGE_BYTES),
    /** Hash of the sender's card: the member that is asked. */
    sender: sha256,
    /** Hash of the receiver's card: the member that asks and signs. */
    receiver: sha256,
    /** The kind of the receiver's receiving key. */
    kind: z.enum(['mlkem768x25519', 'X25519']),
    created: z.iso.datetime({ precision: 3 }),
    expires: z.iso.datetime({ precision: 3 }),
  })
  .readonly();

/** A receiver's request to a sender for a secret. */
export type KeyRequest = z.infer<typeof request>;

/** A request and its signed text. */
export type SignedRequest = Signed<KeyRequest>;

/** The options of {@link makeRequest}. */
export interface RequestOptions {
  readonly collaborationId: CollaborationId;
  readonly generation: number | null;
  /** The card of the member that is asked. */
  readonly sender: SignedCard;
  /** The card of this home. */
  readonly receiver: SignedCard;
  /** 32 bytes from the platform's generator, used for nothing else. */
  readonly challenge: Uint8Array;
  readonly now: Date;
  /** Days for which the request is valid: more than 0, at most 30. */
  readonly days: number;
}

/**
 * Creates a request for a secret.
 *
 * @param key the receiver's signing key
 * @throws {SealroomError} USAGE_OPTION if the number of days or the generation is out of range.
 */
export function makeRequest(options: RequestOptions, key: SigningKey): SignedRequest {
  const { collaborationId, generation, sender, receiver, challenge, now, days } = options;
  if (!(days > 0 && days <= MAX_DAYS)) {
    throw new SealroomError('USAGE_OPTION', `expected 1 to ${String(MAX_DAYS)} days, got ${String(days)}`);
  }
  const body = {
    collaborationId,
    generation,
    challenge: encodeBase64(challenge),
    sender: sender.sha256,
    receiver: receiver.sha256,
    kind: kindOfCard(receiver),
    created: now.toISOString(),
    expires: new Date(now.getTime() + days * DAY_MS).toISOString(),
  };
  const parsed = request.safeParse(body);
  if (parsed.success) return signText('key-request', parsed.data, key);
  throw new SealroomError('USAGE_OPTION', 'the generation must be a whole number from 1 on', {
    hint: 'leave it out for the newest one',
  });
}

/**
 * Parses the text of a request. It does not check the signature: {@link requireAnswerable} does.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if it is malformed, not in canonical form, or has an unknown version.
 */
export function parseRequest(text: string, where: { readonly file?: string | undefined } = {}): Unchecked<KeyRequest> {
  return readSignedText('key-request', request, text, where);
}

/**
 * Refuses a request that the sender must not answer.
 *
 * @param parties `receiver`: the pinned card of the member that should get the secret; `own`: the sender's card
 * @throws {SealroomError} CUSTODY_MESSAGE if it is not from the receiver, not for the sender, expired, or for a different kind
 *   of key than that of the receiver's card.
 */
export function requireAnswerable(
  { body, isSignedWith }: Unchecked<KeyRequest>,
  { receiver, own }: { readonly receiver: SignedCard; readonly own: SignedCard },
  now: Date,
): void {
  const refuse = (message: string, hint: string): SealroomError =>
    new SealroomError('CUSTODY_MESSAGE', message, { hint });
  const { id } = receiver.body;
  //= exchange E-21, E-22
  if (body.receiver === own.sha256) {
    throw refuse('the request was made by this home', 'give the request that the other member sent');
  }
  if (body.receiver !== receiver.sha256 || !isSignedWith(receiver.body.sign)) {
    throw refuse(
      `the request is not signed by \`${id}\``,
      `ask ${id} for one; if its card is new, verify the new card first`,
    );
  }
  if (body.sender !== own.sha256) {
    throw refuse(
      "the request is not for this home's card",
      `${id} must ask with \`--from\` and the card that \`sealroom member card\` prints here`,
    );
  }
  if (body.kind !== kindOfCard(receiver)) {
    throw refuse(`the request is not for the kind of key on the card of \`${id}\``, `ask ${id} for a new request`);
  }
  requireValid(body, now, 'the request');
}
