import { z } from 'zod';
import { decodeBase64, encodeBase64 } from '../../bytes/index.ts';
import type { CollaborationId } from '../../crypto/index.ts';
import { collaborationIdShape } from '../envelope.ts';
import { SealroomError } from '../../errors/index.ts';
import type { SigningKey } from '../../signing/index.ts';
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
    /** Which of the collaboration's secrets; `null` for the newest that the sender holds. */
    generation: z.int().min(1).max(1_000_000).nullable(),
    /** 32 random bytes in Base64. */
    challenge: z.string().refine((text) => decodeBase64(text)?.length === CHALLENGE_BYTES),
    /** Hash of the card of whoever is asked. */
    sender: sha256,
    /** Hash of the card of whoever asks, and signs. */
    receiver: sha256,
    /** Of the receiver's receiving key. */
    kind: z.enum(['mlkem768x25519', 'X25519']),
    created: z.iso.datetime({ precision: 3 }),
    expires: z.iso.datetime({ precision: 3 }),
  })
  .readonly();

/** What a receiver asks a sender for. */
export type KeyRequest = z.infer<typeof request>;

/** A request, and the text that it was signed in. */
export type SignedRequest = Signed<KeyRequest>;

/** What {@link makeRequest} needs to know. */
export interface RequestOptions {
  readonly collaborationId: CollaborationId;
  readonly generation: number | null;
  /** The card of whoever is asked. */
  readonly sender: SignedCard;
  /** One's own. */
  readonly receiver: SignedCard;
  /** 32 bytes of the platform's generator, used for nothing else. */
  readonly challenge: Uint8Array;
  readonly now: Date;
  /** Days that the request counts for. */
  readonly days: number;
}

/**
 * Asks for a secret.
 *
 * @param key the receiver's signing key
 * @throws {SealroomError} USAGE_OPTION if it should count for no day, or for more than 30, or no secret can have the generation.
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
  throw new SealroomError('USAGE_OPTION', 'expected a generation from 1 on, got another number', {
    hint: 'leave it out for the newest one',
  });
}

/**
 * A request from the text of its file. Its signature is not checked: {@link requireAnswerable} does.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if it is none, was changed in form, or is of another version.
 */
export function parseRequest(text: string, where: { readonly file?: string | undefined } = {}): Unchecked<KeyRequest> {
  return readSignedText('key-request', request, text, where);
}

/**
 * Refuses a request that the sender must not answer.
 *
 * @param parties `receiver`: the pinned card of whoever should get the secret; `own`: the sender's
 * @throws {SealroomError} CUSTODY_MESSAGE if it is not the receiver's, not meant for the sender, expired, or names another kind
 *   of key than the receiver's card has.
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
    throw refuse("expected another member's request, got one's own", 'give the request that the other one sent');
  }
  if (body.receiver !== receiver.sha256 || !isSignedWith(receiver.body.sign)) {
    throw refuse(
      `expected a request that \`${id}\` signed, got another`,
      `have ${id} make one; if its card is new, verify the new one first`,
    );
  }
  if (body.sender !== own.sha256) {
    throw refuse(
      "expected a request to this home's card, got one to another",
      `${id} asks with \`--from\` and the card that \`sealroom member card\` prints here`,
    );
  }
  if (body.kind !== kindOfCard(receiver)) {
    throw refuse(
      `expected a request for the kind of key on the card of \`${id}\`, got one for another`,
      `have ${id} make a new request`,
    );
  }
  requireValid(body, now, 'the request');
}
