import canonicalize from 'canonicalize';
import { z } from 'zod';
import { listStanzas, openAge, sealAge } from '../../age/index.ts';
import { concatBytes, decodeBase64, decodeUtf8Lenient, encodeBase64, encodeUtf8, wipe } from '../../bytes/index.ts';
import { type SharedSecret, sharedSecretFromBytes } from '../../crypto/index.ts';
import { parseJson, SealroomError } from '../../errors/index.ts';
import { type SigningKey, signStatement, verifyStatement } from '../../signing/index.ts';
import { secretIdOf } from '../secret-id.ts';
import { kindOfCard, type SignedCard } from './card.ts';
import type { SignedRequest } from './request.ts';
import { requireValid } from './validity.ts';

//= exchange E-2
const TYPE = 'application/vnd.sealroom.key-parcel.v1';
const ANY_VERSION = /^application\/vnd\.sealroom\.key-parcel\.v\d+$/;

const LINE_FEED = 0x0a;
const SIGNATURE_BYTES = 64;
const MIN_SECRET_BYTES = 32;

/** Bytes of a parcel at most; one with a post-quantum recipient has about 3 KiB. */
export const MAX_PARCEL_BYTES = 64 * 1024;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

//= exchange E-32
const facts = z
  .strictObject({
    /** A UUID in lower case. */
    collaborationId: z.guid().regex(/^[^A-Z]*$/),
    generation: z.int().min(1).max(1_000_000),
    secretId: z.string().regex(/^[0-9a-f]{32}$/),
    /** As in the sender's envelope: the receiver's is bound to the roles of the manifest if the sender's is. */
    isRoleBound: z.boolean(),
    /** Hash of the request that it answers, and so of its challenge. */
    request: sha256,
    /** Hashes of the cards of who signed it, and of who it is for. */
    sender: sha256,
    receiver: sha256,
    created: z.iso.datetime({ precision: 3 }),
    expires: z.iso.datetime({ precision: 3 }),
  })
  .readonly();

/** What the sender says of the secret in a parcel. */
type MessageHeader = z.infer<typeof facts>;

/** What {@link sealParcel} needs to know. */
export interface ParcelOptions {
  /** The request that is answered; `requireAnswerable` let it pass. */
  readonly request: SignedRequest;
  /** The pinned card of whoever gets the secret. */
  readonly receiver: SignedCard;
  readonly secret: SharedSecret;
  readonly generation: number;
  readonly isRoleBound: boolean;
  readonly now: Date;
}

/**
 * Seals a secret for a member: signed by the sender, then encrypted to the receiving key on the pinned card.
 *
 * @param key the sender's signing key
 * @returns an age file
 */
export async function sealParcel(
  { request, receiver, secret, generation, isRoleBound, now }: ParcelOptions,
  key: SigningKey,
): Promise<Uint8Array> {
  const { collaborationId, sender, expires } = request.body;
  const value: MessageHeader = {
    collaborationId,
    generation,
    secretId: secretIdOf(secret, collaborationId),
    isRoleBound,
    request: request.sha256,
    sender,
    receiver: receiver.sha256,
    created: now.toISOString(),
    expires,
  };
  //= exchange E-31
  const body = secret.use((bytes) => concatBytes([encodeUtf8(`${canonicalize(value) ?? ''}\n`), bytes]));
  const signature = decodeBase64(signStatement(TYPE, body, key)) ?? new Uint8Array();
  const content = concatBytes([encodeUtf8(`${TYPE}\n`), signature, body]);
  try {
    //= exchange E-30
    return await sealAge(content, { recipients: [receiver.body.receive] });
  } finally {
    wipe(body, content);
  }
}

/** What a receiver knows and holds. */
export interface ParcelContext {
  /** The receiver's age identities. */
  readonly identities: readonly string[];
  /** The receiver's card. */
  readonly own: SignedCard;
  /**
   * The request of a collaboration with a hash, if it is kept and was not used.
   *
   * @throws {SealroomError} CUSTODY_MESSAGE if there is none, or it was used.
   */
  readonly findRequest: (collaborationId: string, sha256: string) => Promise<SignedRequest>;
  /**
   * The pinned card of a hash.
   *
   * @throws {SealroomError} CUSTODY_MESSAGE if there is none.
   */
  readonly findCard: (sha256: string) => Promise<SignedCard>;
  /** What is held of a collaboration already. */
  readonly listHeld: (collaborationId: string) => Promise<readonly HeldGeneration[]>;
  readonly now: Date;
}

/** A generation that the receiver has an envelope of. */
export interface HeldGeneration {
  readonly generation: number;
  readonly secretId: string;
}

/** A secret that came from a member, for this one. */
export interface ReceivedSecret {
  /** The caller disposes of it. */
  readonly secret: SharedSecret;
  readonly facts: MessageHeader;
  readonly request: SignedRequest;
  readonly sender: SignedCard;
}

/**
 * Opens a parcel and checks everything in it against what the receiver asked for. It does not use up the request: the caller
 * does, when the secret is safe.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if it is damaged, not for this receiver, not from whom was asked, no answer to a request
 *   that is open, expired, or of an old or another secret. No content of the parcel but hashes, ids and times is in the message.
 */
export async function openParcel(file: Uint8Array, context: ParcelContext): Promise<ReceivedSecret> {
  const { own } = context;
  //= exchange E-33
  const stanzas = listStanzas(file);
  if (file.length > MAX_PARCEL_BYTES || stanzas.length !== 1 || stanzas[0] !== kindOfCard(own)) {
    throw refuse(
      `expected a parcel for one key of kind ${kindOfCard(own)}, got another file`,
      'have it sent again; a parcel is never for several keys, nor for a key of another kind',
    );
  }
  const content = await openAge(file, { identities: context.identities });
  if (content === 'others') throw refuse('expected a parcel for this home, got one for another key', RESEND);
  if (content === 'damaged') throw refuse('expected a whole parcel, got one that was changed or cut', RESEND);
  try {
    return await checkContent(content, context);
  } finally {
    wipe(content);
  }
}

const RESEND = 'have it sent again: `sealroom key send` answers the same request once more';

async function checkContent(content: Uint8Array, context: ParcelContext): Promise<ReceivedSecret> {
  const { own, now } = context;
  const { value, body, signature, secretBytes } = readContent(content);
  //= exchange E-15, E-34
  const request = await context.findRequest(value.collaborationId, value.request);
  const sender = await context.findCard(request.body.sender);
  if (value.sender !== sender.sha256 || !verifyStatement(TYPE, body, signature, sender.body.sign)) {
    throw refuse(`expected a parcel that \`${sender.body.id}\` signed, got another`, RESEND);
  }
  if (value.receiver !== own.sha256 || request.body.receiver !== own.sha256) {
    throw refuse("expected a parcel for this home's card, got one for another", 'make a new request');
  }
  const { collaborationId, expires } = request.body;
  if (value.collaborationId !== collaborationId || value.expires !== expires) {
    throw refuse('expected what was requested, got something else', 'make a new request');
  }
  requireValid(value, now, 'the parcel');
  requireGeneration(value, request.body.generation, await context.listHeld(collaborationId));
  const secret = sharedSecretFromBytes(secretBytes);
  if (secretIdOf(secret, collaborationId) === value.secretId) {
    return Object.freeze({ secret, facts: Object.freeze(value), request, sender });
  }
  secret[Symbol.dispose]();
  throw refuse('expected the secret that the parcel names, got another', RESEND);
}

/** Takes the content apart: `type ‖ 0A ‖ signature (64) ‖ facts ‖ 0A ‖ secret`. The parts are views. */
function readContent(content: Uint8Array): {
  readonly value: MessageHeader;
  readonly body: Uint8Array;
  /** In Base64. */
  readonly signature: string;
  readonly secretBytes: Uint8Array;
} {
  const typeEnd = content.indexOf(LINE_FEED);
  const type = decodeUtf8Lenient(content.subarray(0, Math.max(typeEnd, 0)));
  if (type !== TYPE && ANY_VERSION.test(type)) {
    throw refuse(
      'expected a parcel of this version, got one of another',
      'both members need a version of sealroom that knows it',
    );
  }
  const bodyStart = typeEnd + 1 + SIGNATURE_BYTES;
  const body = content.subarray(bodyStart);
  const factsEnd = body.indexOf(LINE_FEED);
  const json = decodeUtf8Lenient(body.subarray(0, Math.max(factsEnd, 0)));
  const parsed = facts.safeParse(parseJson(json));
  const secretBytes = body.subarray(factsEnd + 1);
  const isWhole = secretBytes.length >= MIN_SECRET_BYTES;
  if (type !== TYPE || !parsed.success || canonicalize(parsed.data) !== json || !isWhole) {
    throw refuse('expected a parcel with a secret, got another age file', 'see which file it is');
  }
  const signature = encodeBase64(content.subarray(typeEnd + 1, bodyStart));
  return { value: parsed.data, body, signature, secretBytes };
}

function requireGeneration(
  { generation, secretId }: MessageHeader,
  wanted: number | null,
  held: readonly HeldGeneration[],
): void {
  //= exchange E-35
  const newest = Math.max(0, ...held.map((one) => one.generation));
  if (wanted === null ? generation < newest : generation !== wanted) {
    const expected = wanted === null ? `${String(newest)} or a newer one` : String(wanted);
    throw refuse(
      `expected generation ${expected}, got ${String(generation)}`,
      `for an older one, ask for it: \`sealroom key request --generation ${String(generation)}\``,
    );
  }
  const same = held.find((one) => one.generation === generation);
  if (same === undefined || same.secretId === secretId) return;
  throw refuse(
    `expected the secret of generation ${String(generation)} that is held already, got another`,
    'the members have two secrets of one generation: agree on one, or rotate',
  );
}

function refuse(message: string, hint: string): SealroomError {
  return new SealroomError('CUSTODY_MESSAGE', message, { hint });
}
