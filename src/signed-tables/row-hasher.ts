import { type ByteColumn, growMemory, isValid } from '../bytes/index.ts';
import type { Batch, Field } from '../columns/index.ts';
import { HASH_BYTES, hashLeaf } from '../tlog/index.ts';
import { createHashModule, type HashModule } from './hash-module.ts';
import { storedBytes } from './stored-bytes.ts';

/** A column of a signed table: its header, and the name of its type. */
export interface HashedColumn {
  readonly name: string;
  /** As `signedTypeOf` names it. */
  readonly type: string;
}

/** Most rows that are hashed at a time; a multiple of 8, so that each part of a bitmap begins with a byte. */
const PART_ROWS = 2048;
/** Most bytes of values in the module's memory. Longer rows are hashed by the runtime's library. */
const MOST_BYTES = 16 << 20;
/** Bytes before the value of a column: whether it is null, and its length. */
const HEAD_BYTES = 5;

/** Hashes the rows of a table, each into a leaf of its tree (format F-95). */
export class RowHasher {
  readonly #columns: readonly HashedColumn[];
  readonly #fields: readonly Field[];
  readonly #module: HashModule | null;

  /**
   * @param columns the columns, as signed
   * @param fields the columns of the batches, in the same order
   */
  constructor(columns: readonly HashedColumn[], fields: readonly Field[], module = createHashModule()) {
    this.#columns = columns;
    this.#fields = fields;
    this.#module = module;
  }

  /**
   * Hashes rows.
   *
   * @returns 32 bytes for each row, in a new buffer
   * @throws {SealroomError} FORMAT_SIGNATURE, with the row in the batch from 0, for text that is no value of the signed type.
   */
  //= format F-95
  hash({ rows, columns }: Batch): Uint8Array<ArrayBuffer> {
    const stored = this.#columns.map(({ type }, index): ByteColumn => {
      const [column, field] = [columns[index], this.#fields[index]];
      if (column === undefined || field === undefined) throw new Error('a batch without a column of its table');
      return storedBytes(column, field.type, type, field.name);
    });
    const hashes = new Uint8Array(rows * HASH_BYTES);
    for (let first = 0; first < rows;) {
      const { last, longest, bytes } = partOf(stored, first, rows);
      if (this.#module !== null && bytes <= MOST_BYTES)
        hashPart(this.#module, stored, { first, last, longest }, hashes);
      else for (let row = first; row < last; row++) hashes.set(hashLeaf(rowOf(stored, row)), row * HASH_BYTES);
      first = last;
    }
    return hashes;
  }
}

/** Some rows, the bytes of the longest of them as a message, and the bytes that they need in the module's memory. */
interface Part {
  readonly first: number;
  readonly last: number;
  readonly longest: number;
}

/** The next rows that fit into the module's memory; at least eight, or all that are left. */
function partOf(columns: readonly ByteColumn[], first: number, rows: number): Part & { readonly bytes: number } {
  const size = (count: number): Part & { readonly bytes: number } => {
    const last = Math.min(first + count, rows);
    const lengths = new Float64Array(last - first).fill(1 + columns.length * HEAD_BYTES);
    let bytes = 0;
    for (const { offsets } of columns) {
      for (let row = first; row < last; row++) {
        const length = (offsets[row + 1] ?? 0) - (offsets[row] ?? 0);
        if (length < 0) throw new Error('a column whose offsets fall');
        lengths[row - first] = (lengths[row - first] ?? 0) + length;
      }
      bytes += (offsets[last] ?? 0) - (offsets[first] ?? 0);
    }
    const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
    return { first, last, longest, bytes: bytes + 4 * longest };
  };
  let count = PART_ROWS;
  let part = size(count);
  while (part.bytes > MOST_BYTES && count > 8) part = size((count >>= 1));
  return part;
}

/** Hashes rows in the module's memory: descriptions of the columns, offsets, values, four messages, then the hashes. */
function hashPart(
  module: HashModule,
  columns: readonly ByteColumn[],
  { first, last, longest }: Part,
  hashes: Uint8Array,
): void {
  const rows = last - first;
  const slack = module.slackBytes.value;
  const columnsAt = module.freeAt.value;
  const columnWords = module.columnWords.value;
  const offsetsAt = columnsAt + columns.length * columnWords * 4;
  const valuesAt = offsetsAt + columns.length * (rows + 1) * 4;
  const validityBytes = (rows + 7) >> 3;
  let end = valuesAt;
  for (const { offsets } of columns) {
    end += (offsets[last] ?? 0) - (offsets[first] ?? 0) + validityBytes + 2 * slack;
  }
  const stride = (longest + module.paddingBytes.value + slack + 63) & ~63;
  const messagesAt = (end + 63) & ~63;
  const outAt = messagesAt + 4 * stride;
  growMemory(module.memory, outAt + rows * HASH_BYTES);
  const bytes = new Uint8Array(module.memory.buffer);
  const words = new Int32Array(module.memory.buffer);
  let at = valuesAt;
  const put = (part: Uint8Array): number => {
    const start = at;
    bytes.set(part, start);
    at += part.length + slack;
    return start;
  };
  columns.forEach((column, index) => {
    const start = column.offsets[first] ?? 0;
    const columnOffsetsAt = offsetsAt + index * (rows + 1) * 4;
    words.set(column.offsets.subarray(first, last + 1), columnOffsetsAt >> 2);
    // The address of position 0, which may be before the memory.
    const valuesOf = put(column.bytes.subarray(start, column.offsets[last])) - start;
    const { validity } = column;
    const validityAt = validity === null ? 0 : put(validity.subarray(first >> 3, (first >> 3) + validityBytes));
    words.set([columnOffsetsAt, valuesOf, validityAt, 0], (columnsAt >> 2) + index * columnWords);
  });
  module.hashRows(columnsAt, columns.length, rows, messagesAt, stride, outAt);
  hashes.set(bytes.subarray(outAt, outAt + rows * HASH_BYTES), first * HASH_BYTES);
}

/** A row as the data of a leaf: for each column whether it is null (1), its length (4) and its bytes. */
function rowOf(columns: readonly ByteColumn[], row: number): Uint8Array {
  const values = columns.map(({ validity, offsets, bytes }) =>
    isValid(validity, row) ? bytes.subarray(offsets[row], offsets[row + 1]) : null,
  );
  const data = new Uint8Array(values.reduce((sum, value) => sum + HEAD_BYTES + (value?.length ?? 0), 0));
  const view = new DataView(data.buffer);
  let at = 0;
  for (const value of values) {
    view.setUint8(at, value === null ? 1 : 0);
    view.setUint32(at + 1, value?.length ?? 0);
    if (value !== null) data.set(value, at + HEAD_BYTES);
    at += HEAD_BYTES + (value?.length ?? 0);
  }
  return data;
}
