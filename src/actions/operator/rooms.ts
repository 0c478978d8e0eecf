import { type AuditRecord, readRecords } from '../../audit/index.ts';
import {
  comparePinnedKeys,
  type KnownKey,
  type Manifest,
  parseManifest,
  requireKnownSigners,
  requirePinnedKeys,
} from '../../collab/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { readTextFile } from '../../files/index.ts';
import {
  auditFilesOf,
  createRoom,
  openRoom,
  refuseSecrets,
  type RoomParts,
  type RoomTable,
  type RoomUpdate,
  updateRoom,
  verifySnapshot,
} from '../../room/index.ts';
import type { OperatorEnvironment } from './environment.ts';

/** A new room. */
export interface MadeRoom {
  readonly manifest: Manifest;
  /** The key that verifies its audit log, for all members. */
  readonly verifier: string;
}

/** The keys that an operator knows to be the members': a manifest with others is refused. */
export interface KeysOfMembers {
  readonly knownKeys?: readonly KnownKey[] | undefined;
}

function requireKnown({
  manifest,
  manifestFile: file,
  knownKeys = [],
}: Pick<RoomParts, 'manifest' | 'manifestFile'> & KeysOfMembers): void {
  if (knownKeys.length === 0) return;
  const parsed = parseManifest(manifest, { file });
  const keys = comparePinnedKeys(parsed, knownKeys);
  requirePinnedKeys(keys, file);
  requireKnownSigners(parsed, keys, file);
}

/**
 * Creates a room for a manifest that all members signed.
 *
 * @throws {SealroomError} SECRET_PRESENT if the environment has the shared secret; MANIFEST_SIGNATURE if another key of a member is
 *   known; as `createRoom`.
 */
export async function makeRoom(
  { env, now }: OperatorEnvironment,
  parts: Omit<RoomParts, 'now' | 'allowClockJump'> & KeysOfMembers,
): Promise<MadeRoom> {
  refuseSecrets(env);
  requireKnown(parts);
  const { manifest, verifierFile } = await createRoom({ ...parts, now });
  return { manifest, verifier: (await readTextFile(verifierFile)).trim() };
}

/**
 * Replaces the manifest of a room by another version.
 *
 * @throws {SealroomError} SECRET_PRESENT if the environment has the shared secret; MANIFEST_SIGNATURE if another key of a member is
 *   known; as `updateRoom`.
 */
export async function replaceManifest(
  { env, now, allowClockJump }: OperatorEnvironment,
  parts: Omit<RoomParts, 'now' | 'allowClockJump' | 'signerName'> & KeysOfMembers,
): Promise<RoomUpdate> {
  refuseSecrets(env);
  requireKnown(parts);
  return updateRoom({ ...parts, now, allowClockJump });
}

/** A table of a room, and whether its snapshot is intact. */
export interface TableReport extends RoomTable {
  readonly state: 'intact' | 'changed' | 'not loaded';
}

/** The content of a room. */
export interface RoomReport {
  readonly directory: string;
  readonly manifest: Manifest;
  readonly tables: readonly TableReport[];
  /** ROOM_SNAPSHOT if a table was changed. */
  readonly problem: SealroomError | null;
}

/**
 * Lists the tables of a room, and reads their snapshots to check whether they were changed.
 *
 * @param directory absolute path of the room
 * @throws {SealroomError} SECRET_PRESENT if the environment has the shared secret; as `openRoom`.
 */
export async function inspectRoom({ env }: Pick<OperatorEnvironment, 'env'>, directory: string): Promise<RoomReport> {
  refuseSecrets(env);
  const { manifest, tables } = await openRoom(directory);
  const reports: TableReport[] = [];
  for (const table of tables) reports.push(await inspectTable(table));
  const changed = reports.filter(({ state }) => state === 'changed').map(({ name }) => name);
  const problem = changed.length === 0 ? null : changedTables(directory, changed);
  return { directory, manifest, tables: reports, problem };
}

async function inspectTable(table: RoomTable): Promise<TableReport> {
  if (table.snapshot === null) return { ...table, state: 'not loaded' };
  try {
    await verifySnapshot(table.snapshot);
    return { ...table, state: 'intact' };
  } catch (error) {
    if (!(error instanceof SealroomError) || error.code !== 'ROOM_SNAPSHOT') throw error;
    return { ...table, state: 'changed' };
  }
}

function changedTables(directory: string, names: readonly string[]): SealroomError {
  const message = `snapshots were changed after they were loaded: ${names.join(', ')}`;
  return new SealroomError('ROOM_SNAPSHOT', message, {
    where: { file: directory },
    hint: 'load the tables again with `sealroom room add`, or remove them',
  });
}

/** The audit log of a room, even if the room cannot be opened. */
export interface RoomLog {
  readonly auditDirectory: string;
  /** File with the key that verifies it. */
  readonly verifierFile: string;
  /** Not verified. */
  readonly records: AsyncIterable<{ readonly record: AuditRecord; readonly line: string }>;
}

/**
 * Reads the audit log of a room.
 *
 * @param directory absolute path of the room
 * @throws {SealroomError} SECRET_PRESENT if the environment has the shared secret; the records as `readRecords`.
 */
export function readRoomLog({ env }: Pick<OperatorEnvironment, 'env'>, directory: string): RoomLog {
  refuseSecrets(env);
  const { auditDirectory, verifierFile } = auditFilesOf(directory);
  return { auditDirectory, verifierFile, records: readRecords(auditDirectory) };
}
