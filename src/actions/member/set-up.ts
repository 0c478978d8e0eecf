import type { Ability, CarriedCard, CollaborationSettings, Manifest } from '../../collab/index.ts';
import { parseCollaborationId } from '../../crypto/index.ts';
import {
  authenticationString,
  carryText,
  type FileText,
  findPinned,
  listEnvelopes,
  parseCard,
  printCarried,
  readOwnCard,
  requestSecret,
  type SignedCard,
  type SignedRequest,
  type StoredEnvelope,
} from '../../custody/index.ts';
import { fileExists } from '../../files/index.ts';
import { quoteForMessage, SealroomError } from '../../errors/index.ts';
import { createSecret } from './keys.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';
import { askingOnce } from './load-secret.ts';
import { createMember } from './member.ts';
import { nameSecrets } from './name-secrets.ts';
import { compareKeys } from './trusted-manifest.ts';

/** The member that a home is of, or becomes. */
export interface OwnMember {
  /** Id of the member; default: that of the home's card. */
  readonly id?: string | undefined;
  /** Name of the member, for a new card; default: the id. */
  readonly name?: string | undefined;
}

/** The options of {@link startCollaboration}. */
export interface CollaborationRequest {
  /** UUID in lower case. */
  readonly id: string;
  /** Name of the collaboration. */
  readonly name: string;
  readonly member: OwnMember;
  /** Absolute path that the manifest will have, for errors. */
  readonly file: string;
  readonly settings: CollaborationSettings;
  /** URI of the key that wraps a new secret; without one no secret is made. */
  readonly key: string | undefined;
}

/** A manifest, and the member of the home that is in it. */
export interface StartedCollaboration {
  /** The text of the manifest. */
  readonly text: string;
  readonly manifest: Manifest;
  readonly card: SignedCard;
  /** Whether the keys and the card of the home are new. */
  readonly isNewMember: boolean;
  /** The new secret; `null` if none was made. */
  readonly secret: StoredEnvelope | null;
}

/**
 * Starts a collaboration: the keys and the card of the home if it has none, a manifest with its member, who asks the queries, receives
 * the results and pays, and, if a key is named, the secret, whose id goes into the manifest.
 *
 * @throws {SealroomError} USAGE_OPTION if the member is not that of the home; MANIFEST_* if a name is invalid; as `createMember` and
 *   `createSecret`.
 */
export async function startCollaboration(
  given: MemberEnvironment,
  { id, name, member, file, settings, key }: CollaborationRequest,
): Promise<StartedCollaboration> {
  const environment = askingOnce(given);
  const { draftManifest, insertMember, parseManifest } = await import('../../collab/index.ts');
  const { card, isNew } = await ensureMember(environment, member);
  const draft = draftManifest({ id, name, members: [card.body.id], settings });
  parseManifest(draft);
  const own = { card: toCarried(card), abilities: [], payer: true };
  let text = insertMember(draft, own);
  let secret: StoredEnvelope | null = null;
  if (key !== undefined) {
    secret = await createSecret(environment, { collaboration: { manifest: { text, file } }, key, isImported: false });
    ({ text } = await nameSecrets(environment, { manifest: { text, file }, key }));
  }
  return { text, manifest: parseManifest(text), card, isNewMember: isNew, secret };
}

/** The options of {@link joinCollaboration}. */
export interface JoinRequest {
  /** The manifest that the other member sent. */
  readonly manifest: FileText;
  readonly member: OwnMember;
  readonly abilities: readonly Ability[];
  /** Id of the member that is asked for the secret; default: the first whose card is in the manifest. */
  readonly from?: string | undefined;
}

/** What joining gives. */
export interface JoinedCollaboration extends Omit<StartedCollaboration, 'secret'> {
  /** The request in the manifest; `null` if the home has the secret, or no card of another member is there. */
  readonly request: SignedRequest | null;
  /** The members whose cards are to be compared, with the digits of both cards. */
  readonly toCompare: readonly CardDigits[];
  /** Whether members had signed the manifest, and have to sign again. */
  readonly isSignedNoMore: boolean;
}

/** A card of another member, and the digits that both read out. */
export interface CardDigits {
  readonly member: string;
  readonly digits: string;
  readonly isPinned: boolean;
}

/**
 * Joins a collaboration: the keys and the card of the home if it has none, its card in the manifest, and a request for the secret that
 * travels in the file. The member that is asked need not have been compared yet: its answer counts only after that.
 *
 * @throws {SealroomError} USAGE_OPTION if the member is not that of the home, or no card of `from` is there; MANIFEST_SIGNATURE if the
 *   home knows another key of a member; MANIFEST_* as `parseManifest`; as `createMember` and `requestSecret`.
 */
export async function joinCollaboration(
  environment: MemberEnvironment,
  { manifest: file, member, abilities, from }: JoinRequest,
): Promise<JoinedCollaboration> {
  const { insertMember, insertMessage, parseManifest, requirePinnedKeys } = await import('../../collab/index.ts');
  const before = parseManifest(file.text, file);
  requirePinnedKeys(await compareKeys(environment, before), file.file ?? before.name);
  const { card, isNew } = await ensureMember(environment, member);
  const others = before.exchange.cards.filter(
    (each) => each.body.id !== card.body.id && before.members.some((one) => one.card === each.sha256),
  );
  const asked = askedOf(others, from);
  let text = insertMember(file.text, { card: toCarried(card), abilities, payer: false });
  const home = homeOf(environment);
  const collaborationId = parseCollaborationId(before.id);
  const isHeld = (await listEnvelopes(home, collaborationId)).length > 0;
  let request: SignedRequest | null = null;
  if (asked !== null && !isHeld) {
    const now = environment.now();
    const options = { collaborationId, generation: null, days: REQUEST_DAYS, now, isPinnedLater: true };
    request = await requestSecret(home, { ...options, from: { text: printCard(asked), file: file.file } });
    text = insertMessage(text, 'requests', carryText(request));
  }
  const manifest = parseManifest(text);
  const isSignedNoMore = before.signatures.length > 0 && manifest.sha256 !== before.sha256;
  const toCompare = await cardDigitsOf(environment, manifest);
  return { text, manifest, card, isNewMember: isNew, request, toCompare, isSignedNoMore };
}

const REQUEST_DAYS = 14;

function askedOf(others: readonly CarriedCard[], from: string | undefined): CarriedCard | null {
  if (from === undefined) return others[0] ?? null;
  const found = others.find(({ body }) => body.id === from);
  if (found !== undefined) return found;
  throw new SealroomError('USAGE_OPTION', `the manifest has no card of ${quoteForMessage(from)}`, {
    hint: `it has those of ${others.map(({ body }) => body.id).join(', ')}`,
  });
}

/**
 * The digits that this home and each other member of a manifest see, of those whose cards are in it.
 *
 * @throws {SealroomError} as `readOwnCard` and `parseCard`
 */
export async function cardDigitsOf(
  environment: Pick<MemberEnvironment, 'env' | 'cwd' | 'home'>,
  { members, exchange }: Manifest,
): Promise<readonly CardDigits[]> {
  const home = homeOf(environment);
  const own = await readOwnCard(home);
  const found: CardDigits[] = [];
  for (const { id, card: sha256 } of members) {
    const carried = exchange.cards.find((each) => each.sha256 === sha256);
    if (carried === undefined || sha256 === own.sha256) continue;
    const card = parseCard(printCard(carried));
    const isPinned = (await findPinned(home, card.sha256)) !== null;
    found.push({ member: id, digits: authenticationString(own, card), isPinned });
  }
  return found;
}

/** The options of {@link addMember}. */
export interface AddMemberRequest {
  readonly manifest: FileText;
  /** The card as `sealroom member card` prints it. */
  readonly card: FileText;
  readonly abilities: readonly Ability[];
}

/** A manifest with one more member, or with the card of one. */
export interface AddedMember {
  readonly text: string;
  readonly manifest: Manifest;
  readonly card: SignedCard;
  /** Whether the home has pinned the card. */
  readonly isPinned: boolean;
  readonly isSignedNoMore: boolean;
}

/**
 * Adds a member to a manifest by its card, or its card to a member that is in it.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if the card was changed; MANIFEST_* as `parseManifest`.
 */
export async function addMember(
  environment: Pick<MemberEnvironment, 'env' | 'cwd' | 'home'>,
  { manifest: file, card: cardFile, abilities }: AddMemberRequest,
): Promise<AddedMember> {
  const { insertMember, parseManifest } = await import('../../collab/index.ts');
  const before = parseManifest(file.text, file);
  const card = parseCard(cardFile.text, cardFile);
  const text = insertMember(file.text, { card: toCarried(card), abilities, payer: false });
  const manifest = parseManifest(text);
  const isPinned = (await findPinned(homeOf(environment), card.sha256)) !== null;
  const isSignedNoMore = before.signatures.length > 0 && manifest.sha256 !== before.sha256;
  return { text, manifest, card, isPinned, isSignedNoMore };
}

/** The member of the home, whose keys and card are made if there are none. */
async function ensureMember(
  environment: MemberEnvironment,
  { id, name }: OwnMember,
): Promise<{ readonly card: SignedCard; readonly isNew: boolean }> {
  const home = homeOf(environment);
  if (await fileExists(home.card)) {
    const card = await readOwnCard(home);
    if (id === undefined || id === card.body.id) return { card, isNew: false };
    throw new SealroomError(
      'USAGE_OPTION',
      `the home is that of ${quoteForMessage(card.body.id)}, not of ${quoteForMessage(id)}`,
      {
        where: { file: home.directory },
        hint: 'name another home with `--home`, or leave out `--as`',
      },
    );
  }
  if (id === undefined) {
    throw new SealroomError('USAGE_OPTION', '`--as` is missing, and the home has no card', {
      hint: '`--as` is the id of your member, such as `--as acme`: its keys are made in the home',
    });
  }
  return { card: (await createMember(environment, { id, name, isClassic: false })).card, isNew: true };
}

/** A card in the form in which a manifest carries it. */
function toCarried(card: SignedCard): CarriedCard {
  return { sha256: card.sha256, body: card.body, signature: String(carryText(card)['signature']) };
}

/** The text of a card that a manifest carries. */
export function printCard({ body, signature }: CarriedCard): string {
  return printCarried('card', { ...body, signature });
}
