import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { type CollaborationSettings, type Conversion, convertColumn, type MatchedColumn } from '../../collab/index.ts';
import { quoteForMessage, SealroomError } from '../../errors/index.ts';
import { type Batch, type ColumnData, type Field } from '../../columns/index.ts';
import { EngineTask, quoteIdentifier, quoteText } from '../../engine/index.ts';
import { createSalt } from '../../platform/index.ts';
import { requireProtection } from './cells.ts';

/**
 * The engine's memory limits, the lower one while the file is being read, which takes memory as well. What exceeds them goes to the
 * disk, protected as it will be in the room.
 */
const STAGING_MIB = 256;
const WRITING_MIB = 512;

/** Tables with longer rows on average are sorted in parts of about this many bytes. */
const LONG_ROW_BYTES = 1024;
const PART_BYTES = 128 << 20;

/** The maximum number of parts that a table is split into at once, as a power of two. */
const SPLIT_BITS = 5;

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

/** The row's number in the file, from 1, and a random number by which the rows are ordered. */
const ROW_FIELDS: readonly Field[] = [
  { name: 'row', type: { kind: 'bigint' } },
  { name: 'position', type: { kind: 'bigint' } },
];

/** What a query over the rows reports. */
type Found = 'rows' | 'value' | 'duplicate' | 'key' | 'most';

/** What a load found out about a table. */
export interface LoadedFacts {
  readonly rows: number;
  /** How many rows have the most frequent value other than null, by column; for columns that joins may compare. */
  readonly multiplicity: Readonly<Record<string, number>>;
}

/** Writes the rows of one table to a new snapshot, in random order. */
export class TableLoader {
  /** The file of the snapshot, complete once {@link TableLoader.finish} has returned. */
  readonly path: string;
  readonly #task: LoadingTask;
  readonly #conversions: readonly Conversion[];
  #engine: EngineTask;
  #rows = 0;
  #bytes = 0;

  /** @throws {SealroomError} DATA_TYPE if a column of the file cannot have the type in the manifest. */
  constructor(task: LoadingTask) {
    this.#task = task;
    this.path = join(task.directory, 'snapshot.duckdb');
    this.#conversions = task.columns.map((loaded, index) => this.#conversionOf(loaded, nameOfColumn(index)));
    const fields = task.columns.map(({ source }, index) => fieldOf(source, index));
    this.#engine = this.#startEngine(this.#printStaging(), [...ROW_FIELDS, ...fields], STAGING_MIB);
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

  /** The value of a column as it will be in the room. */
  #valueOf(name: string): string {
    return this.#conversions[this.#task.columns.findIndex(({ column }) => column.name === name)]?.value ?? 'NULL';
  }

  /** Stages the rows in their order, and searches them for mistakes. */
  #printStaging(): string {
    const { columns, keys, settings } = this.#task;
    const refused = this.#conversions.flatMap(({ isRefused }, index) =>
      isRefused === null
        ? []
        : [`SELECT 'value', ${String(index)}, min(row), NULL FROM staging.rows WHERE ${isRefused} HAVING count(*) > 0`],
    );
    const repeated = columns.flatMap(({ column }, index) =>
      settings.allowDuplicates || column.protection !== 'fingerprint' ? [] : [printRepeated(index)],
    );
    const facts = [
      ...keys.map((key, index) =>
        printKey(
          index,
          key.map((name) => this.#valueOf(name)),
        ),
      ),
      ...columns.flatMap(({ column }, index) =>
        column.protection === 'sealed' ? [] : [printMost(index, this.#valueOf(column.name))],
      ),
    ];
    const found = ["SELECT 'rows' AS found, 0 AS place, count(*) AS first, NULL::BIGINT AS again FROM staging.rows"];
    return [
      this.#attachStaging(),
      'CREATE TABLE staging.rows AS SELECT * FROM $input',
      [...found, ...refused, ...repeated, ...facts].join(' UNION ALL '),
    ].join(';\n');
  }

  /**
   * Writes the rows in the order of their random numbers to a separate file, so that no trace of the old order is in it.
   *
   * The engine sorts any number of rows, but only if some thousands of them fit into its memory. Long rows are sorted in parts, by
   * the lowest bits of their random numbers.
   */
  #printWriting(): string {
    const { owner, table, columns } = this.#task;
    const target = `snapshot.${quoteIdentifier(owner)}`;
    const values = columns.map(
      ({ column }, index) => `${this.#conversions[index]?.value ?? ''} AS ${quoteIdentifier(column.name)}`,
    );
    const selected = `SELECT ${values.join(', ')} FROM`;
    const isLong = this.#bytes > this.#rows * LONG_ROW_BYTES;
    const bits = isLong ? Math.ceil(Math.log2(Math.max(1, this.#bytes / PART_BYTES))) : 0;
    const inserts = printParts(
      'staging.rows',
      0,
      bits,
      (rows) => `INSERT INTO ${target}.${quoteIdentifier(table)} ${selected} ${rows} ORDER BY position`,
    );
    return [
      this.#attachStaging(),
      `ATTACH ${quoteText(this.path)} AS snapshot`,
      `CREATE SCHEMA ${target}`,
      `CREATE TABLE ${target}.${quoteIdentifier(table)} AS ${selected} staging.rows LIMIT 0`,
      // Others get the snapshot's hash: without something random in it, a table of a few rows could be found by trying.
      `COMMENT ON TABLE ${target}.${quoteIdentifier(table)} IS ${quoteText(createSalt())}`,
      ...inserts,
      // Writes what is still in the engine's log next to the file.
      'DETACH snapshot',
    ].join(';\n');
  }

  #attachStaging(): string {
    return `ATTACH ${quoteText(join(this.#task.directory, 'staging.duckdb'))} AS staging`;
  }

  #startEngine(sql: string, fields: readonly Field[], memoryMiB: number): EngineTask {
    const spillDirectory = join(this.#task.directory, 'spill');
    return new EngineTask({ sql, fields, limits: { memoryMiB, threads: 1, spillDirectory } });
  }

  /**
   * Adds the rows of a batch, whose buffers belong to the loader from then on. Protected columns are checked before the engine
   * gets them, because it may write them to the disk.
   *
   * @throws {SealroomError} RULE_PROTECTION, FORMAT_CELL, DATA_VALUE with file, row and column; IO_WRITE, IO_ENGINE.
   */
  async add({ rows, columns }: Batch): Promise<void> {
    const { file, columns: loaded, settings } = this.#task;
    for (const [index, { column, source }] of loaded.entries()) {
      const data = columns[index];
      if (data === undefined) throw new Error('a batch without a column of its table');
      try {
        requireProtection(data, column.protection, settings.preserveNulls);
      } catch (error) {
        throw error instanceof SealroomError ? error.inTable(file, source.name, this.#rows) : error;
      }
    }
    const numbers = new BigInt64Array(rows).map((_, row) => BigInt(this.#rows + row + 1));
    const positions = randomFillSync(new Uint8Array(rows * 8));
    this.#rows += rows;
    for (const column of columns) this.#bytes += column.layout === 'bytes' ? column.bytes.length : column.values.length;
    const batch = { rows, columns: [fixed(new Uint8Array(numbers.buffer)), fixed(positions), ...columns] };
    await this.#engine.push(batch).catch((error: unknown) => this.#fail(error));
  }

  /**
   * Finishes the load. The snapshot is then complete, and the only table in its file.
   *
   * @throws {SealroomError} DATA_VALUE for a cleartext value that does not fit its type in the room, RULE_DUPLICATES for
   *   repeated fingerprints where the collaboration forbids them, and for repeated values of a key; IO_WRITE, IO_ENGINE.
   */
  async finish(): Promise<LoadedFacts> {
    const found = await this.#engine.finish().catch((error: unknown) => this.#fail(error));
    const multiplicity: Record<string, number> = {};
    for (const { found: kind, place, first, again } of found) {
      const loaded = this.#task.columns[Number(place)];
      const where = { file: this.#task.file, column: loaded?.source.name };
      switch (kind as Found) {
        case 'rows':
          if (Number(first) !== this.#rows) throw new SealroomError('IO_ENGINE', 'the engine lost rows', { where });
          break;
        case 'value':
          throw new SealroomError(
            'DATA_VALUE',
            `the value is not ${this.#conversions[Number(place)]?.expected ?? ''}`,
            {
              where: { ...where, row: Number(first) },
              hint: 'nothing was loaded; correct the table, or correct the type in the manifest and sign it',
            },
          );
        case 'most':
          if (loaded !== undefined) multiplicity[loaded.column.name] = Number(first);
          break;
        case 'key':
          throw repeatedKey(this.#task.file, this.#task.keys[Number(place)] ?? [], Number(first), Number(again));
        case 'duplicate':
          throw new SealroomError(
            'RULE_DUPLICATES',
            `rows ${String(first)} and ${String(again)} hold the same fingerprint, and the collaboration forbids duplicates`,
            { where, hint: 'nothing was loaded; remove the duplicates and encrypt the table again' },
          );
      }
    }
    await this.#engine.abort();
    this.#engine = this.#startEngine(this.#printWriting(), [], WRITING_MIB);
    await this.#engine.finish().catch((error: unknown) => this.#fail(error));
    return { rows: this.#rows, multiplicity };
  }

  /** Places an error: in the room if the engine could not write, else in the file. */
  #fail(error: unknown): never {
    if (!(error instanceof SealroomError)) throw error;
    throw error.at({ file: error.code.startsWith('IO_') ? this.#task.room : this.#task.file });
  }

  /** Stops the engine, whatever it is doing; the files that it wrote stay. */
  async close(): Promise<void> {
    await this.#engine.abort();
  }
}

/**
 * Statements that process the rows of a table in 2^`bits` parts, one after the other. A table is read once for each part that is
 * made of it, so many parts are made in several steps: the number of readings grows with the logarithm of the number of parts.
 * Writing the tables in between costs as much as several readings, so few parts are made in one step.
 *
 * @param shift the bits of the rows' random numbers that selected this table
 * @param print makes a statement from the text that follows FROM
 */
function printParts(table: string, shift: number, bits: number, print: (rows: string) => string): readonly string[] {
  const own = Math.ceil(bits / Math.max(1, Math.ceil(bits / SPLIT_BITS)));
  const parts = Array.from(
    { length: 2 ** own },
    (_, part) => `${table} WHERE (position >> ${String(shift)}) & ${String(2 ** own - 1)} = ${String(part)}`,
  );
  if (own === bits) return parts.map(print);
  const smaller = `staging.rows_${String(shift)}`;
  return parts.flatMap((rows) => [
    `CREATE TABLE ${smaller} AS SELECT * FROM ${rows}`,
    ...printParts(smaller, shift + own, bits - own, print),
    `DROP TABLE ${smaller}`,
  ]);
}

function nameOfColumn(index: number): string {
  return `c${String(index)}`;
}

/** A column in the form that the engine accepts. Timestamps are in UTC, with a time zone or without. */
function fieldOf({ type }: Field, index: number): Field {
  const name = nameOfColumn(index);
  return { name, type: type.kind === 'timestamp' ? { ...type, utc: false } : type };
}

function printRepeated(index: number): string {
  const name = nameOfColumn(index);
  const pairs =
    `SELECT min(row) AS first, max(row) AS again FROM staging.rows WHERE ${name} IS NOT NULL ` +
    `GROUP BY ${name} HAVING count(*) > 1`;
  return `SELECT 'duplicate', ${String(index)}, min(first), arg_min(again, first) FROM (${pairs}) HAVING count(*) > 0`;
}

/** Finds the first two rows with the same values of a key. */
function printKey(index: number, values: readonly string[]): string {
  const present = values.map((value) => `${value} IS NOT NULL`).join(' AND ');
  const pairs =
    `SELECT min(row) AS first, max(row) AS again FROM staging.rows WHERE ${present} ` +
    `GROUP BY ${values.join(', ')} HAVING count(*) > 1`;
  return `SELECT 'key', ${String(index)}, min(first), arg_min(again, first) FROM (${pairs}) HAVING count(*) > 0`;
}

/** Counts the rows of the most frequent value of a column. */
function printMost(index: number, value: string): string {
  const counts = `SELECT count(*) AS rows FROM staging.rows WHERE ${value} IS NOT NULL GROUP BY ${value}`;
  return `SELECT 'most', ${String(index)}, coalesce(max(rows), 0), NULL FROM (${counts})`;
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
