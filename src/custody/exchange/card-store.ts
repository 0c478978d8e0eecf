import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SealroomError, systemReason } from '../../errors/index.ts';
import type { MemberHome } from '../home.ts';
import { requireOwnHome } from '../own-home.ts';
import { fileExists, writePrivateFile } from '../../files/index.ts';
import { parseCard, type SignedCard } from './card.ts';
import { readMessageText } from './message-file.ts';
import { readOwnCard } from './member.ts';

const pinnedDirectory = ({ directory }: MemberHome): string => join(directory, 'pinned');

/**
 * Pins a card whose authentication string was compared; `replaces`: unpin the other cards of the same member id.
 *
 * @returns number of cards that were unpinned
 * @throws {SealroomError} CUSTODY_MESSAGE if it is the home's own; IO_READ, IO_WRITE.
 */
export async function pinCard(
  home: MemberHome,
  card: SignedCard,
  { replaces }: { readonly replaces: boolean },
): Promise<number> {
  requireOther(await readOwnCard(home), card);
  await writePrivateFile(join(pinnedDirectory(home), `${card.sha256}.json`), card.text, { replaces: true });
  const others = (await listPinned(home)).filter(
    ({ body, sha256 }) => body.id === card.body.id && sha256 !== card.sha256,
  );
  if (!replaces) return 0;
  for (const { sha256 } of others) await rm(join(pinnedDirectory(home), `${sha256}.json`));
  return others.length;
}

/**
 * Refuses the card of this home.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if it is the home's own.
 */
export function requireOther(own: SignedCard, { body }: SignedCard): void {
  //= exchange E-14
  if (body.sign !== own.body.sign) return;
  throw new SealroomError('CUSTODY_MESSAGE', 'the card is that of this home', {
    hint: 'give the file that the other member sent',
  });
}

/**
 * Lists the pinned cards of a home.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if one was changed; IO_READ.
 */
export async function listPinned(home: MemberHome): Promise<readonly SignedCard[]> {
  const names = await readdir(pinnedDirectory(home)).catch(emptyIfMissing);
  const hashes = names.flatMap((name) => /^([0-9a-f]{64})\.json$/.exec(name)?.slice(1) ?? []);
  const cards = await Promise.all(hashes.sort().map((sha256) => findPinned(home, sha256)));
  return cards.filter((card) => card !== null);
}

/** A signing key of a member. */
export interface KnownSigningKey {
  /** Id of the member. */
  readonly member: string;
  /** Ed25519 public key, as `ed25519:` and 32 bytes in Base64. */
  readonly sign: string;
  /** Whether it is that of the home. */
  readonly isOwn: boolean;
}

/**
 * Lists the signing keys that a home knows: that of its own card, if it has one, and those of the pinned cards.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if a card was changed; IO_READ.
 */
export async function listKnownKeys(home: MemberHome): Promise<readonly KnownSigningKey[]> {
  const own = (await fileExists(home.card)) ? [await readOwnCard(home)] : [];
  const toKey = ({ body }: SignedCard, isOwn: boolean): KnownSigningKey => ({
    member: body.id,
    sign: body.sign,
    isOwn,
  });
  return [...own.map((card) => toKey(card, true)), ...(await listPinned(home)).map((card) => toKey(card, false))];
}

/**
 * Finds the pinned card with a hash; `null` if there is none.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if it was changed; SECRET_INVALID if the home is open to other users; IO_READ.
 */
export async function findPinned(home: MemberHome, sha256: string): Promise<SignedCard | null> {
  const file = join(pinnedDirectory(home), `${sha256}.json`);
  await requireOwnHome(home);
  const text = await readMessageText(file);
  if (text === null) return null;
  const card = parseCard(text, { file });
  if (card.sha256 === sha256) return card;
  throw new SealroomError('CUSTODY_MESSAGE', 'the card is not the one that its file is named after', {
    where: { file },
    hint: 'remove the file, and verify the card again',
  });
}

/**
 * Returns a card if it is pinned; `file` is the file that it was read from.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if it is not; IO_READ.
 */
export async function requirePinned(
  home: MemberHome,
  { body, sha256 }: SignedCard,
  { file }: { readonly file?: string | undefined },
): Promise<SignedCard> {
  //= exchange E-15
  const pinned = await findPinned(home, sha256);
  if (pinned !== null) return pinned;
  const others = (await listPinned(home)).filter((card) => card.body.id === body.id);
  const other = others.length === 0 ? '' : `; another card of \`${body.id}\` is`;
  throw new SealroomError('CUSTODY_MESSAGE', `the card is not pinned${other}`, {
    where: { file },
    hint: `compare it by phone: \`sealroom member verify\` with the card of ${body.id}`,
  });
}

function emptyIfMissing(error: unknown): readonly string[] {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
  throw new SealroomError('IO_READ', `cannot read: ${systemReason(error)}`, { cause: error });
}
