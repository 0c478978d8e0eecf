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

/** A card, and the home that it is in. */
export interface OwnCard {
  /** Directory of the home. */
  readonly home: string;
  readonly card: SignedCard;
}

/**
 * Makes the keys and the card of a member in the home.
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
    /** Who it is, in words; the id if left out. */
    readonly name?: string | undefined;
    /** A receiving key that is not post-quantum. */
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

/** A card that somebody compares with its member, by phone. */
export interface CardToCompare {
  readonly card: SignedCard;
  /** What both sides see if both have the same cards. */
  readonly digits: string;
  /** How many other cards of the member are pinned. */
  readonly otherCards: number;
}

/** What {@link verifyMemberCard} takes. */
export interface VerifyCardRequest {
  readonly card: FileText;
  /** The member's other pinned cards count no more. */
  readonly replaces: boolean;
  /** Says whether the other member read out the same digits; `null` if nobody says, and nothing is pinned. */
  readonly isSame: ((compared: CardToCompare) => Promise<boolean>) | null;
}

/**
 * Pins the card of another member after it was compared, or tells what there is to compare.
 *
 * @returns the card, its digits, and whether it is pinned now
 * @throws {SealroomError} CUSTODY_MESSAGE if the digits differ; as `parseCard`, `readOwnCard`, `requireOther` and `pinCard`.
 */
export async function verifyMemberCard(
  environment: HomeEnvironment,
  { card: text, replaces, isSame }: VerifyCardRequest,
): Promise<{ readonly card: SignedCard; readonly digits: string; readonly isPinned: boolean }> {
  const home = homeOf(environment);
  const card = parseCard(text.text, text);
  const own = await readOwnCard(home);
  // Told before anybody is called; `pinCard` refuses it in any case.
  requireOther(own, card);
  const digits = authenticationString(own, card);
  if (isSame === null) return { card, digits, isPinned: false };
  const { body, sha256 } = card;
  const pinned = await listPinned(home);
  const otherCards = pinned.filter((each) => each.body.id === body.id && each.sha256 !== sha256).length;
  if (!(await isSame({ card, digits, otherCards }))) {
    throw new SealroomError('CUSTODY_MESSAGE', 'expected the same digits on both sides, got others', {
      hint: 'nothing was pinned: one of the cards is not that of its member, or is an older one; exchange them again',
    });
  }
  await pinCard(home, card, { replaces });
  return { card, digits, isPinned: true };
}
