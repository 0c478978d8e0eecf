import { join } from 'node:path';
import { fileExists, readTextFile, writePrivateFile } from '../files/index.ts';
import type { FileText } from './exchange/hand-over.ts';
import type { MemberHome } from './home.ts';
import { requireOwnHome } from './own-home.ts';

/** The file with the keys of a room, named after the host and port of its address. */
function fileOf({ rooms }: MemberHome, origin: string): string {
  return join(rooms, `${encodeURIComponent(new URL(origin).host)}.pub`);
}

/**
 * The keys that verify the audit log of a room over the network, as the home has pinned them; `null` if it has none of this room.
 *
 * @param origin as `parseOrigin` returns it
 * @throws {SealroomError} SECRET_INVALID if others can change the home, and so whom it trusts; IO_READ.
 */
export async function readPinnedRoom(home: MemberHome, origin: string): Promise<Required<FileText> | null> {
  await requireOwnHome(home);
  const file = fileOf(home, origin);
  return (await fileExists(file)) ? { text: await readTextFile(file), file } : null;
}

/**
 * Pins the keys that verify the audit log of a room, instead of those that were.
 *
 * @param keys verifier keys, at least one
 * @throws {SealroomError} IO_WRITE.
 */
export async function pinRoom(home: MemberHome, origin: string, keys: readonly string[]): Promise<void> {
  await writePrivateFile(fileOf(home, origin), keys.map((key) => `${key}\n`).join(''), { replaces: true });
}
