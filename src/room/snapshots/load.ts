import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClockJumps } from '../../audit/index.ts';
import {
  columnsInRoom,
  type Manifest,
  type ManifestColumn,
  type ManifestTable,
  matchColumns,
  requireLoadable,
} from '../../collab/index.ts';
import { quoteForMessage, SealroomError } from '../../errors/index.ts';
import { findParts, hashFile, placeFile, requireReadable, syncFile } from '../../files/index.ts';
import { checkedTable, SIGNED_NULL } from '../../signed-tables/index.ts';
import {
  failInParts,
  findInput,
  openTable,
  type TableInput,
  type TableReader,
  toTableInput,
} from '../../tabular/index.ts';
import { failAtRoom, ROOM_FILES, sweep, withRoomLock } from '../room-files.ts';
import { MOST_CELL_BYTES } from './cells.ts';
import { loadingTerms } from './load-fingerprint.ts';
import { readSourceSignature } from './source-signature.ts';
import { type LoadedColumn, type LoadedFacts, type LoadingTask, MustStage, TableLoader } from './table-loader.ts';
import { readRoom, recordInRoom, requireRoomClock, type RoomTable, tableInRoom } from '../room.ts';
import { readState, SNAPSHOT_FORM, type SnapshotEntry, snapshotFile, writeState } from './snapshot-index.ts';

/** The progress of a load: the rows that were read, and then the hashing of the snapshot. */
export interface LoadProgress {
  readonly phase: 'load' | 'write';
  readonly rows: number;
  readonly totalRows: number | null;
}

/** What to load into which room. */
export interface LoadOptions {
  /** Absolute path of the room. */
  readonly directory: string;
  /** Name of a table of the manifest. */
  readonly table: string;
  /** Protected rows: CSV, Parquet or Arrow; a string is the path of a file, a folder or a pattern. */
  readonly input: string | TableInput;
  /** The CSV text that means null (format F-80). */
  readonly csvInputNull?: string | readonly string[] | undefined;
  /** SHA-256 that the input must have, in hexadecimal, besides that of the manifest. */
  readonly sourceSha256?: string | undefined;
  readonly now: () => Date;
  /** Whether a record may come more than a day after the one before it; see `AuditLogOptions`. */
  readonly allowClockJump?: ClockJumps | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/** The result of a load. */
export interface LoadSummary {
  readonly table: RoomTable;
  /** Headers of the columns that were not loaded because the rule does not name them. */
  readonly leftOut: readonly string[];
  /** Hash of the previous snapshot, which was removed. */
  readonly replacedSha256: string | null;
  /** What was found out about how the file is to be read. */
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  /** The key of the owner that signed the file, whose rows were checked; `null` if it has no signature. */
  readonly signedBy: string | null;
  readonly elapsedMs: number;
}

/**
 * Loads a table of protected rows into the room as a new snapshot that replaces the previous one. It contains only the columns
 * that the table's analysis rule names, each checked against the manifest, and its rows are in random order.
 *
 * Memory is bounded; temporary data is written to the room's directory, protected as in the file. The new snapshot takes effect
 * at once when it is complete, on the disk and in the audit log; until then the old one stays in effect, whatever happens. The
 * next change of the room removes what a killed process left behind.
 *
 * @throws {SealroomError} RULE_PROTECTION for a value that is not protected as the manifest says, FORMAT_CELL for a malformed
 *   cell, RULE_DUPLICATES, RULE_SOURCE if the manifest names another file, DATA_COLUMN if columns are missing, DATA_* for
 *   others, with file, row and column; FORMAT_SIGNATURE, RULE_SIGNATURE if the file is not what its owner signed; USAGE_OPTION if
 *   the manifest has no such table, or no rule for it; IO_ABORTED if the signal fires; IO_*, ROOM_*, MANIFEST_* and AUDIT_* for the
 *   room and its log.
 */
export async function loadTable(options: LoadOptions): Promise<LoadSummary> {
  const started = performance.now();
  const input = toTableInput(options.input);
  if (input.kind === 'file') await requireOrdinary(input.path);
  await findInput(input);
  try {
    const outcome = await withRoomLock(options.directory, () => load(options));
    return { ...outcome, elapsedMs: performance.now() - started };
  } catch (error) {
    if (options.signal?.aborted !== true) throw error;
    throw new SealroomError('IO_ABORTED', 'stopped; the room is as it was', { cause: error });
  }
}

async function load(options: LoadOptions): Promise<Omit<LoadSummary, 'elapsedMs'>> {
  const { directory, csvInputNull, signal } = options;
  const input = toTableInput(options.input);
  const { manifest, state } = await readRoom(directory);
  const table = requireLoadable(manifest, options.table);
  await requireRoomClock(directory, options);
  await sweep(directory, state.snapshots.map(snapshotFile));
  const { signature, warnings } = await readSourceSignature(manifest, table, input);
  const file = await openTable(input, {
    csvInputNull: csvInputNull ?? (signature === null ? undefined : SIGNED_NULL),
    signal,
  });
  try {
    const reader = signature === null ? file : checkedTable(file, signature);
    const sourceSha256 = await reader.sha256(signal);
    if ((options.sourceSha256 ?? sourceSha256) !== sourceSha256) throw changedSource(reader.name);
    const columns = findColumns(reader, columnsInRoom(table));
    if (table.source !== null && table.source.sha256 !== sourceSha256) throw otherSource(reader.name);
    const written = await writeSnapshot(options, manifest, table, reader, columns).catch(failInParts(file));
    const entry: SnapshotEntry = {
      table: table.name,
      form: SNAPSHOT_FORM,
      owner: table.owner,
      ...written,
      termsSha256: loadingTerms(manifest, table),
      sourceSha256,
      loadedAt: options.now().toISOString(),
    };
    const old = state.snapshots.find((snapshot) => snapshot.table === table.name);
    const snapshots = [...state.snapshots.filter((snapshot) => snapshot !== old), entry];
    await placeSnapshot(directory, entry);
    const { owner, sha256: ruleSha256 } = table;
    const hashes = { ruleSha256, sourceSha256, snapshotSha256: entry.sha256, replacedSha256: old?.sha256 ?? null };
    const load = { table: table.name, owner, manifestSha256: manifest.sha256, ...hashes, rows: entry.rows };
    await recordInRoom(directory, [{ kind: 'load', ...load }], options);
    await writeState(directory, { ...state, snapshots });
    await sweep(directory, snapshots.map(snapshotFile));
    return {
      table: await tableInRoom(directory, table, entry),
      leftOut: reader.fields.filter((field) => !columns.some(({ source }) => source === field)).map(({ name }) => name),
      replacedSha256: old?.sha256 ?? null,
      notes: reader.notes,
      warnings: [...warnings, ...reader.warnings],
      signedBy: signature?.key ?? null,
    };
  } catch (error) {
    await sweep(directory, (await readState(directory)).state.snapshots.map(snapshotFile));
    throw error;
  } finally {
    await file.close();
  }
}

/** The columns of the file that are loaded, in the manifest's order. */
function findColumns(reader: TableReader, wanted: readonly ManifestColumn[]): readonly LoadedColumn[] {
  const where = { file: reader.name };
  const { found, missing, repeated } = matchColumns(wanted, reader.fields, ({ name }) => name);
  const [twice] = repeated;
  if (twice !== undefined) {
    throw new SealroomError('DATA_HEADER', `the file has more than one column ${quoteForMessage(twice)}`, {
      where,
      hint: 'headers are compared in lower case and without blanks around them',
    });
  }
  if (missing.length === 0) return found;
  const known = reader.fields.map(({ name }) => quoteForMessage(name)).join(', ');
  const names = missing.map((name) => quoteForMessage(name)).join(', ');
  throw new SealroomError('DATA_COLUMN', `the file lacks columns that the rule names: ${names}`, {
    where,
    hint: `the file has ${known}`,
  });
}

/** A file is read more than once, so it must be an ordinary file, or a folder or pattern of such. */
async function requireOrdinary(path: string): Promise<void> {
  if ((await findParts(path)) !== null) return;
  await requireReadable(path);
  if ((await stat(path)).isFile()) return;
  throw new SealroomError('IO_READ', 'not an ordinary file', { where: { file: path } });
}

function otherSource(file: string): SealroomError {
  return new SealroomError('RULE_SOURCE', 'the file does not have the hash that is in the manifest', {
    where: { file },
    hint: 'get the file from its owner again, or have the owner change `source` in the manifest, which all members then sign',
  });
}

function changedSource(file: string): SealroomError {
  return new SealroomError('RULE_SOURCE', 'the file does not have the hash that it was announced with', {
    where: { file },
    hint: 'get the file from its owner again',
  });
}

/** Writes the snapshot next to the others; returns its hash, size and number of rows. */
async function writeSnapshot(
  options: LoadOptions,
  manifest: Manifest,
  { owner, name, unique }: ManifestTable,
  reader: TableReader,
  columns: readonly LoadedColumn[],
): Promise<Pick<SnapshotEntry, 'sha256' | 'bytes' | 'rows' | 'multiplicity'>> {
  const { directory, signal, onProgress } = options;
  const task: LoadingTask = {
    file: reader.name,
    owner,
    table: name,
    columns,
    keys: unique,
    settings: manifest.settings,
    room: directory,
    directory: join(directory, ROOM_FILES.unfinished),
  };
  const { path, rows, multiplicity } = await writeRows(task, 'direct', reader, options).catch((error: unknown) => {
    if (!(error instanceof MustStage)) throw error;
    return writeRows(task, 'staged', reader, options);
  });
  signal?.throwIfAborted();
  await syncFile(path).catch(failAtRoom(directory));
  const { size: bytes } = await stat(path);
  const sha256 = await hashFile(path, signal);
  onProgress?.({ phase: 'write', rows, totalRows: rows });
  return { sha256, bytes, rows, multiplicity };
}

/** Reads the whole file into a new snapshot, whose path it returns. */
async function writeRows(
  task: LoadingTask,
  way: 'direct' | 'staged',
  reader: TableReader,
  { directory, signal, onProgress }: LoadOptions,
): Promise<LoadedFacts & { readonly path: string }> {
  await rm(task.directory, { recursive: true, force: true }).catch(failAtRoom(directory));
  await mkdir(task.directory, { mode: 0o700 }).catch(failAtRoom(directory));
  const loader = new TableLoader(task, way);
  try {
    const indexes = task.columns.map(({ source }) => reader.fields.indexOf(source));
    let rows = 0;
    for await (const batch of reader.batches({ columns: indexes, maxValueBytes: MOST_CELL_BYTES, signal })) {
      await loader.add(batch);
      rows += batch.rows;
      onProgress?.({ phase: 'load', rows, totalRows: reader.rows });
    }
    signal?.throwIfAborted();
    onProgress?.({ phase: 'write', rows: 0, totalRows: rows });
    return { ...(await loader.finish()), path: loader.path };
  } finally {
    await loader.close();
  }
}

async function placeSnapshot(directory: string, entry: SnapshotEntry): Promise<void> {
  const snapshots = join(directory, ROOM_FILES.snapshots);
  try {
    const written = join(directory, ROOM_FILES.unfinished, 'snapshot.duckdb');
    await placeFile(written, join(snapshots, snapshotFile(entry)), { replaces: true });
  } catch (error) {
    failAtRoom(directory)(error);
  }
}
