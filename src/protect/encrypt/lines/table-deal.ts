import { type FileHandle, open } from 'node:fs/promises';
import { encodeUtf8, FRESH_MEMORY } from '../../../bytes/index.ts';
import { MAX_CELL_BYTES, PAD_COUNT_BYTES, SEALED_OVERHEAD_BYTES, sealLimits } from '../../../crypto/index.ts';
import { MAX_VALUE_BYTES } from '../../../columns/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import { type ByteSource, readFailure } from '../../../files/index.ts';
import type { TableSchema } from '../../../schema/index.ts';
import { type CsvStart, dataOfFiles } from '../../../tabular/index.ts';
import { fingerprintColumnsOf } from '../core/duplicates.ts';
import type { StoredFigures } from '../core/stored-figures.ts';
import { type EncryptPlan, padOf, type Pads, type PlannedColumn } from '../core/plan.ts';
import type { ReportCollector } from '../core/report.ts';
import { gatherColumns, rowStarts } from '../core/row-format.ts';
import type { NormalisedColumn } from '../core/row-ingest.ts';
import { type DealSetup, type DealtColumn, type DealtRange, type Declined, PIECE_NUMBERS } from './deal-setup.ts';
import type { Dealer } from './dealer.ts';
import { PartStore, type StoredPart } from './part-store.ts';

/** Bytes at the start of a file by whose lines the number of its rows is estimated. */
const ESTIMATE_BYTES = 1 << 16;
/** How many times as long as a compressed file its text is, roughly. */
const COMPRESSION = 8;
/** Approximate size of a part in bytes: its rows are taken in random order, from memory near the processor if they are not more. */
const PART_BYTES = 1 << 20;
/** With more parts, they are larger, so that their pieces are not too small. */
const MANY_PARTS = 1024;
const LARGE_PART_BYTES = 8 << 20;
const MOST_PARTS = 4096;
/** A part larger than this, in bytes, is left to the ordinary way, which deals its rows again. */
const MOST_PART_BYTES = 32 << 20;
/** Approximate size of a piece of a part, in bytes. */
const PIECE_BYTES = 32 << 10;
const LEAST_RANGE_BYTES = 4 << 20;
const MOST_RANGE_BYTES = 16 << 20;
/** A range can give so many times its share of a part, before the part is stored in between. */
const ROOM_FACTOR = 1.5;
const LEAST_ROOM_BYTES = 16 << 10;
/** Rows of average length that a room holds at least. */
const LEAST_ROOM_ROWS = 8;

/** A number that no range has. */
const NO_RANGE = 1 << 30;

/** The steps that the machine knows. They are the same for all of ASCII on any runtime. */
const KNOWN_STEPS: ReadonlySet<string> = new Set(['trim', 'lower', 'nfc']);

/** The input of a {@link TableDeal}. */
export interface TableDealInput {
  readonly start: CsvStart;
  readonly plan: EncryptPlan;
  readonly schema: TableSchema;
  /** Whether the rows are stored with positions: numbers that have the order of the file, and no two are equal. */
  readonly hasPositions: boolean;
  /** Whether a second null of a fingerprint column is refused. */
  readonly refusesSecondNull: boolean;
  /** Takes a sample of the rows. */
  readonly report: ReportCollector | null;
  readonly tempDirectory: string;
  /** Bytes of a range, and the most memory of the store in bytes; for tests. */
  readonly limits?: { readonly rangeBytes: number; readonly memoryBytes: number } | undefined;
}

/** A table whose rows were dealt. */
export interface DealtTable {
  readonly rows: number;
  readonly parts: readonly StoredPart[];
  readonly pads: Pads;
  /** Null values in the sources of the planned columns. */
  readonly nulls: number;
  readonly normalised: readonly NormalisedColumn[];
}

/**
 * Deals the rows of a CSV file to random parts: plans the ranges that threads deal, and puts together what they found.
 *
 * Ranges are dealt at the same time, so each finds its first record by looking at what it has. A guess that is wrong does not fit the end of
 * the range before it, whose first record is known.
 */
export class TableDeal {
  readonly #input: TableDealInput;
  readonly #store: PartStore;
  readonly #file: FileHandle | null;
  readonly setup: DealSetup;
  /** Ranges that were dealt before one that is in front of them. */
  readonly #early = new Map<number, DealtRange>();
  /** The number of the next range, and the place of the record that it must begin with. */
  #number = 0;
  #next: number;
  #rows = 0;
  readonly #columns: StoredFigures[];
  readonly #pieces: { places: number[]; lengths: number[]; rows: number; bytes: number }[];

  private constructor(input: TableDealInput, store: PartStore, file: FileHandle | null, setup: DealSetup) {
    this.#input = input;
    this.#store = store;
    this.#file = file;
    this.setup = setup;
    this.#next = input.start.dataStart;
    this.#columns = setup.columns.map(() => NO_FIGURES);
    this.#pieces = Array.from({ length: setup.parts }, () => ({ places: [], lengths: [], rows: 0, bytes: 0 }));
  }

  /**
   * Prepares to deal a table; `close` it at the end.
   *
   * @throws {SealroomError} IO_READ, IO_WRITE.
   */
  static async open(input: TableDealInput): Promise<TableDeal | Declined> {
    const { start, plan, schema, hasPositions, report, tempDirectory, limits } = input;
    const { source } = start;
    const columns = dealtColumns(plan, schema);
    if ('reason' in columns) return columns;
    const lines = await estimateLines(source);
    const headBytes = 4 * (columns.length + 1) + (hasPositions ? 12 : 0);
    const growth = Math.max(1, columns.length / start.fields.length) + (lines * headBytes) / Math.max(1, source.bytes);
    const expectedBytes = source.bytes * growth * (source.compression === undefined ? 1 : COMPRESSION);
    const parts = partsFor(expectedBytes);
    const rangeBytes =
      limits?.rangeBytes ?? Math.min(MOST_RANGE_BYTES, Math.max(LEAST_RANGE_BYTES, parts * PIECE_BYTES));
    const room = Math.max(
      LEAST_ROOM_BYTES,
      (ROOM_FACTOR * growth * rangeBytes) / parts,
      (LEAST_ROOM_ROWS * expectedBytes) / lines,
    );
    const store = await PartStore.open(expectedBytes, tempDirectory, limits?.memoryBytes);
    let file: FileHandle | null;
    try {
      file = await openPlain(source);
    } catch (error) {
      await store.close();
      throw error;
    }
    const setup: DealSetup = {
      file: file === null ? null : { descriptor: file.fd, path: source.path ?? source.name },
      bytes: source.bytes,
      dataStart: start.dataStart,
      rangeBytes,
      nextRange: new SharedArrayBuffer(4),
      delimiter: start.delimiter,
      separator: start.separator,
      fields: start.fields.length,
      nullRule: start.nullRule,
      columns,
      sampled: report === null ? null : plan.sources,
      hasPositions,
      parts,
      roomBytes: Math.ceil(room / 16) * 16,
      store: store.shared,
    };
    return new TableDeal(input, store, file, setup);
  }

  /** For how many threads there is work: ranges to deal, or parts to protect. */
  get mostThreads(): number {
    const { file, bytes, dataStart, rangeBytes, parts } = this.setup;
    return Math.max(1, parts, file === null ? 1 : Math.ceil((bytes - dataStart) / rangeBytes));
  }

  /** Rows of the ranges that were taken, up to the first that was not. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Deals a table whose bytes come one after another, if `setup` has no path, in one thread.
   *
   * @returns a generator that yields between chunks, with the number of rows so far
   * @throws {SealroomError} IO_READ, IO_WRITE; the reason of the signal.
   */
  dealChunks(dealer: Dealer, signal: AbortSignal | undefined): AsyncGenerator<number, DealtRange | Declined> {
    return dealer.dealChunks(dataOfFiles(this.#input.start, signal));
  }

  /** Takes what a range gave, in any order. If the table is declined, the threads find no further range. */
  take(dealt: DealtRange | Declined): Declined | null {
    if ('reason' in dealt) return this.#decline(dealt);
    this.#early.set(dealt.number, dealt);
    for (;;) {
      const range = this.#early.get(this.#number);
      if (range === undefined) return null;
      this.#early.delete(this.#number++);
      const declined = this.#takeNext(range);
      if (declined !== null) return this.#decline(declined);
    }
  }

  #decline(declined: Declined): Declined {
    this.stop();
    return declined;
  }

  /** Lets the threads find no further range. */
  stop(): void {
    Atomics.store(new Int32Array(this.setup.nextRange), 0, NO_RANGE);
  }

  #takeNext(range: DealtRange): Declined | null {
    if (range.first !== this.#next) return { reason: 'line breaks in quotes' };
    this.#next = range.next;
    this.#rows += range.rows;
    range.columns.forEach((found, index) => {
      this.#columns[index] = add(this.#columns[index] ?? NO_FIGURES, found);
    });
    for (let at = 0; at < range.pieces.length; at += PIECE_NUMBERS) {
      const [part = 0, place = 0, length = 0, rows = 0] = range.pieces.subarray(at, at + PIECE_NUMBERS);
      const pieces = this.#pieces[part];
      if (pieces === undefined) throw new Error('a part that there is not');
      pieces.places.push(place);
      pieces.lengths.push(length);
      pieces.rows += rows;
      pieces.bytes += length;
    }
    this.#sample(range);
    const { plan, refusesSecondNull } = this.#input;
    const hasSecondNull = fingerprintColumnsOf(plan).some(({ stored }) => (this.#columns[stored]?.nulls ?? 0) > 1);
    return refusesSecondNull && hasSecondNull ? { reason: 'nulls that are refused' } : null;
  }

  #sample({ rows, columns, samples }: DealtRange): void {
    const { report, plan } = this.#input;
    if (report === null) return;
    const widths = [...plan.sources, ...plan.encoded].map(() => null);
    report.addSampled(rows, columns, gatherColumns(samples, rowStarts(samples), widths, FRESH_MEMORY));
  }

  /** The table, once all ranges were taken. */
  finish(): DealtTable | Declined {
    const { plan } = this.#input;
    const { file, bytes } = this.setup;
    if (this.#number === 0 || (file !== null && this.#next !== bytes)) throw new Error('a range that was not taken');
    if (this.#pieces.some(({ bytes, rows }) => rows > 1 && bytes > MOST_PART_BYTES)) {
      return { reason: 'rows of very different lengths' };
    }
    const pads = this.#pads();
    if (pads === null) return { reason: 'a value that is too long for its pad' };
    return {
      rows: this.#rows,
      parts: this.#pieces.map(({ places, lengths, rows, bytes }) => ({
        rows,
        bytes,
        places: Float64Array.from(places),
        lengths: Int32Array.from(lengths),
      })),
      pads,
      nulls: plan.columns.reduce((sum, { stored }) => sum + (this.#columns[stored]?.nulls ?? 0), 0),
      normalised: plan.columns.flatMap(({ target, stored }) => {
        if ((plan.encoded[stored]?.normaliser ?? null) === null) return [];
        const { values, changed, missing } = this.#columns[stored] ?? NO_FIGURES;
        return [{ column: target, values, changed, missing, notUnderstood: 0 }];
      }),
    };
  }

  #pads(): Pads | null {
    try {
      return this.#input.plan.columns.map((column) =>
        column.kind === 'sealed' ? padOf(column, this.#columns[column.stored]?.longest ?? null) : null,
      );
    } catch (error) {
      if (error instanceof SealroomError) return null;
      throw error;
    }
  }

  /** Wipes the rows, and lets go of the file. No thread may deal or load any more. */
  async close(): Promise<void> {
    try {
      await this.#store.close();
    } finally {
      await this.#file?.close();
    }
  }
}

const NO_FIGURES: StoredFigures = {
  longest: null,
  nulls: 0,
  bytes: 0,
  sealedGroups: 0,
  values: 0,
  changed: 0,
  missing: 0,
};

function add(some: StoredFigures, more: StoredFigures): StoredFigures {
  const longest = Math.max(some.longest ?? -1, more.longest ?? -1);
  return {
    longest: longest === -1 ? null : longest,
    nulls: some.nulls + more.nulls,
    bytes: some.bytes + more.bytes,
    sealedGroups: some.sealedGroups + more.sealedGroups,
    values: some.values + more.values,
    changed: some.changed + more.changed,
    missing: some.missing + more.missing,
  };
}

/** A power of two. */
function partsFor(bytes: number): number {
  const few = 2 ** Math.ceil(Math.log2(Math.max(1, bytes / PART_BYTES)));
  if (few <= MANY_PARTS) return few;
  const many = 2 ** Math.ceil(Math.log2(bytes / LARGE_PART_BYTES));
  return Math.min(MOST_PARTS, Math.max(MANY_PARTS, many));
}

/**
 * Opens the file of a source that has one and is not compressed.
 *
 * @throws {SealroomError} IO_READ.
 */
async function openPlain({ path, compression }: ByteSource): Promise<FileHandle | null> {
  if (path === null || compression !== undefined) return null;
  return await open(path, 'r').catch((error: unknown) => {
    throw readFailure(error, path);
  });
}

/** The number of lines of a file, by those at its start; at least 1. */
async function estimateLines(source: ByteSource): Promise<number> {
  for await (const chunk of source.chunks()) {
    const start = chunk.subarray(0, ESTIMATE_BYTES);
    const lines = start.reduce((sum, byte) => sum + (byte === 0x0a ? 1 : 0), 1);
    return (lines * source.bytes) / start.length;
  }
  return 1;
}

/** The stored columns of a plan, as the machine sees them. */
function dealtColumns(plan: EncryptPlan, schema: TableSchema): readonly DealtColumn[] | Declined {
  const columns: DealtColumn[] = [];
  for (const [index, { source, normaliser }] of plan.encoded.entries()) {
    const planned = plan.columns.filter(({ stored }) => stored === index);
    const { normalise = [], nulls = [] } =
      schema.columns[plan.columns.findIndex(({ stored }) => stored === index)] ?? {};
    const unknown = normalise.find((step) => !KNOWN_STEPS.has(step));
    if (unknown !== undefined) return { reason: `normalising by \`${unknown}\`` };
    const limits = planned.map(limitsOf);
    columns.push({
      field: plan.sources[source] ?? -1,
      steps:
        normaliser === null
          ? null
          : {
              trims: normalise.some((step) => step === 'trim'),
              lowers: normalise.some((step) => step === 'lower'),
              nulls: nulls.map(encodeUtf8),
            },
      mostBytes: Math.min(...limits.map(({ mostBytes }) => mostBytes)),
      acceptsNulls: limits.every(({ acceptsNulls }) => acceptsNulls),
      overheadBytes: Math.max(...planned.map(overheadOf)),
    });
  }
  return columns;
}

/** Bytes of the cells of a planned column, before their Base64, beside their values; 0 if they are not sealed, or have a pad. */
function overheadOf(column: PlannedColumn): number {
  if (column.kind !== 'sealed' || column.pad.kind !== 'none') return 0;
  return SEALED_OVERHEAD_BYTES + column.task.prefix.length + PAD_COUNT_BYTES;
}

/** The values of a planned column that `RowIngest` lets pass. */
function limitsOf(column: PlannedColumn): { readonly mostBytes: number; readonly acceptsNulls: boolean } {
  if (column.kind === 'cleartext') return { mostBytes: MAX_CELL_BYTES, acceptsNulls: true };
  if (column.kind === 'fingerprint' || column.pad.kind === 'max')
    return { mostBytes: MAX_VALUE_BYTES, acceptsNulls: true };
  return sealLimits({ ...column.task, padTargetBytes: padOf(column, null) });
}
