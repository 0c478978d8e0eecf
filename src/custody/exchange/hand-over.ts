import { randomBytes } from 'node:crypto';
import type { CollaborationId, SharedSecret } from '../../crypto/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { openKeyLog } from '../key-log.ts';
import type { Envelope } from '../envelope.ts';
import type { MemberHome } from '../home.ts';
import type { KeyLog } from '../key-log.ts';
import { listEnvelopes, newestEnvelope, readEnvelope, type StoredEnvelope, storeEnvelope } from '../envelope-store.ts';
import { chooseKey } from '../choose-key.ts';
import { unwrapEnvelope } from '../unwrap-envelope.ts';
import type { SecretSubject } from '../key-events.ts';
import type { ProviderContext } from '../providers/provider.ts';
import { openProvider } from '../providers/open-provider.ts';
import { shortSecretId } from '../secret.ts';
import { parseCard, type SignedCard } from './card.ts';
import { readMember } from './member.ts';
import { type HeldGeneration, openParcel, type ReceivedSecret, sealParcel } from './parcel.ts';
import { findPinned, requireOther, requirePinned } from './card-store.ts';
import { CHALLENGE_BYTES, makeRequest, parseRequest, requireAnswerable, type SignedRequest } from './request.ts';
import { findRequest, keepRequest, noteAnswer, useRequest } from './request-store.ts';

/** A text and the file that it came from. */
export interface FileText {
  readonly text: string;
  readonly file?: string | undefined;
}

/** Throws if a secret of a collaboration is not the one that is meant. */
type SecretCheck = (
  secret: SharedSecret,
  facts: { readonly collaborationId: CollaborationId; readonly generation: number },
) => Promise<void>;

/** The options of {@link requestSecret}. */
export interface SecretRequestOptions {
  /** The card of the member that is asked. */
  readonly from: FileText;
  /** Whether the card may be pinned later: until it is, no parcel is accepted. */
  readonly isPinnedLater?: boolean | undefined;
  readonly collaborationId: CollaborationId;
  /** The generation, or `null` for the newest that the sender holds. */
  readonly generation: number | null;
  /** Days for which the request is valid: 1 to 30. */
  readonly days: number;
  readonly now: Date;
}

/**
 * Asks a member for a collaboration's secret. The request is kept in the home until its parcel comes.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if the card is the home's own, or not pinned and has to be; CUSTODY_KEY, SECRET_INVALID if the home has no
 *   member; USAGE_OPTION for a wrong number of days; IO_READ, IO_WRITE.
 */
export async function requestSecret(
  home: MemberHome,
  { from, isPinnedLater = false, ...options }: SecretRequestOptions,
): Promise<SignedRequest> {
  const { card, signingKey } = await readMember(home);
  const named = parseCard(from.text, from);
  requireOther(card, named);
  //= exchange E-15
  const sender = isPinnedLater ? named : await requirePinned(home, named, from);
  const challenge = randomBytes(CHALLENGE_BYTES);
  const request = makeRequest({ ...options, sender, receiver: card, challenge }, signingKey);
  await keepRequest(home, request);
  return request;
}

/** The options of {@link sendSecret}. */
export interface SendOptions {
  /** The pinned card of the member that gets the secret. */
  readonly to: FileText;
  readonly request: FileText;
  /** URI of the key that opens the envelope; `null` for the one that the envelope names. */
  readonly key: string | null;
  readonly context: ProviderContext;
  /** Called before the envelope is opened; throws if the owner of the home may not send this secret to the receiver. */
  readonly authorise: (envelope: Envelope, receiver: SignedCard) => Promise<void>;
  /** Called with the secret before anything is sealed. */
  readonly checkSecret?: SecretCheck | undefined;
  readonly now: Date;
}

/** A parcel and its receiver and envelope. */
export interface SentSecret {
  /** An age file. */
  readonly parcel: Uint8Array;
  readonly receiver: SignedCard;
  readonly envelope: Envelope;
}

/**
 * Answers a request with the secret that it asks for. The log of the home records this before the parcel is returned.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if the card is not pinned, or the request must not be answered; CUSTODY_KEY if the secret
 *   is not held; USAGE_OPTION under `--fips`; CUSTODY_*, SECRET_* of the provider; AUDIT_*, IO_LOCKED of the log; IO_READ,
 *   IO_WRITE; errors of `authorise` and `checkSecret`.
 */
export async function sendSecret(
  home: MemberHome,
  { to, request: requestFile, key, context, authorise, checkSecret, now }: SendOptions,
): Promise<SentSecret> {
  refuseFips(context);
  const { card, signingKey } = await readMember(home);
  const receiver = await requirePinned(home, parseCard(to.text, to), to);
  const request = parseRequest(requestFile.text, requestFile);
  requireAnswerable(request, { receiver, own: card }, now);
  const stored = await wantedEnvelope(home, request);
  const { envelope, file } = stored;
  const { generation, isRoleBound } = envelope;
  await authorise(envelope, receiver);
  await using log = await openKeyLog(home, { now: () => now });
  const chosen = await chooseKey(home, stored, key ?? undefined, context);
  await using provider = await openProvider(chosen.uri, context);
  using secret = await unwrapEnvelope(envelope, provider, { file });
  await chosen.remember();
  await record(log, 'unwrap', envelope, { own: card, peer: null });
  await checkSecret?.(secret, envelope);
  await noteAnswer(home, request, heldOf(envelope));
  const parcel = await sealParcel({ request, receiver, secret, generation, isRoleBound, now }, signingKey);
  await record(log, 'send', envelope, { own: card, peer: receiver });
  return Object.freeze({ parcel, receiver, envelope });
}

/** Parcels are age files. @throws {SealroomError} USAGE_OPTION if `--fips` forbids to make or open them. */
function refuseFips({ isFips }: ProviderContext): void {
  if (isFips !== true) return;
  throw new SealroomError('USAGE_OPTION', 'a secret cannot be handed over with `--fips`', {
    hint: 'parcels are age files, whose cryptography no FIPS provider has; leave out `--fips`',
  });
}

function record(
  log: KeyLog,
  action: 'unwrap' | 'send' | 'receive',
  { collaborationId, generation, secretId, provider, key }: Envelope,
  { own, peer }: { readonly own: SignedCard; readonly peer: SignedCard | null },
): Promise<void> {
  return log.record({
    action,
    member: own.body.id,
    collaborationId,
    generation,
    secretId: shortSecretId(secretId),
    provider,
    key,
    purpose: action === 'receive' ? 'receive' : 'send',
    peer: peer?.body.id ?? null,
    file: null,
  });
}

async function wantedEnvelope(home: MemberHome, { body }: SignedRequest): Promise<StoredEnvelope> {
  const { collaborationId, generation } = body;
  const stored =
    generation === null
      ? await newestEnvelope(home, collaborationId)
      : await readEnvelope(home, { collaborationId, generation });
  if (stored !== null) return stored;
  throw new SealroomError('CUSTODY_KEY', `the home has no secret of ${collaborationId}`, {
    where: { file: home.directory },
    hint: '`sealroom key show` lists the secrets of the home',
  });
}

/** What the log says of provider and key where there is no envelope to name them. */
const NO_KEY = 'none';

/** The options of {@link receiveSecret}. */
export interface ReceiveOptions {
  /** The age file. */
  readonly parcel: Uint8Array;
  /** URI of the key that will wrap the secret for this home. */
  readonly key: string;
  readonly context: ProviderContext;
  /** Called before the wrapping key is used; throws if the owner of the home may not have this secret. */
  readonly authorise: (secret: SecretSubject) => Promise<void>;
  /** Called with the secret before it is wrapped. */
  readonly checkSecret?: SecretCheck | undefined;
  readonly now: Date;
}

/** A received secret, which is now in the home. */
export interface TakenSecret {
  readonly sender: SignedCard;
  readonly stored: StoredEnvelope;
}

/**
 * Takes the secret out of a parcel, wraps it in an envelope of the home, and marks the request as used. If it is interrupted,
 * call it again with the same parcel.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if the parcel does not answer the request; USAGE_OPTION under `--fips`; CUSTODY_KEY,
 *   SECRET_INVALID if the home has no member; CUSTODY_*, SECRET_* of the provider; AUDIT_* of the log; IO_EXISTS, IO_LOCKED,
 *   IO_READ, IO_WRITE; errors of `authorise`.
 */
export async function receiveSecret(
  home: MemberHome,
  { parcel, key, context, authorise, checkSecret, now }: ReceiveOptions,
): Promise<TakenSecret> {
  refuseFips(context);
  const { card: own, identities } = await readMember(home);
  const received = await openParcel(parcel, {
    identities,
    own,
    now,
    findRequest: (collaborationId, sha256) => findRequest(home, collaborationId, sha256),
    findCard: (sha256) => requirePinnedHash(home, sha256),
    listHeld: (collaborationId) => listHeld(home, collaborationId),
  });
  using secret = received.secret;
  const { sender, request } = received;
  // An existing envelope may be left from an interrupted call, or be damaged: only opening the new one shows that it is good.
  const replaced = await findHeld(home, received);
  // A sender cannot unbind a secret that is bound to roles here.
  const isRoleBound = received.facts.isRoleBound || replaced?.envelope.isRoleBound === true;
  await authorise({ ...received.facts, isRoleBound, provider: NO_KEY, key: NO_KEY });
  await checkSecret?.(secret, received.facts);
  await using log = await openKeyLog(home, { now: () => now });
  await using provider = await openProvider(key, context);
  const { collaborationId, generation } = received.facts;
  const envelope = await provider.wrap(secret, {
    collaborationId,
    generation,
    created: now.toISOString(),
    isRoleBound,
  });
  await record(log, 'receive', envelope, { own, peer: sender });
  //= exchange E-36
  const stored = await storeEnvelope(home, envelope, { provider, secret, replaced });
  await useRequest(home, request);
  return Object.freeze({ sender, stored });
}

async function requirePinnedHash(home: MemberHome, sha256: string): Promise<SignedCard> {
  const card = await findPinned(home, sha256);
  if (card !== null) return card;
  throw new SealroomError('CUSTODY_MESSAGE', 'the parcel is from a member whose card is not pinned', {
    hint: 'the card that was asked is no longer pinned: verify the new one and make a new request',
  });
}

async function listHeld(home: MemberHome, collaborationId: CollaborationId): Promise<readonly HeldGeneration[]> {
  const places = await listEnvelopes(home, collaborationId);
  const stored = await Promise.all(places.map((place) => readEnvelope(home, place)));
  return stored.map(({ envelope }) => heldOf(envelope));
}

/** A generation as messages name it: by the short id of its secret. */
function heldOf({ generation, secretId }: Envelope): HeldGeneration {
  return { generation, secretId: shortSecretId(secretId) };
}

/** The existing envelope of the generation, which names the same secret. */
async function findHeld(home: MemberHome, { facts }: ReceivedSecret): Promise<StoredEnvelope | null> {
  const places = await listEnvelopes(home, facts.collaborationId);
  return places.some(({ generation }) => generation === facts.generation) ? readEnvelope(home, facts) : null;
}
