import {
  authenticationString,
  type FileText,
  initMember,
  listPinned,
  parseCard,
  pinCard,
  readOwnCard,
  requireOther,
  type SignedCard,
} from '../../custody/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';

type HomeEnvironment = Pick<MemberEnvironment, 'env' | 'cwd' | 'home' | 'now'>;

/** A card and its home. */
export interface OwnCard {
  /** Directory of the home. */
  readonly home: string;
  readonly card: SignedCard;
}

/**
 * Creates the keys and the card of a member in the home.
 *
 * @throws {SealroomError} as `initMember`
 */
export async function createMember(
  environment: HomeEnvironment,
  {
    id,
    name = id,
    isClassic,
  }: {
    readonly id: string;
    /** Name of the member; default: the id. */
    readonly name?: string | undefined;
    /** Whether the receiving key is an X25519 key, which is not post-quantum. */
    readonly isClassic: boolean;
  },
): Promise<OwnCard> {
  const home = homeOf(environment);
  const kind = isClassic ? 'X25519' : 'mlkem768x25519';
  return { home: home.directory, card: await initMember(home, { id, name, kind, now: environment.now() }) };
}

/** The card of the home. @throws {SealroomError} as `readOwnCard` */
export async function readHomeCard(environment: HomeEnvironment): Promise<SignedCard> {
  return readOwnCard(homeOf(environment));
}

/** A card to compare with its member by phone. */
export interface CardToCompare {
  readonly card: SignedCard;
  /** The authentication string, equal on both sides if both have the same cards. */
  readonly digits: string;
  /** Number of other pinned cards of the member. */
  readonly otherCards: number;
}

/** The options of {@link verifyMemberCard}. */
export interface VerifyCardRequest {
  readonly card: FileText;
  /** Whether the other cards of the member are unpinned. */
  readonly replaces: boolean;
  /** Returns whether the other member read out the same digits; with `null`, nothing is pinned. */
  readonly isSame: ((compared: CardToCompare) => Promise<boolean>) | null;
}

/**
 * Compares the card of another member and pins it, or only returns the digits to compare.
 *
 * @returns the card, its digits, and whether it was pinned
 * @throws {SealroomError} CUSTODY_MESSAGE if the digits differ; as `parseCard`, `readOwnCard`, `requireOther` and `pinCard`.
 */
export async function verifyMemberCard(
  environment: HomeEnvironment,
  { card: text, replaces, isSame }: VerifyCardRequest,
): Promise<{ readonly card: SignedCard; readonly digits: string; readonly isPinned: boolean }> {
  const home = homeOf(environment);
  const card = parseCard(text.text, text);
  const own = await readOwnCard(home);
  // `pinCard` checks this too, but only after the phone call.
  requireOther(own, card);
  const digits = authenticationString(own, card);
  if (isSame === null) return { card, digits, isPinned: false };
  const { body, sha256 } = card;
  const pinned = await listPinned(home);
  const otherCards = pinned.filter((each) => each.body.id === body.id && each.sha256 !== sha256).length;
  if (!(await isSame({ card, digits, otherCards }))) {
    throw new SealroomError('CUSTODY_MESSAGE', 'the digits do not match', {
      hint: 'nothing was pinned: one of the cards is outdated, or does not belong to its member; exchange them again',
    });
  }
  await pinCard(home, card, { replaces });
  return { card, digits, isPinned: true };
}
