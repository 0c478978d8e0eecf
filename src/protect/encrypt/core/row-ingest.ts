import { type ByteColumn, countNulls, isValid } from '../../../bytes/index.ts';
import { checkSealable, MAX_CELL_BYTES } from '../../../crypto/index.ts';
import { countOf, SealroomError } from '../../../errors/index.ts';
import { type Batch, checkTexts, type ColumnData } from '../../../columns/index.ts';
import type { EncodedIndex } from './column-index.ts';
import { encodeValues } from './encoded-columns.ts';
import { noCounts, normaliseColumn, type NormalisedCounts } from '../../../normalise/index.ts';
import { type EncryptPlan, padOf, type Pads, type PlannedColumn } from './plan.ts';

/** What became of the values of a target column that is normalised. */
export interface NormalisedColumn extends Readonly<NormalisedCounts> {
  /** Its target header. */
  readonly column: string;
}

/** Says how many values of a column a step could make nothing of, if there are any. */
//= format F-102
export function warnOfLosses({ column, values, notUnderstood }: NormalisedColumn): readonly string[] {
  if (notUnderstood === 0) return [];
  const share = `${notUnderstood.toLocaleString('en')} of ${countOf(values, 'value')}`;
  return [`${share} of \`${column}\` could not be normalised and ${notUnderstood === 1 ? 'is' : 'are'} null`];
}

/**
 * Checks the rows of a table while they are read: encodes their values for protection, refuses in row order what cannot be
 * protected, and measures what the pads need. Rows that it accepts cannot fail later.
 */
export class RowIngest {
  readonly #plan: EncryptPlan;
  /** Pads that are known before the table is read. */
  readonly #pads: Pads;
  /** Longest value of each planned column, in bytes, or `null` if it has none yet; only of columns with pad `max`. */
  readonly #longest: (number | null)[];
  /** Null values in the sources of the planned columns so far. */
  nulls = 0;
  /** What became of the values of each stored column that is normalised. */
  readonly #normalised = new Map<EncodedIndex, NormalisedCounts>();

  constructor(plan: EncryptPlan) {
    this.#plan = plan;
    this.#longest = plan.columns.map(() => null);
    this.#pads = plan.columns.map((column) =>
      column.kind === 'sealed' && column.pad.kind !== 'max' ? padOf(column, null) : null,
    );
  }

  /**
   * Checks a batch and returns its stored columns, in the order of the plan.
   *
   * @throws {SealroomError} DATA_ENCODING, DATA_LENGTH, DATA_VALUE with the column and `where.row`, the 0-based row within
   *   the batch; if several values are refused, the one in the lowest row.
   */
  accept(batch: Batch): Batch {
    const stored = new Map<EncodedIndex, ColumnData>();
    let first: SealroomError | null = null;
    for (const [index, column] of this.#plan.columns.entries()) {
      try {
        const values = stored.get(column.stored) ?? this.#store(batch, column.stored);
        this.nulls += countNulls(values.validity, batch.rows);
        stored.set(column.stored, this.#check(column, index, values));
      } catch (error) {
        if (!(error instanceof SealroomError)) throw error;
        const located = error.at({ column: column.target });
        if (first === null || rowOf(located) < rowOf(first)) first = located;
      }
    }
    if (first !== null) throw first;
    // The stored columns were numbered in the order in which the planned ones first ask for them.
    return { rows: batch.rows, columns: [...stored.values()] };
  }

  /**
   * The pads of the planned columns, once all rows were accepted.
   *
   * @throws {SealroomError} DATA_LENGTH with the column if the longest value does not fit in its pad.
   */
  pads(): Pads {
    return this.#plan.columns.map((column, index) => {
      if (column.kind !== 'sealed') return null;
      try {
        return padOf(column, this.#longest[index] ?? null);
      } catch (error) {
        throw error instanceof SealroomError ? error.at({ column: column.target }) : error;
      }
    });
  }

  /** What became of the values of the planned columns that are normalised, so far. */
  normalised(): readonly NormalisedColumn[] {
    return this.#plan.columns.flatMap(({ target, stored }) => {
      if ((this.#plan.encoded[stored]?.normaliser ?? null) === null) return [];
      return [{ column: target, ...(this.#normalised.get(stored) ?? noCounts()) }];
    });
  }

  #store(batch: Batch, index: EncodedIndex): ColumnData {
    const stored = this.#plan.encoded[index];
    const column = batch.columns[stored?.source ?? -1];
    const field = this.#plan.sourceFields[stored?.source ?? -1];
    if (stored === undefined || column === undefined || field === undefined) throw new Error('a plan of another table');
    const values = encodeValues(column, field.type, stored.form);
    const { normaliser } = stored;
    if (normaliser === null) return values;
    if (values.layout !== 'bytes') throw new Error('a normalised column that is not text');
    const counts = this.#normalised.get(index) ?? noCounts();
    this.#normalised.set(index, counts);
    return { layout: 'bytes', ...normaliseColumn(values, normaliser, counts) };
  }

  /** Checks that the values of a planned column can be protected or passed through, and returns them. */
  #check(column: PlannedColumn, index: number, values: ColumnData): ColumnData {
    switch (column.kind) {
      case 'fingerprint':
        return values;
      case 'sealed':
        if (values.layout !== 'bytes') throw new Error('a sealed column without canonical bytes');
        if (column.pad.kind === 'max') this.#longest[index] = longestOf(values, this.#longest[index] ?? null);
        else checkSealable({ ...column.task, padTargetBytes: this.#pads[index] ?? null }, values);
        return values;
      case 'cleartext': {
        if (values.layout !== 'bytes') return values;
        // The engine does not check all text of Parquet files, and bytes without an annotation may be no text.
        const isText = this.#plan.fields[index]?.type.kind === 'string';
        const carried: ColumnData = isText ? { layout: 'bytes', ...checkTexts(values) } : values;
        checkLengths(carried);
        return carried;
      }
    }
  }
}

/**
 * The stored columns of a table's next batch.
 *
 * @param name what errors call the table
 * @param firstRow the number of rows before this batch
 * @throws {SealroomError} as {@link RowIngest.accept}, with the table and the 1-based row within it.
 */
export function ingestBatch(ingest: RowIngest, batch: Batch, name: string, firstRow: number): Batch {
  try {
    return ingest.accept(batch);
  } catch (error) {
    if (!(error instanceof SealroomError) || error.where.row === undefined) throw error;
    throw error.inTable(name, error.where.column, firstRow);
  }
}

function rowOf(error: SealroomError): number {
  return error.where.row ?? 0;
}

function longestOf(column: ByteColumn, known: number | null): number | null {
  let longest = known;
  for (let row = 0; row < column.rows; row++) {
    if (!isValid(column.validity, row)) continue;
    const length = (column.offsets[row + 1] ?? 0) - (column.offsets[row] ?? 0);
    if (longest === null || length > longest) longest = length;
  }
  return longest;
}

function checkLengths(column: ByteColumn): void {
  for (let row = 0; row < column.rows; row++) {
    const length = (column.offsets[row + 1] ?? 0) - (column.offsets[row] ?? 0);
    //= format F-52
    if (length > MAX_CELL_BYTES && isValid(column.validity, row)) {
      throw new SealroomError(
        'DATA_LENGTH',
        `cell too long: at most ${String(MAX_CELL_BYTES)} bytes, got ${String(length)}`,
        { where: { row } },
      );
    }
  }
}
