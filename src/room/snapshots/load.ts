import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest, ManifestColumn, ManifestTable } from '../../collab/index.ts';
import { quoteForMessage, SealroomError, systemReason } from '../../errors/index.ts';
import { normaliseHeader } from '../../schema/index.ts';
import { type Field } from '../../columns/index.ts';
import { hashFile, placeFile, syncFile } from '../../files/index.ts';
import { openTable, copyBatch, type TableInput, type TableReader, toTableInput } from '../../tabular/index.ts';
import { failAtRoom, ROOM_FILES, sweep, withRoomLock } from '../room-files.ts';
import { columnsInRoom, loadingTerms } from './load-fingerprint.ts';
import { type LoadedColumn, TableLoader } from './table-loader.ts';
import { readRoom, recordInRoom, type RoomTable, tableInRoom } from '../room.ts';
import { readState, type SnapshotEntry, snapshotFile, writeState } from './snapshot-index.ts';

/** How far a load has come: rows that were read, then the hash of the snapshot. */
export interface LoadProgress {
  readonly phase: 'load' | 'write';
  readonly rows: number;
  readonly totalRows: number | null;
}

/** What is loaded into which room. */
export interface LoadOptions {
  /** Absolute path of the room. */
  readonly directory: string;
  /** Name of a table of the manifest. */
  readonly table: string;
  /** Protected rows: CSV, Parquet or Arrow; a string is the path of a file. */
  readonly input: string | TableInput;
  /** Which CSV text is null (format F-80). */
  readonly csvInputNull?: string | undefined;
  readonly now: () => Date;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/** What a load did. */
export interface LoadSummary {
  readonly table: RoomTable;
  /** Headers of the file that were not loaded, because no rule names them. */
  readonly leftOut: readonly string[];
  /** Hash of the snapshot before, which is gone now. */
  readonly replacedSha256: string | null;
  readonly warnings: readonly string[];
  readonly elapsedMs: number;
}

/**
 * Loads a table of protected rows into the room as a new snapshot, in the place of the one before: only the columns that its
 * analysis rule names, each checked against the manifest, in random order.
 *
 * Bounded memory; what goes to the disk meanwhile is in the room's directory, protected as in the file. The new snapshot
 * counts at one moment, when it is complete, on the disk and in the audit log; before that, whatever happens, the old one does. What a killed
 * process leaves behind is removed by the next change of the room.
 *
 * @throws {SealroomError} RULE_PROTECTION for a value that is not protected as the manifest says, FORMAT_CELL for a malformed
 *   cell, RULE_DUPLICATES, RULE_SOURCE if the manifest names another file, DATA_COLUMN if columns are missing, DATA_* for
 *   others, with file, row and column; USAGE_OPTION if the manifest has no such table, or no rule for it; IO_ABORTED if the
 *   signal fires; what `openRoom` throws.
 */
export async function loadTable(options: LoadOptions): Promise<LoadSummary> {
  const started = performance.now();
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
  const table = findTable(manifest, options.table);
  await sweep(directory, state.snapshots.map(snapshotFile));
  if (input.kind === 'file') await requireOrdinary(input.path);
  const reader = await openTable(input, { csvInputNull, signal });
  try {
    const sourceSha256 = await reader.sha256(signal);
    const columns = findColumns(reader, columnsInRoom(table));
    if (table.source !== null && table.source.sha256 !== sourceSha256) throw otherSource(reader.name);
    const written = await writeSnapshot(options, manifest, table, reader, columns);
    const entry: SnapshotEntry = {
      table: table.name,
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
    await recordInRoom(directory, [{ kind: 'load', ...load }], options.now);
    await writeState(directory, { ...state, snapshots });
    await sweep(directory, snapshots.map(snapshotFile));
    return {
      table: await tableInRoom(directory, table, entry),
      leftOut: reader.fields.filter((field) => !columns.some(({ source }) => source === field)).map(({ name }) => name),
      replacedSha256: old?.sha256 ?? null,
      warnings: reader.warnings,
    };
  } catch (error) {
    await sweep(directory, (await readState(directory)).state.snapshots.map(snapshotFile));
    throw error;
  } finally {
    await reader.close();
  }
}

/** The table of a name that can be loaded. */
function findTable({ tables }: Manifest, name: string): ManifestTable {
  const table = tables.find((candidate) => candidate.name === name);
  if (table === undefined) {
    throw new SealroomError('USAGE_OPTION', `expected a table of the manifest, got ${quoteForMessage(name)}`, {
      hint: `its tables are ${tables.map((candidate) => candidate.name).join(', ')}`,
    });
  }
  if (table.rule !== null) return table;
  throw new SealroomError('USAGE_OPTION', `expected a table with an analysis rule, got ${table.name} without one`, {
    hint: 'no query could use it; its owner adds a rule to the manifest, and all sign it',
  });
}

/** The columns of the file that go into the room, in the manifest's order. */
function findColumns(reader: TableReader, wanted: readonly ManifestColumn[]): readonly LoadedColumn[] {
  const missing: string[] = [];
  const columns = wanted.flatMap((column): readonly LoadedColumn[] => {
    const [source, ...others] = reader.fields.filter((field) => normaliseHeader(field.name) === column.name);
    if (others.length > 0) {
      throw new SealroomError('DATA_HEADER', `expected one column ${quoteForMessage(column.name)}, got several`, {
        where: { file: reader.name },
        hint: 'headers are compared in lower case and without blanks around them',
      });
    }
    if (source === undefined) missing.push(quoteForMessage(column.name));
    return source === undefined ? [] : [{ column, source }];
  });
  if (missing.length === 0) return columns;
  const known = reader.fields.map(({ name }: Field) => quoteForMessage(name)).join(', ');
  throw new SealroomError(
    'DATA_COLUMN',
    `expected the columns that the rule names, got none named ${missing.join(', ')}`,
    {
      where: { file: reader.name },
      hint: `the file has ${known}`,
    },
  );
}

/** A file is read more than once, and so must be one that stays. */
async function requireOrdinary(path: string): Promise<void> {
  const facts = await stat(path).catch((cause: unknown) => {
    throw new SealroomError('IO_READ', `cannot read: ${systemReason(cause)}`, { where: { file: path }, cause });
  });
  if (facts.isFile()) return;
  throw new SealroomError('IO_READ', 'expected an ordinary file, got a pipe or a device', { where: { file: path } });
}

function otherSource(file: string): SealroomError {
  return new SealroomError('RULE_SOURCE', 'expected the file whose hash is in the manifest, got another', {
    where: { file },
    hint: 'get the file from its owner again; or the owner changes `source` in the manifest, and all sign it',
  });
}

/** Writes the snapshot beside the others, and says what its bytes are. */
async function writeSnapshot(
  { directory, signal, onProgress }: LoadOptions,
  manifest: Manifest,
  { owner, name }: ManifestTable,
  reader: TableReader,
  columns: readonly LoadedColumn[],
): Promise<Pick<SnapshotEntry, 'sha256' | 'bytes' | 'rows'>> {
  const unfinished = join(directory, ROOM_FILES.unfinished);
  await mkdir(unfinished, { mode: 0o700 }).catch(failAtRoom(directory));
  const loader = new TableLoader({
    file: reader.name,
    owner,
    table: name,
    columns,
    settings: manifest.settings,
    room: directory,
    directory: unfinished,
  });
  try {
    const indexes = columns.map(({ source }) => reader.fields.indexOf(source));
    let rows = 0;
    for await (const batch of reader.batches({ columns: indexes, signal })) {
      await loader.add(copyBatch(batch, []));
      rows += batch.rows;
      onProgress?.({ phase: 'load', rows, totalRows: reader.rows });
    }
    signal?.throwIfAborted();
    onProgress?.({ phase: 'write', rows: 0, totalRows: rows });
    await loader.finish();
    signal?.throwIfAborted();
    await syncFile(loader.path).catch(failAtRoom(directory));
    const { size: bytes } = await stat(loader.path);
    const sha256 = await hashFile(loader.path, signal);
    onProgress?.({ phase: 'write', rows, totalRows: rows });
    return { sha256, bytes, rows };
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
