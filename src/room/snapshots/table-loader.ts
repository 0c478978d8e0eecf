import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { type CollaborationSettings, type Conversion, convertColumn, type MatchedColumn } from '../../collab/index.ts';
import { Arena } from '../../bytes/index.ts';
import { type Batch, type ColumnData, type Field } from '../../columns/index.ts';
import { EngineTask } from '../../engine/index.ts';
import { quoteForMessage, SealroomError } from '../../errors/index.ts';
import { copyBatch } from '../../tabular/index.ts';
import { requireProtection } from './cells.ts';
import { HALF_TYPE, splitFingerprints } from './fingerprints.ts';
import { type Found, inputColumn, inputRest, LoadingSql, POSITION, ROW } from './loading-sql.ts';

/**
 * The engine's memory limits; what exceeds them goes to the disk, protected as it will be in the room. One statement sorts any number of
 * short rows in little memory; long rows, and searching for what is to be refused, take more, but less while the file is being read.
 */
const DIRECT_MIB = 128;
const STAGING_MIB = 256;
const WRITING_MIB = 512;

/** Tables with longer rows on average are staged, and sorted in parts of about this many bytes. */
const LONG_ROW_BYTES = 1024;
const PART_BYTES = 128 << 20;

/** A column of the file that is loaded. */
export type LoadedColumn = MatchedColumn<Field>;

/** How to load a table. */
export interface LoadingTask {
  /** The file's name in errors. */
  readonly file: string;
  readonly owner: string;
  readonly table: string;
  readonly columns: readonly LoadedColumn[];
  /** Sets of columns of which no two rows may have the same values, other than null. */
  readonly keys: readonly (readonly string[])[];
  readonly settings: CollaborationSettings;
  /** The room's directory, for errors. */
  readonly room: string;
  /** An empty directory for everything that is written. */
  readonly directory: string;
}

/** What a load found out about a table. */
export interface LoadedFacts {
  readonly rows: number;
  /** How many rows have the most frequent value other than null, by column; for columns that joins may compare. */
  readonly multiplicity: Readonly<Record<string, number>>;
}

/** Thrown where a table cannot be loaded in one statement: its rows are long, or something is to be refused and must be found. */
export class MustStage extends Error {}

/**
 * Writes the rows of one table to a new snapshot, in random order: `direct` in one statement, which knows no rows of the file;
 * `staged` by way of a file with the rows in their order, which names the rows that it refuses and takes rows of any length.
 */
export class TableLoader {
  /** The file of the snapshot, complete once {@link TableLoader.finish} has returned. */
  readonly path: string;
  readonly #task: LoadingTask;
  readonly #way: 'direct' | 'staged';
  readonly #conversions: readonly Conversion[];
  readonly #sql: LoadingSql;
  #engine: EngineTask;
  /** For what is made of a batch, until it is copied. */
  readonly #memory = new Arena();
  #rows = 0;
  #bytes = 0;

  /** @throws {SealroomError} DATA_TYPE if a column of the file cannot have the type in the manifest. */
  constructor(task: LoadingTask, way: 'direct' | 'staged') {
    const { columns, owner, table, keys, settings, directory } = task;
    this.#task = task;
    this.#way = way;
    this.path = join(directory, 'snapshot.duckdb');
    this.#conversions = columns.map((loaded, index) => this.#conversionOf(loaded, inputColumn(index)));
    this.#sql = new LoadingSql({
      path: this.path,
      owner,
      table,
      keys,
      allowDuplicates: settings.allowDuplicates,
      columns: this.#conversions.map((conversion, index) => {
        const { name = '', protection = 'cleartext' } = columns[index]?.column ?? {};
        return { name, protection, conversion };
      }),
    });
    const isDirect = way === 'direct';
    const fields = [POSITION, ...columns.flatMap(fieldsOf)];
    this.#engine = isDirect
      ? this.#startEngine(this.#sql.printDirect(), fields, DIRECT_MIB)
      : this.#startEngine(this.#sql.printStaging(this.#stagingFile), [ROW, ...fields], STAGING_MIB);
  }

  #conversionOf({ column, source }: LoadedColumn, name: string): Conversion {
    const where = { file: this.#task.file, column: source.name };
    if (column.protection === 'cleartext') {
      try {
        return convertColumn(name, column.type, source.type);
      } catch (error) {
        throw error instanceof SealroomError ? error.at(where) : error;
      }
    }
    if (source.type.kind === 'string') return { value: name, isRefused: null, expected: column.type };
    throw new SealroomError('DATA_TYPE', `expected text with cells, got a column of type ${source.type.kind}`, {
      where,
      hint: 'encrypt the table with `sealroom encrypt --manifest` first, and do not leave this file here',
    });
  }

  get #stagingFile(): string {
    return join(this.#task.directory, 'staging.duckdb');
  }

  #startEngine(sql: string, fields: readonly Field[], memoryMiB: number): EngineTask {
    const spillDirectory = join(this.#task.directory, 'spill');
    return new EngineTask({ sql, fields, limits: { memoryMiB, threads: 1, spillDirectory } });
  }

  /**
   * Adds the rows of a batch, which is copied. Protected columns are checked before the engine gets them, because it may write them
   * to the disk.
   *
   * @throws {SealroomError} RULE_PROTECTION, FORMAT_CELL, DATA_VALUE with file, row and column; IO_WRITE, IO_ENGINE.
   * @throws {MustStage} if the load is direct.
   */
  async add({ rows, columns }: Batch): Promise<void> {
    for (const column of columns) this.#bytes += column.layout === 'bytes' ? column.bytes.length : column.values.length;
    this.#memory.reset();
    const stored = this.#task.columns.flatMap((_, index) => this.#storedColumns(index, columns[index]));
    const positions = fixed(randomFillSync(this.#memory.bytes(rows * 8)));
    const order = this.#way === 'direct' ? [positions] : [this.#rowNumbers(rows), positions];
    this.#rows += rows;
    if (this.#way === 'direct' && this.#isLong && this.#bytes > PART_BYTES) throw new MustStage();
    const batch = copyBatch({ rows, columns: [...order, ...stored] }, this.#engine.spare);
    await this.#engine.push(batch).catch((error: unknown) => this.#fail(error));
  }

  /** The numbers of the next rows in the file. */
  #rowNumbers(rows: number): ColumnData {
    const numbers = new BigInt64Array(rows).map((_, row) => BigInt(this.#rows + row + 1));
    return fixed(new Uint8Array(numbers.buffer));
  }

  get #isLong(): boolean {
    return this.#bytes > this.#rows * LONG_ROW_BYTES;
  }

  /** The columns of the input for a column of the file. */
  #storedColumns(index: number, data: ColumnData | undefined): readonly ColumnData[] {
    const { file, columns, settings } = this.#task;
    const loaded = columns[index];
    if (data === undefined || loaded === undefined) throw new Error('a batch without a column of its table');
    const { column, source } = loaded;
    try {
      requireProtection(data, column.protection, settings.preserveNulls);
    } catch (error) {
      throw error instanceof SealroomError ? error.inTable(file, source.name, this.#rows) : error;
    }
    if (column.protection !== 'fingerprint' || data.layout !== 'bytes') return [data];
    const { first, rest } = splitFingerprints(data, this.#memory);
    return [first, rest];
  }

  /**
   * Finishes the load. The snapshot is then complete, and the only table in its file.
   *
   * @throws {SealroomError} DATA_VALUE for a cleartext value that does not fit its type in the room, FORMAT_CELL for different
   *   fingerprints with the same first half, RULE_DUPLICATES for repeated fingerprints where the collaboration forbids them, and for
   *   repeated values of a key; IO_WRITE, IO_ENGINE.
   * @throws {MustStage} if the load is direct.
   */
  async finish(): Promise<LoadedFacts> {
    const found = await this.#engine.finish().catch((error: unknown) => this.#fail(error));
    const multiplicity: Record<string, number> = {};
    for (const { found: kind, place, first, again } of found) {
      const rows = { first: Number(first), again: Number(again) };
      const loaded = this.#task.columns[Number(place)];
      if (kind === 'most' && loaded !== undefined) multiplicity[loaded.column.name] = rows.first;
      this.#check(kind as Found, Number(place), rows);
    }
    await this.#engine.abort();
    if (this.#way === 'staged') await this.#write();
    return { rows: this.#rows, multiplicity };
  }

  /** Refuses what a query over the rows has found. */
  #check(found: Found, place: number, { first, again }: { readonly first: number; readonly again: number }): void {
    const { file, columns, keys, settings } = this.#task;
    const loaded = columns[place];
    const where = { file, column: loaded?.source.name };
    const isRepeated = loaded?.column.protection === 'fingerprint' && !settings.allowDuplicates && first > 1;
    switch (found) {
      case 'rows':
        if (first !== this.#rows) throw new SealroomError('IO_ENGINE', 'the engine lost rows', { where: { file } });
        return;
      case 'most':
        if (this.#way === 'direct' && (again > 0 || isRepeated)) throw new MustStage();
        return;
      case 'value':
        throw new SealroomError('DATA_VALUE', `the value is not ${this.#conversions[place]?.expected ?? ''}`, {
          where: { ...where, row: first },
          hint: 'nothing was loaded; correct the table, or correct the type in the manifest and sign it',
        });
      case 'collision':
        throw new SealroomError(
          'FORMAT_CELL',
          `rows ${String(first)} and ${String(again)} hold different fingerprints with the same first 16 bytes`,
          { where, hint: 'nothing was loaded; no encryption makes such cells: get the table from its owner again' },
        );
      case 'key':
        if (this.#way === 'direct') throw new MustStage();
        throw repeatedKey(file, keys[place] ?? [], first, again);
      case 'duplicate':
        throw new SealroomError(
          'RULE_DUPLICATES',
          `rows ${String(first)} and ${String(again)} hold the same fingerprint, and the collaboration forbids duplicates`,
          { where, hint: 'nothing was loaded; remove the duplicates and encrypt the table again' },
        );
    }
  }

  /** Writes the staged rows to the snapshot. */
  async #write(): Promise<void> {
    const bits = this.#isLong ? Math.ceil(Math.log2(Math.max(1, this.#bytes / PART_BYTES))) : 0;
    this.#engine = this.#startEngine(this.#sql.printWriting(this.#stagingFile, bits), [], WRITING_MIB);
    await this.#engine.finish().catch((error: unknown) => this.#fail(error));
  }

  /** Places an error: in the room if the engine could not write, else in the file. */
  #fail(error: unknown): never {
    if (!(error instanceof SealroomError)) throw error;
    if (this.#way === 'direct' && error.code === 'IO_ENGINE') throw new MustStage('', { cause: error });
    throw error.at({ file: error.code.startsWith('IO_') ? this.#task.room : this.#task.file });
  }

  /** Stops the engine, whatever it is doing; the files that it wrote stay. */
  async close(): Promise<void> {
    await this.#engine.abort();
  }
}

/** The columns of the input for a column of the file, in the form that the engine accepts. Timestamps count as UTC. */
function fieldsOf({ column, source: { type } }: LoadedColumn, index: number): readonly Field[] {
  const name = inputColumn(index);
  if (column.protection === 'fingerprint') {
    return [name, inputRest(index)].map((half) => ({ name: half, type: HALF_TYPE }));
  }
  return [{ name, type: type.kind === 'timestamp' ? { ...type, utc: false } : type }];
}

function repeatedKey(file: string, key: readonly string[], first: number, again: number): SealroomError {
  const names = key.map((name) => quoteForMessage(name)).join(', ');
  return new SealroomError('RULE_DUPLICATES', `rows ${String(first)} and ${String(again)} have the same ${names}`, {
    where: { file },
    hint: 'nothing was loaded; `x-unique` in the manifest says that no two rows do: correct the table, or the manifest and sign it',
  });
}

function fixed(values: Uint8Array): ColumnData {
  return { layout: 'fixed', rows: values.length / 8, width: 8, values, validity: null };
}
