import { mkdir, stat } from 'node:fs/promises';
import {
  type AgeKind,
  generateIdentity,
  kindOfRecipient,
  parseIdentities,
  printIdentityFile,
  recipientOf,
} from '../../age/index.ts';
import { quoteForShell, SealroomError, systemReason } from '../../errors/index.ts';
import type { SigningKey } from '../../platform/index.ts';
import { printPublicKey } from '../../signing/index.ts';
import { openKeyLog } from '../key-log.ts';
import type { MemberHome } from '../home.ts';
import { fileExists, isOpenToOthers, requireTrustedPath, writePrivateFile } from '../../files/index.ts';
import { requireOwnHome } from '../own-home.ts';
import { readSecretFile } from '../secret-file.ts';
import { createSigningKey, readSigningKey } from '../signing-key.ts';
import { makeCard, parseCard, type SignedCard } from './card.ts';
import { readMessageText } from './message-file.ts';

const INIT = 'make the keys and the card with `sealroom member init`';

/** The options of {@link initMember}. */
export interface InitOptions {
  /** As in manifests. */
  readonly id: string;
  readonly name: string;
  /** The kind of the receiving key. */
  readonly kind: AgeKind;
  readonly now: Date;
}

/** A member with its private keys. */
export interface LocalMember {
  readonly card: SignedCard;
  readonly signingKey: SigningKey;
  /** age identities, including that of the card's `receive`. */
  readonly identities: readonly string[];
}

/**
 * Creates a member's home: the keys, the log of their use, and last the card. Existing keys are kept, so it can be called
 * again after an interruption.
 *
 * @throws {SealroomError} IO_EXISTS if there is a card; USAGE_OPTION if the id or the name is invalid; SECRET_INVALID if the
 *   home or a key in it is open to other users, or a key is invalid; CUSTODY_KEY if the receiving key is of another kind;
 *   IO_WRITE.
 */
export async function initMember(home: MemberHome, { id, name, kind, now }: InitOptions): Promise<SignedCard> {
  await prepareDirectory(home.directory);
  if (await fileExists(home.card)) {
    throw new SealroomError('IO_EXISTS', "the home already has a member's card", {
      where: { file: home.card },
      hint: 'print it with `sealroom member card`; for another member, use another home with `--home`',
    });
  }
  const created = now.toISOString();
  const signingKey = await ((await fileExists(home.signingKey)) ? readSigningKey : createSigningKey)(home.signingKey);
  const receive = await prepareReceivingKey(home.receivingKey, kind, created);
  const card = makeCard({ id, name, receive, created }, signingKey);
  await (await openKeyLog(home, { now: () => now }))[Symbol.asyncDispose]();
  await writePrivateFile(home.card, card.text, { replaces: false });
  return card;
}

async function prepareDirectory(directory: string): Promise<void> {
  const where = { file: directory };
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const { mode } = await stat(directory);
    if (!isOpenToOthers(mode, 'any')) {
      await requireTrustedPath(directory);
      return;
    }
  } catch (error) {
    if (error instanceof SealroomError) throw error;
    throw new SealroomError('IO_WRITE', `cannot create the home: ${systemReason(error)}`, { where, cause: error });
  }
  throw new SealroomError('SECRET_INVALID', 'the home is open to other users', {
    where,
    hint: `run \`chmod 700 ${quoteForShell(directory)}\``,
  });
}

async function prepareReceivingKey(file: string, kind: AgeKind, created: string): Promise<string> {
  if (!(await fileExists(file))) {
    const identity = await generateIdentity(kind);
    const recipient = await recipientOf(identity);
    await writePrivateFile(file, printIdentityFile(identity, recipient, created), { replaces: false });
    return recipient;
  }
  const [first] = await readIdentities(file);
  const recipient = await recipientOf(first);
  if (kindOfRecipient(recipient) === kind) return recipient;
  throw new SealroomError('CUSTODY_KEY', `the receiving key is not of kind ${kind}`, {
    where: { file },
    hint: kind === 'X25519' ? 'leave out `--classic`' : 'use `--classic` to accept it; it is not post-quantum',
  });
}

async function readIdentities(file: string): ReturnType<typeof parseIdentities> {
  return parseIdentities(await readSecretFile(file, INIT), { file });
}

/**
 * Reads the card of a home.
 *
 * @throws {SealroomError} CUSTODY_KEY if there is none; CUSTODY_MESSAGE if it was changed; SECRET_INVALID if the home is open to
 *   other users; IO_READ.
 */
export async function readOwnCard(home: MemberHome): Promise<SignedCard> {
  await requireOwnHome(home);
  const text = await readMessageText(home.card);
  if (text !== null) return parseCard(text, { file: home.card });
  throw new SealroomError('CUSTODY_KEY', "the home has no member's card", {
    where: { file: home.card },
    hint: INIT,
  });
}

/**
 * Reads the member of a home, with its private keys.
 *
 * @throws {SealroomError} CUSTODY_KEY if there is no card, or the keys are not the card's; CUSTODY_MESSAGE if the card was
 *   changed; SECRET_INVALID if a key is missing, open to other users, or invalid; IO_READ.
 */
export async function readMember(home: MemberHome): Promise<LocalMember> {
  const card = await readOwnCard(home);
  const signingKey = await readSigningKey(home.signingKey);
  const identities = await readIdentities(home.receivingKey);
  const recipients = await Promise.all(identities.map(recipientOf));
  if (printPublicKey(signingKey) === card.body.sign && recipients.includes(card.body.receive)) {
    return Object.freeze({ card, signingKey, identities });
  }
  throw new SealroomError('CUSTODY_KEY', 'the keys in the home are not those of its card', {
    where: { file: home.directory },
    hint: 'restore the original files; a member with new keys needs a new home and a new card',
  });
}
