import { allValid, compact, isValid, setNull, valueAt } from '../../../bytes/index.ts';
import {
  CELL_CLEARTEXT,
  CELL_FINGERPRINT,
  CELL_NULL,
  CELL_SEALED,
  classifyCell,
  type CollaborationId,
  createKernel,
  deriveSealingRoot,
  type KernelName,
  NULL_FLAG,
  type OpenedColumn,
  type OpenCellOptions,
  paddedBytesOf,
  type SharedSecret,
  textError,
  typeByteOf,
} from '../../../crypto/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import { isUtf8 } from '../../../platform/index.ts';
import type { Batch, ColumnData, ColumnSource, Field, ReadRequest } from '../../../columns/index.ts';
import { toNative } from './columns.ts';
import { unsealedCellError } from './mixed-columns.ts';
import { type CellKeys, chooseTargets, type DecryptTarget, locate, openCells, typeOfTarget } from './targets.ts';

const STRING = typeByteOf('string', false);
const NULL_STRING = STRING | NULL_FLAG;

/** The cells of a column by kind. */
export interface ColumnCells {
  readonly sealed: number;
  readonly fingerprint: number;
  readonly cleartext: number;
  readonly nulls: number;
  /** Least and greatest length of the sealed values with their zeros, in bytes; both 0 if there are none. */
  readonly leastBytes: number;
  readonly mostBytes: number;
  /** The row of the first cell that is neither sealed nor null, from 1 on, or `null`. */
  readonly firstUnsealed: number | null;
}

/**
 * Classifies all cells of a table in one pass, without a secret.
 *
 * @param declared whether each column is sealed by other evidence than its cells
 * @returns the cells of each column; `null` for columns that are not byte strings
 * @throws {SealroomError} FORMAT_CELL for a malformed sealed cell, or a value of another type than cells have in a sealed column, with
 *   row and column; DATA_*, IO_* if the table cannot be read.
 */
export async function inspectCells(
  reader: ColumnSource,
  declared: readonly boolean[],
  signal: AbortSignal | undefined,
): Promise<readonly (ColumnCells | null)[]> {
  const mayHoldCells = ({ type }: Field): boolean => type.kind === 'string' || type.kind === 'binary';
  const columns = reader.fields.flatMap((field, index) =>
    mayHoldCells(field) || declared[index] === true ? [index] : [],
  );
  const found = columns.map((): Counts => ({
    sealed: 0,
    fingerprint: 0,
    cleartext: 0,
    nulls: 0,
    leastBytes: 0,
    mostBytes: 0,
    firstUnsealed: null,
  }));
  let firstRow = 0;
  for await (const batch of reader.batches({ columns, signal })) {
    batch.columns.forEach((column, index) => {
      const counts = found[index];
      const field = reader.fields[columns[index] ?? -1];
      if (counts === undefined || field === undefined) throw new Error('a column that was not asked for');
      for (let row = 0; row < column.rows; row++) {
        locate(reader.name, field.name, firstRow + row, () => {
          if (mayHoldCells(field) && column.layout === 'bytes') count(counts, valueAt(column, row), firstRow + row + 1);
          else if (isValid(column.validity, row)) throw unsealedCellError({ row: 0 });
        });
      }
    });
    firstRow += batch.rows;
  }
  const byColumn = new Map(columns.map((column, index) => [column, found[index] ?? null]));
  return reader.fields.map((field, index) => (mayHoldCells(field) ? (byColumn.get(index) ?? null) : null));
}

type Counts = { -readonly [Name in keyof ColumnCells]: ColumnCells[Name] };

function count(counts: Counts, cell: Uint8Array | null, row: number): void {
  if (cell === null) {
    counts.nulls++;
    return;
  }
  const kind = classifyCell(cell);
  if (kind === CELL_FINGERPRINT) counts.fingerprint++;
  if (kind === CELL_CLEARTEXT) counts.cleartext++;
  if (kind !== CELL_SEALED) {
    counts.firstUnsealed ??= row;
    return;
  }
  const bytes = paddedBytesOf(cell);
  counts.leastBytes = counts.sealed === 0 ? bytes : Math.min(counts.leastBytes, bytes);
  counts.mostBytes = Math.max(counts.mostBytes, bytes);
  counts.sealed++;
}

/** Options for opening sealed columns. */
export interface OpenColumnsOptions extends OpenCellOptions {
  readonly secret: SharedSecret;
  readonly collaborationId: CollaborationId;
  readonly kernel?: KernelName | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Indexes of the sealed columns. */
  readonly sealed: readonly number[];
  /** Those of them that are unpadded; a value with zeros after it is refused. */
  readonly unpadded: ReadonlySet<number>;
  /** Whether nulls are visible, so that no sealed null is accepted. */
  readonly preserveNulls: boolean;
}

/** A table whose sealed columns are read as the values in them, with the type that was sealed. `close` wipes its keys. */
export async function openSealedColumns<Source extends ColumnSource>(
  reader: Source,
  options: OpenColumnsOptions,
): Promise<Source & { close(): Promise<void> }> {
  const root = deriveSealingRoot(options.secret, options.collaborationId);
  try {
    const keys = { kernel: createKernel(options.kernel), root, lenientCells: options.lenientCells };
    const isSealed = new Set(options.sealed);
    const targets = await chooseTargets(reader, false, keys, options.signal);
    const fields = reader.fields.map((field, index): Field => {
      const target = targets[index];
      return target === undefined || !isSealed.has(index) ? field : { name: field.name, type: typeOfTarget(target) };
    });
    const opener = new ColumnOpener(reader, targets, keys, options);
    return {
      ...reader,
      fields,
      batches: (request) => opener.batches(request),
      close: () => {
        root[Symbol.dispose]();
        return Promise.resolve();
      },
    };
  } catch (error) {
    root[Symbol.dispose]();
    throw error;
  }
}

class ColumnOpener {
  readonly #reader: ColumnSource;
  readonly #targets: readonly DecryptTarget[];
  readonly #keys: CellKeys;
  readonly #options: OpenColumnsOptions;

  constructor(reader: ColumnSource, targets: readonly DecryptTarget[], keys: CellKeys, options: OpenColumnsOptions) {
    this.#reader = reader;
    this.#targets = targets;
    this.#keys = keys;
    this.#options = options;
  }

  async *batches(request: ReadRequest): AsyncGenerator<Batch> {
    const { sealed } = this.#options;
    let firstRow = 0;
    for await (const batch of this.#reader.batches(request)) {
      const columns = batch.columns.map((column, position) => {
        const index = request.columns[position] ?? -1;
        if (!sealed.includes(index)) return column;
        const name = this.#reader.fields[index]?.name ?? '';
        return locate(this.#reader.name, name, firstRow, () => this.#open(column, index));
      });
      yield { rows: batch.rows, columns };
      firstRow += batch.rows;
    }
  }

  #open(column: ColumnData, index: number): ColumnData {
    const target = this.#targets[index];
    const opened = openCells(this.#keys, column);
    for (let row = 0; row < opened.kinds.length; row++) this.#checkRow(column, opened, row, index);
    if (target?.mode !== 'native') return stringsOf(opened, this.#keys);
    const values = toNative(target.type, opened, this.#keys);
    if (values === null) throw otherType(undefined);
    return values;
  }

  #checkRow(column: ColumnData, { kinds, values }: OpenedColumn, row: number, index: number): void {
    const kind = kinds[row] ?? CELL_NULL;
    if (kind === CELL_NULL) return;
    if (kind !== CELL_SEALED) {
      throw unsealedCellError({ row });
    }
    const start = values.offsets[row] ?? 0;
    const length = (values.offsets[row + 1] ?? 0) - start;
    const isNull = ((values.bytes[start] ?? 0) & NULL_FLAG) !== 0;
    if (isNull && this.#options.preserveNulls) {
      throw new SealroomError('DATA_VALUE', 'the column has both visible and sealed nulls', { where: { row } });
    }
    const cell = column.layout === 'bytes' ? valueAt(column, row) : null;
    if (this.#options.unpadded.has(index) && cell !== null && paddedBytesOf(cell) !== length) {
      throw new SealroomError('DATA_LENGTH', 'the cells of a column have different pads', { where: { row } });
    }
  }
}

/** The strings in a column of sealed strings as bytes, which are UTF-8 unless they are read leniently. */
function stringsOf({ kinds, values }: OpenedColumn, { lenientCells = false }: OpenCellOptions): ColumnData {
  const { rows, offsets, bytes } = values;
  const starts = new Int32Array(rows);
  const ends = new Int32Array(rows);
  const validity = allValid(rows);
  for (let row = 0; row < rows; row++) {
    const start = offsets[row] ?? 0;
    const typeByte = bytes[start] ?? 0;
    if (kinds[row] === CELL_NULL || typeByte === NULL_STRING) {
      setNull(validity, row);
      continue;
    }
    if (typeByte !== STRING) throw otherType(row);
    starts[row] = start + 1;
    ends[row] = offsets[row + 1] ?? 0;
    //= format F-12
    if (!lenientCells && !isUtf8(bytes.subarray(start + 1, offsets[row + 1]))) throw textError().at({ row });
  }
  return { layout: 'bytes', rows, validity, ...compact([bytes], starts, ends) };
}

function otherType(row: number | undefined): SealroomError {
  return new SealroomError('DATA_TYPE', 'the column mixes types, or has a type that no table format has', {
    where: { row },
    hint: 'encrypt the original again: CHAR, VARCHAR and columns of several types cannot be re-encrypted',
  });
}
