import type { CarriedCard, CarriedMessage, Manifest } from '../../collab/index.ts';
import { decodeBase64, encodeBase64 } from '../../bytes/index.ts';
import { parseCollaborationId } from '../../crypto/index.ts';
import {
  findPinned,
  listRequests,
  parseRequest,
  printCarried,
  readOwnCard,
  type SentSecret,
  type TakenSecret,
} from '../../custody/index.ts';
import { didYouMean, quoteForMessage, SealroomError } from '../../errors/index.ts';
import { receiveParcel, sendToMember } from './exchange.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';
import { type CardToCompare, verifyMemberCard } from './member.ts';
import { printCard } from './set-up.ts';
import type { ManifestFile } from './trusted-manifest.ts';

/** Returns whether the other member read out the same digits. */
export type Compare = (compared: CardToCompare) => Promise<boolean>;

/** The options of {@link sendInManifest}. */
export interface SendInManifestRequest {
  /** The manifest, which has the request and the card of the member that asks. */
  readonly manifest: ManifestFile & { readonly file: string };
  /** Id of the member; default: the only one whose request waits for an answer. */
  readonly to?: string | undefined;
  /** Called for a card that is not pinned yet. */
  readonly isSame: Compare;
  readonly key?: string | undefined;
}

/** A secret that was sent, in the manifest. */
export interface SentInManifest extends SentSecret {
  /** The text of the manifest with the parcel. */
  readonly text: string;
}

/**
 * Answers the request that another member put into the manifest, with a parcel in the manifest. The card of the member is compared
 * first, unless it is pinned.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if nobody asked, or the digits differ; as `sendToMember`.
 */
export async function sendInManifest(
  environment: MemberEnvironment,
  { manifest: file, to, isSame, key }: SendInManifestRequest,
): Promise<SentInManifest> {
  const { insertMessage, parseManifest } = await import('../../collab/index.ts');
  const manifest = parseManifest(file.text, file);
  const own = await readOwnCard(homeOf(environment));
  const waiting = openRequests(manifest, own.sha256, environment.now());
  const { card, request } = chooseRequest(waiting, to, file.file);
  const text = printCard(card);
  await ensurePinned(environment, card, isSame);
  const requestText = printCarried('key-request', request);
  const sent = await sendToMember(environment, {
    to: { text, file: file.file },
    request: { text: requestText, file: file.file },
    manifest: file,
    key,
  });
  const { sha256 } = parseRequest(requestText);
  const parcel = { to: card.body.id, request: sha256, age: encodeBase64(sent.parcel) };
  return { ...sent, text: insertMessage(file.text, 'parcels', parcel) };
}

/** A request in a manifest, and the card of the member that made it. */
export interface OpenRequest {
  readonly card: CarriedCard;
  readonly request: CarriedMessage;
}

/** The requests in a manifest that are for a card, are still valid, and have no parcel beside them. */
export function openRequests({ members, exchange }: Manifest, own: string, now: Date): readonly OpenRequest[] {
  const answered = new Set(exchange.parcels.map(({ request }) => request));
  return exchange.requests.flatMap((request) => {
    const card = exchange.cards.find(({ sha256 }) => sha256 === request['receiver']);
    const isOfMember = members.some((member) => member.card === card?.sha256);
    if (card === undefined || !isOfMember || request['sender'] !== own) return [];
    const { sha256 } = parseRequest(printCarried('key-request', request));
    const isValid = typeof request['expires'] === 'string' && request['expires'] > now.toISOString();
    return isValid && !answered.has(sha256) ? [{ card, request }] : [];
  });
}

function chooseRequest(waiting: readonly OpenRequest[], to: string | undefined, file: string): OpenRequest {
  const ids = waiting.map(({ card }) => card.body.id);
  // Of several requests of a member the last one counts, because it is the newest.
  const found = waiting.findLast(({ card }) => to === undefined || card.body.id === to);
  if (found !== undefined && (to !== undefined || new Set(ids).size === 1)) return found;
  const where = { file };
  if (found !== undefined) {
    throw new SealroomError('USAGE_OPTION', `\`--to\` is missing: ${ids.join(', ')} asked for the secret`, { where });
  }
  const who = to === undefined ? 'nobody' : `${quoteForMessage(to)} has not`;
  throw new SealroomError('CUSTODY_MESSAGE', `${who} asked this home for the secret in the manifest`, {
    where,
    hint: (to === undefined ? undefined : didYouMean(to, ids)) ?? 'the other member asks with `sealroom collab join`',
  });
}

/** The options of {@link receiveFromManifest}. */
export interface ReceiveFromManifestRequest {
  readonly manifest: ManifestFile & { readonly file: string };
  /** Called for the card of the sender if it is not pinned yet. */
  readonly isSame: Compare;
  /** URI of the key that wraps the secret in this home; default: `SEALROOM_KEY`. */
  readonly key?: string | undefined;
}

/**
 * Receives the secret from a parcel in the manifest. The card of the sender is compared first, unless it is pinned.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if there is no parcel for a request of this home, or the digits differ; as `receiveParcel`.
 */
export async function receiveFromManifest(
  environment: MemberEnvironment,
  { manifest: file, isSame, key }: ReceiveFromManifestRequest,
): Promise<TakenSecret> {
  const { parseManifest } = await import('../../collab/index.ts');
  const manifest = parseManifest(file.text, file);
  const requests = await listRequests(homeOf(environment), parseCollaborationId(manifest.id));
  for (const { request: sha256, age } of manifest.exchange.parcels.toReversed()) {
    const request = requests.find((each) => each.sha256 === sha256);
    const parcel = typeof age === 'string' ? decodeBase64(age) : null;
    if (request === undefined || parcel === null) continue;
    const card = manifest.exchange.cards.find((each) => each.sha256 === request.body.sender);
    if (card !== undefined) await ensurePinned(environment, card, isSame);
    return receiveParcel(environment, { parcel, file: file.file, manifest: file, key });
  }
  throw new SealroomError('CUSTODY_MESSAGE', 'the manifest has no parcel for an open request of this home', {
    where: { file: file.file },
    hint: 'the other member puts one into it with `sealroom key send`, and sends you the file',
  });
}

/** Has a card compared by phone and pins it, unless it is pinned. */
async function ensurePinned(environment: MemberEnvironment, card: CarriedCard, isSame: Compare): Promise<void> {
  if ((await findPinned(homeOf(environment), card.sha256)) !== null) return;
  await verifyMemberCard(environment, { card: { text: printCard(card) }, replaces: false, isSame });
}
