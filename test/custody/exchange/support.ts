import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type AgeKind, generateIdentity, openAge, recipientOf, sealAge } from '#src/age/index';
import {
  type CollaborationId,
  parseCollaborationId,
  type SharedSecret,
  sharedSecretFromBytes,
} from '#src/crypto/index';
import { makeCard, type SignedCard } from '#src/custody/exchange/card';
import { type ParcelContext, sealParcel } from '#src/custody/exchange/parcel';
import { makeRequest, parseRequest, requireAnswerable, type SignedRequest } from '#src/custody/exchange/request';
import { SealroomError } from 'sealroom';

export const ID = parseCollaborationId('5ea1ed00-d3a0-4c0f-8a00-00000000de30');
export const OTHER_ID = parseCollaborationId('5ea1ed00-d3a0-4c0f-8a00-00000000de31');
export const NOW = new Date('2026-11-24T12:00:00.000Z');

/** So many milliseconds after {@link NOW}. */
export const later = (ms: number): Date => new Date(NOW.getTime() + ms);

export const DAY_MS = 24 * 60 * 60 * 1000;

export const SECRET_BYTES = Uint8Array.from({ length: 32 }, (_, index) => index);

const secret = (): SharedSecret => sharedSecretFromBytes(SECRET_BYTES);

export interface Party {
  readonly card: SignedCard;
  readonly key: KeyObject;
  readonly identities: readonly string[];
}

/** Somebody with keys and a card. */
export async function makeParty(id: string, kind: AgeKind = 'X25519'): Promise<Party> {
  const key = generateKeyPairSync('ed25519').privateKey;
  const identity = await generateIdentity(kind);
  const receive = await recipientOf(identity);
  const card = makeCard({ id, name: id.toUpperCase(), receive, created: NOW.toISOString() }, key);
  return { card, key, identities: [identity] };
}

export interface AskOptions {
  readonly collaborationId?: CollaborationId;
  readonly generation?: number | null;
  readonly challenge?: Uint8Array;
  readonly days?: number;
  readonly now?: Date;
}

/** A request of one party to another. */
export function ask(receiver: Party, sender: Party, options: AskOptions = {}): SignedRequest {
  const { collaborationId = ID, generation = null, challenge = SECRET_BYTES, days = 7, now = NOW } = options;
  return makeRequest(
    { collaborationId, generation, challenge, days, now, sender: sender.card, receiver: receiver.card },
    receiver.key,
  );
}

export interface AnswerOptions {
  readonly generation?: number;
  readonly secret?: SharedSecret;
  readonly now?: Date;
}

/** The parcel of a party that answers a request of another, after it checked it. */
export async function answer(
  sender: Party,
  receiver: Party,
  request: SignedRequest,
  options: AnswerOptions = {},
): Promise<Uint8Array> {
  const { generation = 1, secret: given = secret(), now = NOW } = options;
  requireAnswerable(parseRequest(request.text), { receiver: receiver.card, own: sender.card }, now);
  return sealParcel(
    { request, receiver: receiver.card, generation, secret: given, isRoleBound: false, now },
    sender.key,
  );
}

/** What a party knows: its open requests, the cards that it pinned, what it holds. */
export function contextOf(
  own: Party,
  requests: readonly SignedRequest[],
  pinned: readonly Party[],
  more: Partial<ParcelContext> = {},
): ParcelContext {
  const refuse = (): never => {
    throw new SealroomError('CUSTODY_MESSAGE', 'not found');
  };
  return {
    identities: own.identities,
    own: own.card,
    now: NOW,
    findRequest: async (collaborationId, sha256) =>
      requests.find((one) => one.sha256 === sha256 && one.body.collaborationId === collaborationId) ?? refuse(),
    findCard: async (sha256) => pinned.find((one) => one.card.sha256 === sha256)?.card ?? refuse(),
    listHeld: async () => [],
    ...more,
  };
}

/** What is in a parcel, for who can open it. */
export async function contentOf(parcel: Uint8Array, { identities }: Party): Promise<Uint8Array> {
  const content = await openAge(parcel, { identities });
  if (content.kind !== 'opened') throw new Error(content.kind);
  return content.bytes;
}

export const sealFor = (content: Uint8Array, recipients: readonly Party[]): Promise<Uint8Array> =>
  sealAge(content, { recipients: recipients.map(({ card }) => card.body.receive) });

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The body of a signed text. */
export function payloadOf(text: string): string {
  const { payload } = JSON.parse(text) as { readonly payload: string };
  return Buffer.from(payload, 'base64').toString('utf8');
}

/** The code of the error that something is refused with, and its message; `taken` if it is not. */
export async function outcomeOf(action: () => unknown): Promise<string> {
  try {
    await action();
    return 'taken';
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    return `${error.code} ${error.message}`;
  }
}
