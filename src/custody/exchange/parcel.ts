import canonicalize from 'canonicalize';
import * as z from 'zod';
import { listStanzas, openAge, sealAge } from '../../age/index.ts';
import { concatBytes, decodeBase64, decodeUtf8Lenient, encodeBase64, encodeUtf8, wipe } from '../../bytes/index.ts';
import { type CollaborationId, type SharedSecret, sharedSecretFromBytes } from '../../crypto/index.ts';
import { collaborationIdShape } from '../envelope.ts';
import { parseJson, SealroomError } from '../../errors/index.ts';
import type { SigningKey } from '../../platform/index.ts';
import { signStatement, verifyStatement } from '../../signing/index.ts';
import { secretIdOf } from '../secret.ts';
import { kindOfCard, type SignedCard } from './card.ts';
import type { SignedRequest } from './request.ts';
import { requireValid } from './validity.ts';

//= exchange E-2
const TYPE = 'application/vnd.sealroom.key-parcel.v1';
const ANY_VERSION = /^application\/vnd\.sealroom\.key-parcel\.v\d+$/;

const LINE_FEED = 0x0a;
const SIGNATURE_BYTES = 64;
const MIN_SECRET_BYTES = 32;

/** Most bytes of a parcel; one for a post-quantum recipient has about 3 KiB. */
export const MAX_PARCEL_BYTES = 64 * 1024;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

//= exchange E-32
const facts = z
  .strictObject({
    /** A UUID in lower case. */
    collaborationId: collaborationIdShape,
    generation: z.int().min(1).max(1_000_000),
    secretId: z.string().regex(/^[0-9a-f]{32}$/),
    /** As in the sender's envelope: if the sender's is bound to the roles of the manifest, so is the receiver's. */
    isRoleBound: z.boolean(),
    /** Hash of the answered request, which covers its challenge. */
    request: sha256,
    /** Hashes of the cards of its signer and its receiver. */
    sender: sha256,
    receiver: sha256,
    created: z.iso.datetime({ precision: 3 }),
    expires: z.iso.datetime({ precision: 3 }),
  })
  .readonly();

/** The sender's statement about the secret in a parcel. */
type MessageHeader = z.infer<typeof facts>;

/** The options of {@link sealParcel}. */
export interface ParcelOptions {
  /** The request to answer, already checked by `requireAnswerable`. */
  readonly request: SignedRequest;
  /** The pinned card of the receiver. */
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

/** The receiver's keys, cards, requests and secrets. */
export interface ParcelContext {
  /** The receiver's age identities. */
  readonly identities: readonly string[];
  /** The receiver's card. */
  readonly own: SignedCard;
  /**
   * Finds the unused request with a hash.
   *
   * @throws {SealroomError} CUSTODY_MESSAGE if there is none, or it was used.
   */
  readonly findRequest: (collaborationId: CollaborationId, sha256: string) => Promise<SignedRequest>;
  /**
   * Finds the pinned card with a hash.
   *
   * @throws {SealroomError} CUSTODY_MESSAGE if there is none.
   */
  readonly findCard: (sha256: string) => Promise<SignedCard>;
  /** Lists the generations of a collaboration that the receiver already has. */
  readonly listHeld: (collaborationId: CollaborationId) => Promise<readonly HeldGeneration[]>;
  readonly now: Date;
}

/** A generation for which the receiver has an envelope. */
export interface HeldGeneration {
  readonly generation: number;
  readonly secretId: string;
}

/** A secret received from another member. */
export interface ReceivedSecret {
  /** The caller disposes of it. */
  readonly secret: SharedSecret;
  readonly facts: MessageHeader;
  readonly request: SignedRequest;
  readonly sender: SignedCard;
}

/**
 * Opens a parcel and checks all of its content against the receiver's request. It does not mark the request as used: the
 * caller does that once the secret is safe.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if it is damaged, not for this receiver, not from the member that was asked, not the
 *   answer to an open request, expired, or holds an old or different secret. Of the parcel's content, the message has only
 *   hashes, ids and times.
 */
export async function openParcel(file: Uint8Array, context: ParcelContext): Promise<ReceivedSecret> {
  const { own } = context;
  //= exchange E-33
  const stanzas = listStanzas(file);
  if (file.length > MAX_PARCEL_BYTES || stanzas.length !== 1 || stanzas[0] !== kindOfCard(own)) {
    throw refuse(
      `the file is not a parcel for one key of kind ${kindOfCard(own)}`,
      'ask for it again; a parcel is never for several keys, nor for a key of another kind',
    );
  }
  const opened = await openAge(file, { identities: context.identities });
  if (opened.kind === 'notForUs') throw refuse('the parcel is for another key than those of this home', RESEND);
  if (opened.kind === 'damaged') throw refuse('the parcel was changed or truncated', RESEND);
  try {
    return await checkContent(opened.bytes, context);
  } finally {
    wipe(opened.bytes);
  }
}

const RESEND = 'ask for it again: `sealroom key send` answers the same request once more';

async function checkContent(content: Uint8Array, context: ParcelContext): Promise<ReceivedSecret> {
  const { own, now } = context;
  const { value, body, signature, secretBytes } = readContent(content);
  //= exchange E-15, E-34
  const request = await context.findRequest(value.collaborationId, value.request);
  const sender = await context.findCard(request.body.sender);
  if (value.sender !== sender.sha256 || !verifyStatement(TYPE, body, signature, sender.body.sign)) {
    throw refuse(`the parcel is not signed by \`${sender.body.id}\``, RESEND);
  }
  if (value.receiver !== own.sha256 || request.body.receiver !== own.sha256) {
    throw refuse("the parcel is not for this home's card", 'make a new request');
  }
  const { collaborationId, expires } = request.body;
  if (value.collaborationId !== collaborationId || value.expires !== expires) {
    throw refuse('the parcel does not match the request', 'make a new request');
  }
  requireValid(value, now, 'the parcel');
  requireGeneration(value, request.body.generation, await context.listHeld(collaborationId));
  const secret = sharedSecretFromBytes(secretBytes);
  if (secretIdOf(secret, collaborationId) === value.secretId) {
    return Object.freeze({ secret, facts: Object.freeze(value), request, sender });
  }
  secret[Symbol.dispose]();
  throw refuse('the parcel does not hold the secret that it names', RESEND);
}

/** Parses the content: `type ‖ 0A ‖ signature (64) ‖ facts ‖ 0A ‖ secret`. The parts are views. */
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
    throw refuse('the parcel has an unknown version', 'both members need a version of sealroom that supports it');
  }
  const bodyStart = typeEnd + 1 + SIGNATURE_BYTES;
  const body = content.subarray(bodyStart);
  const factsEnd = body.indexOf(LINE_FEED);
  const json = decodeUtf8Lenient(body.subarray(0, Math.max(factsEnd, 0)));
  const parsed = facts.safeParse(parseJson(json));
  const secretBytes = body.subarray(factsEnd + 1);
  const isWhole = secretBytes.length >= MIN_SECRET_BYTES;
  if (type !== TYPE || !parsed.success || canonicalize(parsed.data) !== json || !isWhole) {
    throw refuse('the age file is not a parcel with a secret', 'check that it is the right file');
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
      `to get an older one, ask for it with \`sealroom key request --generation ${String(generation)}\``,
    );
  }
  const same = held.find((one) => one.generation === generation);
  if (same === undefined || same.secretId === secretId) return;
  throw refuse(
    `the home already has another secret of generation ${String(generation)}`,
    'the members have two secrets of one generation: agree on one, or rotate',
  );
}

function refuse(message: string, hint: string): SealroomError {
  return new SealroomError('CUSTODY_MESSAGE', message, { hint });
}
