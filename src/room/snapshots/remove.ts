import type { RoomEvent } from '../../audit/index.ts';
import { didYouMean, quoteForMessage, SealroomError } from '../../errors/index.ts';
import { sweep, withRoomLock } from '../room-files.ts';
import { recordInRoom, type RoomClock } from '../room.ts';
import { readState, type SnapshotEntry, snapshotFile, writeState } from './snapshot-index.ts';

/**
 * Removes the rows of a table from the room. The audit log keeps the queries over them, and records the removal.
 *
 * @param name name of a loaded table, even if the manifest no longer has it
 * @returns the hash of the removed snapshot
 * @throws {SealroomError} USAGE_OPTION if nothing of that name is loaded; IO_READ, IO_WRITE, IO_LOCKED, ROOM_STATE; SECRET_INVALID,
 *   IO_CLOCK and AUDIT_* for the log.
 */
export async function removeTable(
  directory: string,
  name: string,
  now: () => Date,
  { allowClockJump }: Pick<RoomClock, 'allowClockJump'> = {},
): Promise<string> {
  return withRoomLock(directory, async () => {
    const { state } = await readState(directory);
    const entry = state.snapshots.find(({ table }) => table === name);
    if (entry === undefined) {
      const loaded = state.snapshots.map(({ table }) => table);
      throw new SealroomError('USAGE_OPTION', `the table ${quoteForMessage(name)} is not loaded`, {
        hint:
          didYouMean(name, loaded) ??
          (loaded.length === 0 ? 'no table is loaded' : `the loaded tables are ${loaded.join(', ')}`),
      });
    }
    const snapshots = state.snapshots.filter((snapshot) => snapshot !== entry);
    await recordInRoom(directory, [removalOf(entry, state.manifestSha256)], { now, allowClockJump });
    await writeState(directory, { ...state, snapshots });
    await sweep(directory, snapshots.map(snapshotFile));
    return entry.sha256;
  });
}

/** The audit event for a removed snapshot. */
export function removalOf({ table, owner, sha256, rows }: SnapshotEntry, manifestSha256: string): RoomEvent {
  return { kind: 'remove', table, owner, manifestSha256, snapshotSha256: sha256, rows };
}
