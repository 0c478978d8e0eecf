import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type CollaborationId, parseCollaborationId, type SharedSecret } from '../crypto/index.ts';
import { quoteForShell, SealroomError, systemReason } from '../errors/index.ts';
import { type Envelope, parseEnvelope, printEnvelope } from './envelope.ts';
import type { MemberHome } from './home.ts';
import { requireOwnHome } from './own-home.ts';
import { unwrapEnvelope } from './unwrap-envelope.ts';
import { destroyFile, isOpenToOthers, temporariesOf, writePrivateFile } from '../files/index.ts';
import { withDirectoryLock } from './directory-lock.ts';
import { rememberKey } from './known-keys.ts';
import type { KeyProvider } from './providers/provider.ts';

/** The place of an envelope in a home. */
export interface EnvelopePlace {
  readonly collaborationId: CollaborationId;
  /** From 1 on. */
  readonly generation: number;
  readonly file: string;
}

/** An envelope and its file. */
export interface StoredEnvelope {
  readonly file: string;
  readonly envelope: Envelope;
}

/** What is needed to check that a new envelope can be opened before it is stored. */
export interface EnvelopeProof {
  /** The provider that wrapped it. */
  readonly provider: KeyProvider;
  /** The secret that it must hold. */
  readonly secret: SharedSecret;
  /** The envelope that it replaces, or `null` if it is the first of its generation. */
  readonly replaced: StoredEnvelope | null;
  /** URI of the key that opened it. Default: the one that it names. */
  readonly usedKey?: string | undefined;
}

const FILE_NAME = /^generation-([1-9]\d{0,6})\.json$/;

/**
 * Lists the envelopes of a home, or of one collaboration, by collaboration and then by generation, oldest first. It uses only
 * the names of the files, and reads none.
 *
 * @throws {SealroomError} IO_READ if a directory cannot be read.
 */
export async function listEnvelopes(
  home: MemberHome,
  collaborationId?: CollaborationId,
): Promise<readonly EnvelopePlace[]> {
  if (collaborationId !== undefined) return placesOf(home, collaborationId);
  const names = await namesIn(join(home.directory, 'collaborations'));
  const places = await Promise.all(names.filter(isId).map((id) => placesOf(home, parseCollaborationId(id))));
  return places.flat().sort((a, b) => a.file.localeCompare(b.file, 'en', { numeric: true }));
}

async function placesOf(home: MemberHome, collaborationId: CollaborationId): Promise<readonly EnvelopePlace[]> {
  const names = await namesIn(home.collaboration(collaborationId));
  return names
    .flatMap((name) => FILE_NAME.exec(name)?.slice(1) ?? [])
    .map((digits) => placeOf(home, { collaborationId, generation: Number(digits) }))
    .sort((a, b) => a.generation - b.generation);
}

const isId = (name: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name);

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw cannotRead(error, directory);
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

const cannotRead = (error: unknown, file: string): SealroomError =>
  new SealroomError('IO_READ', `cannot read: ${systemReason(error)}`, { where: { file }, cause: error });

function placeOf(
  home: MemberHome,
  { collaborationId, generation }: Pick<Envelope, 'collaborationId' | 'generation'>,
): EnvelopePlace {
  const file = join(home.collaboration(collaborationId), `generation-${String(generation)}.json`);
  return Object.freeze({ collaborationId, generation, file });
}

/**
 * Reads the envelope of a collaboration's newest generation; `null` if there is none. If the newest cannot be read, it throws
 * and never falls back to an older one.
 *
 * @throws {SealroomError} CUSTODY_ENVELOPE, CUSTODY_KEY, SECRET_INVALID as {@link readEnvelope}; IO_READ.
 */
export async function newestEnvelope(
  home: MemberHome,
  collaborationId: CollaborationId,
): Promise<StoredEnvelope | null> {
  const newest = (await listEnvelopes(home, collaborationId)).at(-1);
  return newest === undefined ? null : readEnvelope(home, newest);
}

/**
 * Reads the envelope of a generation.
 *
 * @throws {SealroomError} CUSTODY_KEY if there is none; CUSTODY_ENVELOPE if it is malformed, or belongs to another collaboration
 *   or generation; SECRET_INVALID if its directories or the way to them are open to other users; IO_READ.
 */
export async function readEnvelope(
  home: MemberHome,
  wanted: Pick<Envelope, 'collaborationId' | 'generation'>,
): Promise<StoredEnvelope> {
  const { collaborationId, generation, file } = placeOf(home, wanted);
  let text: string;
  try {
    for (const directory of [home.directory, dirname(dirname(file)), dirname(file)]) await requireOwn(directory);
    await requireOwnHome(home);
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof SealroomError) throw error;
    if (!isMissing(error)) throw cannotRead(error, file);
    const what = `generation ${String(generation)} of ${collaborationId}`;
    const held = (await placesOf(home, collaborationId)).map((place) => String(place.generation)).join(', ');
    throw new SealroomError('CUSTODY_KEY', `there is no envelope for ${what}`, {
      where: { file },
      hint: `${held === '' ? '`sealroom key show` lists the envelopes of the home' : `the home has ${held}`}; use \`--home\` for another home`,
    });
  }
  const envelope = parseEnvelope(text, { file });
  if (envelope.collaborationId === collaborationId && envelope.generation === generation) return { file, envelope };
  throw new SealroomError('CUSTODY_ENVELOPE', 'the envelope is not the one that its file is named after', {
    where: { file },
    hint: 'do not rename envelope files; restore the original',
  });
}

/** Refuses a directory that others own or can write to: they could plant an envelope with a secret and key of their choice. */
async function requireOwn(directory: string): Promise<void> {
  const { mode, uid } = await stat(directory);
  const user = process.getuid?.();
  if (user !== undefined && uid !== user && uid !== 0) {
    throw new SealroomError('SECRET_INVALID', `the home belongs to another user, ${String(uid)}`, {
      where: { file: directory },
      hint: 'check who made its files, then run `chown -R` on it, or use a home of your own',
    });
  }
  if (!isOpenToOthers(mode, 'write')) return;
  throw new SealroomError('SECRET_INVALID', 'the home is writable by other users', {
    where: { file: directory },
    hint: `check who made its files, then run \`chmod -R go-w ${quoteForShell(directory)}\``,
  });
}

/**
 * Stores an envelope in a home. It is renamed into place only after it was read back from disk and opened, and holds the right
 * secret; until then, and after any failure, the previous one stays. The key that opened it then counts as one that the home has used.
 *
 * @throws {SealroomError} IO_EXISTS if there is one of its generation that it does not replace; IO_LOCKED; CUSTODY_ENVELOPE if
 *   the one to replace has changed, or the new one does not hold the secret; IO_WRITE; CUSTODY_*, SECRET_* of
 *   `KeyProvider.unwrap`.
 */
export async function storeEnvelope(
  home: MemberHome,
  envelope: Envelope,
  { provider, secret, replaced, usedKey = envelope.key }: EnvelopeProof,
): Promise<StoredEnvelope> {
  const { file } = placeOf(home, envelope);
  return withStoreLock(home, envelope.collaborationId, async () => {
    if (replaced !== null) await requireUnchanged(home, replaced);
    await writePrivateFile(file, printEnvelope(envelope), {
      replaces: replaced !== null,
      check: async (temporary) => {
        const written = parseEnvelope(await readFile(temporary, 'utf8'), { file });
        using opened = await unwrapEnvelope(written, provider, { file });
        if (printEnvelope(written) === printEnvelope(envelope) && opened.equals(secret)) return;
        throw new SealroomError('CUSTODY_ENVELOPE', 'the envelope does not hold the secret', {
          where: { file },
          hint: 'nothing was replaced; see `sealroom key doctor`',
        });
      },
    });
    await rememberKey(home, usedKey);
    return { file, envelope };
  });
}

/**
 * Destroys an envelope: overwrites and removes its file, and the temporary files of its generation that stopped processes left
 * behind. Overwriting is best effort, see `destroyFile`. A secret that is in no other envelope, and that no other member has,
 * is lost.
 *
 * @throws {SealroomError} CUSTODY_ENVELOPE if it has changed, CUSTODY_KEY if it is gone; IO_WRITE, IO_LOCKED.
 */
export async function destroyEnvelope(home: MemberHome, stored: StoredEnvelope): Promise<void> {
  await withStoreLock(home, stored.envelope.collaborationId, async () => {
    await requireUnchanged(home, stored);
    // Only the holder of the lock writes here.
    for (const file of await temporariesOf(stored.file)) await destroyFile(file);
    await destroyFile(stored.file);
  });
}

async function requireUnchanged(home: MemberHome, { file, envelope }: StoredEnvelope): Promise<void> {
  const now = await readEnvelope(home, envelope);
  if (printEnvelope(now.envelope) === printEnvelope(envelope)) return;
  throw new SealroomError('CUSTODY_ENVELOPE', 'the envelope was replaced in the meantime', {
    where: { file },
    hint: 'check with `sealroom key show`, and run the command again',
  });
}

async function withStoreLock<T>(
  home: MemberHome,
  collaborationId: CollaborationId,
  action: () => Promise<T>,
): Promise<T> {
  return withDirectoryLock(home.collaboration(collaborationId), action);
}
