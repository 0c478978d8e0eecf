import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { parseJson, SealroomError } from '../../errors/index.ts';
import { noRoom, replaceFile, requireNoLinks, ROOM_FILES } from '../room-files.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** The form in which this version writes snapshots: fingerprints are two numbers. Earlier ones stored their texts and gave no form. */
export const SNAPSHOT_FORM = 2;

const snapshotEntry = z
  .strictObject({
    table: z.string(),
    form: z.int().min(1).optional(),
    /** The member that owned it when it was loaded. */
    owner: z.string(),
    /** Hash of the snapshot's file, and its size. */
    sha256,
    bytes: z.int().min(0),
    rows: z.int().min(0),
    /** How many rows have the most frequent value other than null, by column. Snapshots of older versions do not say. */
    multiplicity: z.record(z.string(), z.int().min(0)).readonly().optional(),
    /** Hash of what the manifest said about loading the table; see `loadingTerms`. */
    termsSha256: sha256,
    /** Hash of the file that was loaded. */
    sourceSha256: sha256,
    loadedAt: z.iso.datetime(),
  })
  .readonly();

const withdrawal = z.strictObject({ member: z.string(), sha256, time: z.iso.datetime({ precision: 3 }) }).readonly();

const roomState = z
  .strictObject({
    version: z.literal(1),
    collaborationId: z.uuid(),
    /** Hash of the manifest that is in force. */
    manifestSha256: sha256,
    snapshots: z.array(snapshotEntry).readonly(),
    /** The newest withdrawal of each member for each template that any manifest of the room had; missing if there was none. */
    withdrawals: z.array(withdrawal).min(1).readonly().optional(),
  })
  .readonly();

/** The entry for the current snapshot of a table. */
export type SnapshotEntry = z.infer<typeof snapshotEntry>;

/** Which manifest is in force in a room, and its current snapshots, at most one per table. */
export type RoomState = z.infer<typeof roomState>;

/** The file name of a snapshot, different for every load. */
export function snapshotFile({ table, sha256: hash }: Pick<SnapshotEntry, 'table' | 'sha256'>): string {
  return `${table}-${hash.slice(0, 16)}.duckdb`;
}

/**
 * Reads the state of a room; also returns its text.
 *
 * @throws {SealroomError} IO_READ if there is no room; ROOM_STATE if the file is damaged, or there is a link in the room.
 */
export async function readState(directory: string): Promise<{ readonly state: RoomState; readonly text: string }> {
  await requireNoLinks(directory);
  const path = join(directory, ROOM_FILES.state);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw noRoom(directory, error);
  });
  const parsed = roomState.safeParse(parseJson(text));
  if (parsed.success) return { state: parsed.data, text };
  throw new SealroomError('ROOM_STATE', 'the state of the room is damaged', {
    where: { file: path },
    hint: 'put the file back, or make a new room and load the tables again',
  });
}

/** Replaces the state of a room. The caller holds the room's lock. */
export async function writeState(directory: string, state: RoomState): Promise<void> {
  await replaceFile(directory, ROOM_FILES.state, `${JSON.stringify(state, null, 2)}\n`);
}
