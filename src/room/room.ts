import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AuditLog, type AuditLogOptions, readSignerFile, type RoomEvent } from '../audit/index.ts';
import { type Signer } from '../tlog/index.ts';
import { columnsInRoom, type Manifest, type ManifestColumn, type ManifestTable } from '../collab/index.ts';
import { SealroomError, systemReason } from '../errors/index.ts';
import { hashFile } from '../files/index.ts';
import { ROOM_FILES } from './room-files.ts';
import { loadingTerms } from './snapshots/load-fingerprint.ts';
import { readManifestCopy } from './manifest-copy.ts';
import {
  readState,
  type RoomState,
  SNAPSHOT_FORM,
  type SnapshotEntry,
  snapshotFile,
} from './snapshots/snapshot-index.ts';

/**
 * The rows of a table as they were loaded: a DuckDB file with a single table, `"owner"."table"`, that is never written to again.
 * Each load makes a new one.
 */
export interface Snapshot {
  /** Absolute path of the file; open it `READ_ONLY`. It is deleted when the table is loaded again or removed. */
  readonly path: string;
  /** SHA-256 of the file as it was written, 64 hexadecimal digits; {@link verifySnapshot} compares it with the file. */
  readonly sha256: string;
  readonly bytes: number;
  readonly rows: number;
  /** How many rows have the most frequent value other than null, by column; of each column that joins may compare. */
  readonly multiplicity: Readonly<Record<string, number>>;
  /** SHA-256 of the file that was loaded. */
  readonly sourceSha256: string;
  /** When it was loaded; ISO 8601, UTC. */
  readonly loadedAt: string;
}

/** A table of the manifest, and its rows if they are loaded. */
export interface RoomTable {
  readonly name: string;
  /** The member that owns it; also its schema in SQL. */
  readonly owner: string;
  /** The columns in the room, in the manifest's order, with their types there. */
  readonly columns: readonly ManifestColumn[];
  /** `null` if nothing is loaded, or if what was loaded no longer matches the manifest. */
  readonly snapshot: Snapshot | null;
}

/** The state of a room at one moment; deeply frozen. */
export interface Room {
  /** Absolute path. */
  readonly directory: string;
  /** Signed by all members. */
  readonly manifest: Manifest;
  /** Its text in YAML or JSON, with the signatures. */
  readonly manifestText: string;
  /** All tables of the manifest, in its order. */
  readonly tables: readonly RoomTable[];
  readonly auditDirectory: string;
  /** File with the key that verifies the audit log. */
  readonly verifierFile: string;
}

/** The directory of a room's audit log, and the file with the key that verifies it. */
export function auditFilesOf(directory: string): Pick<Room, 'auditDirectory' | 'verifierFile'> {
  return { auditDirectory: join(directory, ROOM_FILES.audit), verifierFile: join(directory, ROOM_FILES.verifier) };
}

/** How often a room is read again if it changes meanwhile. */
const ATTEMPTS = 3;

/**
 * Reads a room: the manifest, with its signatures verified, and the current snapshot of each table.
 *
 * It keeps no file open and takes no lock. It checks that the snapshots exist and how large they are, but does not read them; use
 * {@link verifySnapshot} for that.
 *
 * @param directory absolute path of the room
 * @throws {SealroomError} IO_READ if it is not a room; ROOM_STATE if its state is damaged, there is a link in it, or the manifest is not the one
 *   that was last put into force; ROOM_SNAPSHOT if a snapshot is missing, has another size or was loaded by another version; MANIFEST_SYNTAX, MANIFEST_INVALID
 *   and MANIFEST_UNSUPPORTED if the manifest is not valid; MANIFEST_SIGNATURE if it was changed after it was signed;
 *   MANIFEST_UNSIGNED if a signature is missing.
 */
export async function openRoom(directory: string): Promise<Room> {
  for (let attempt = 1; ; attempt += 1) {
    const { state, text, manifest, manifestText } = await readRoom(directory);
    try {
      requireKnownForm(directory, manifest, state.snapshots);
      const tables = await Promise.all(
        manifest.tables.map((table) => readTable(directory, manifest, table, state.snapshots)),
      );
      const files = auditFilesOf(directory);
      return Object.freeze({ directory, manifest, manifestText, tables: Object.freeze(tables), ...files });
    } catch (error) {
      // A load that finished meanwhile has removed the previous snapshot.
      const isStale = (await readState(directory)).text !== text;
      if (!isStale || attempt === ATTEMPTS) throw error;
    }
  }
}

/**
 * The state of a room and the manifest that is in force in it. Only `createRoom` and `updateRoom` bring a manifest into force; any
 * other is refused, even if it is signed.
 *
 * @throws {SealroomError} the codes of {@link openRoom} except ROOM_SNAPSHOT.
 */
export async function readRoom(directory: string): Promise<{
  readonly state: RoomState;
  readonly text: string;
  readonly manifest: Manifest;
  readonly manifestText: string;
}> {
  const { state, text } = await readState(directory);
  const { manifest, manifestText } = await readManifestCopy(directory, state.withdrawals ?? []);
  if (manifest.id === state.collaborationId && manifest.sha256 === state.manifestSha256)
    return { state, text, manifest, manifestText };
  throw new SealroomError('ROOM_STATE', `the manifest is not the version that is in force, ${state.manifestSha256}`, {
    where: { file: join(directory, ROOM_FILES.manifest) },
    hint: 'only `sealroom room update` brings a version into force, and records it',
  });
}

/** Whether the same manifest is in force in two states of a room, with the same approvals, which its hash does not cover. */
export function isSameAgreement({ manifest: a }: Room, { manifest: b }: Room): boolean {
  const approvals = [a, b].map(({ templates }) => JSON.stringify(templates.map(({ approvedBy }) => approvedBy)));
  return a.sha256 === b.sha256 && approvals[0] === approvals[1];
}

/** Refuses snapshots whose fingerprints are stored in another form than queries expect: they would never be equal. */
function requireKnownForm(directory: string, manifest: Manifest, snapshots: readonly SnapshotEntry[]): void {
  const others = manifest.tables.filter((table) => {
    const entry = snapshots.find((snapshot) => snapshotMatches(snapshot, manifest, table));
    const hasFingerprints = columnsInRoom(table).some(({ protection }) => protection === 'fingerprint');
    return entry !== undefined && hasFingerprints && entry.form !== SNAPSHOT_FORM;
  });
  if (others.length === 0) return;
  const names = others.map(({ name }) => `\`${name}\``).join(', ');
  throw new SealroomError('ROOM_SNAPSHOT', `loaded by another version of sealroom, in another form: ${names}`, {
    where: { file: directory },
    hint: 'load these tables again with `sealroom room add`, or remove them with `sealroom room remove`',
  });
}

async function readTable(
  directory: string,
  manifest: Manifest,
  table: ManifestTable,
  snapshots: readonly SnapshotEntry[],
): Promise<RoomTable> {
  const entry = snapshots.find((snapshot) => snapshotMatches(snapshot, manifest, table));
  return tableInRoom(directory, table, entry ?? null);
}

/** A table with its snapshot, from an entry of the state. */
export async function tableInRoom(
  directory: string,
  table: ManifestTable,
  entry: SnapshotEntry | null,
): Promise<RoomTable> {
  const { name, owner } = table;
  const snapshot = entry === null ? null : await readSnapshot(directory, entry);
  return Object.freeze({ name, owner, columns: columnsInRoom(table), snapshot });
}

/** Whether a snapshot of a table was loaded under the terms of the manifest. */
export function snapshotMatches(snapshot: SnapshotEntry, manifest: Manifest, table: ManifestTable): boolean {
  if (snapshot.table !== table.name || snapshot.termsSha256 !== loadingTerms(manifest, table)) return false;
  return table.source === null || table.source.sha256 === snapshot.sourceSha256;
}

async function readSnapshot(directory: string, entry: SnapshotEntry): Promise<Snapshot> {
  const path = join(directory, ROOM_FILES.snapshots, snapshotFile(entry));
  const { sha256, bytes, rows, multiplicity = {}, sourceSha256, loadedAt } = entry;
  const facts = await stat(path).catch((error: unknown) => {
    throw missingSnapshot(path, error);
  });
  if (facts.size !== bytes) throw changedSnapshot(path);
  return Object.freeze({ path, sha256, bytes, rows, multiplicity, sourceSha256, loadedAt });
}

/**
 * Reads a whole snapshot and compares it with the hash from when it was loaded.
 *
 * @throws {SealroomError} ROOM_SNAPSHOT if it was changed, IO_READ if it cannot be read.
 */
export async function verifySnapshot({ path, sha256 }: Snapshot): Promise<void> {
  if ((await hashFile(path)) !== sha256) throw changedSnapshot(path);
}

/** The error for a snapshot whose file is not there. */
export function missingSnapshot(path: string, cause: unknown): SealroomError {
  return snapshotError(path, `the snapshot is missing: ${systemReason(cause)}`);
}

function changedSnapshot(path: string): SealroomError {
  return snapshotError(path, 'the snapshot is not as it was loaded');
}

function snapshotError(file: string, message: string): SealroomError {
  return new SealroomError('ROOM_SNAPSHOT', message, {
    where: { file },
    hint: 'load the table again with `sealroom room add`, or remove it',
  });
}

/**
 * Reads the signer of a room, whose key is a secret of the room's operator.
 *
 * @throws {SealroomError} SECRET_INVALID if it cannot be read.
 */
export async function readRoomSigner({ directory }: Pick<Room, 'directory'>): Promise<Signer> {
  return readSignerFile(join(directory, ROOM_FILES.signer));
}

/** The clock that records of a room follow. */
export type RoomClock = Pick<AuditLogOptions, 'now' | 'allowClockJump'>;

/**
 * Opens the audit log of a room for writing, with the room's signer. The caller must close it.
 *
 * @throws {SealroomError} SECRET_INVALID if the signer cannot be read; IO_READ, IO_LOCKED; AUDIT_* if the log is not intact.
 */
export async function openRoomLog(
  room: Pick<Room, 'directory' | 'auditDirectory'>,
  { now, allowClockJump }: RoomClock,
): Promise<AuditLog> {
  return AuditLog.open({ directory: room.auditDirectory, signer: await readRoomSigner(room), now, allowClockJump });
}

/**
 * Requires a clock with which a change of the room can be recorded, before work that would be in vain otherwise.
 *
 * @throws {SealroomError} IO_CLOCK if the clock is more than a day past the last record, and the codes of {@link openRoomLog}.
 */
export async function requireRoomClock(directory: string, clock: RoomClock): Promise<void> {
  await using log = await openRoomLog({ directory, ...auditFilesOf(directory) }, clock);
  await log.requireClock();
}

/**
 * Records a change of a room. The change takes effect only after this has returned.
 *
 * @throws {SealroomError} IO_WRITE if it cannot be recorded, and the codes of {@link openRoomLog}.
 */
export async function recordInRoom(directory: string, events: readonly RoomEvent[], clock: RoomClock): Promise<void> {
  await using log = await openRoomLog({ directory, ...auditFilesOf(directory) }, clock);
  for (const event of events) await log.append(event);
}
