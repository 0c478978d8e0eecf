import { type ByteColumn, copyBytes, growMemory, instantiateWasm, isValid, wipe } from '../../bytes/index.ts';
import type { WasmConstant, WasmMemory } from '../../bytes/index.ts';
import type { ColumnData } from '../../columns/index.ts';
import { WASM_BASE64 } from './binary.ts';
import { COMMA, LF } from './bytes.ts';
import { needsQuotes, putQuoted, quotingBytes } from './quoting.ts';

/** The format of a file's lines. */
export interface CsvLineFormat {
  /** For each column, whether its values need no quotes. */
  readonly isPlain: readonly boolean[];
  /** The field of a null. */
  readonly nullText: Uint8Array;
  /** The field of an empty text. */
  readonly empty: Uint8Array;
}

/** Writes lines into its own memory. */
export interface CsvLineEncoder {
  /** Returns the lines of rows [first, last), valid until the next call. */
  write(columns: readonly ColumnData[], first: number, last: number): Uint8Array;
  /** Overwrites the memory, which still holds the last lines, with zeros. */
  wipe(): void;
}

interface Exports {
  readonly memory: WasmMemory;
  readonly freeAt: WasmConstant;
  readonly slackBytes: WasmConstant;
  readonly columnWords: WasmConstant;
  writeLines(
    ...places: [
      columnsAt: number,
      columns: number,
      firstRow: number,
      rows: number,
      nullAt: number,
      nullBytes: number,
      emptyAt: number,
      emptyBytes: number,
      to: number,
    ]
  ): number;
}

/** Upper limit of the module's memory, in bytes. If more is needed, cells are long, and JavaScript is nearly as fast. */
const MOST_BYTES = 32 << 20;

/**
 * Creates a writer: sixteen bytes at a time where the runtime has WebAssembly with SIMD, otherwise byte by byte.
 */
export function createLineEncoder(format: CsvLineFormat, module = WASM_BASE64): CsvLineEncoder {
  const exports = instantiateWasm(module) as Exports | null;
  return exports === null ? new PlainLineEncoder(format) : new WasmLineEncoder(exports, format);
}

class WasmLineEncoder implements CsvLineEncoder {
  readonly #exports: Exports;
  readonly #format: CsvLineFormat;
  readonly #plain: PlainLineEncoder;
  #bytes: Uint8Array;
  #words: Int32Array;
  /** The end of everything that was ever written to the memory. */
  #used = 0;

  constructor(exports: Exports, format: CsvLineFormat) {
    this.#exports = exports;
    this.#format = format;
    this.#plain = new PlainLineEncoder(format);
    this.#bytes = new Uint8Array(exports.memory.buffer);
    this.#words = new Int32Array(exports.memory.buffer);
  }

  write(columns: readonly ColumnData[], first: number, last: number): Uint8Array {
    const { nullText: nothing, empty, isPlain } = this.#format;
    const rows = last - first;
    const texts = columns.map(textOf);
    const slack = this.#exports.slackBytes.value;
    // In memory: descriptions of the columns, their offsets, then unaligned data, then the lines.
    const columnsAt = this.#exports.freeAt.value;
    const columnWords = this.#exports.columnWords.value;
    const offsetsAt = columnsAt + columns.length * columnWords * 4;
    const bytesAt = offsetsAt + columns.length * (rows + 1) * 4;
    let linesAt = bytesAt + nothing.length + empty.length + 2 * slack;
    let most = rows * columns.length * (Math.max(nothing.length, empty.length) + 3);
    for (const { offsets, validity } of texts) {
      const length = (offsets[last] ?? 0) - (offsets[first] ?? 0);
      linesAt += length + (validity?.length ?? 0) + 2 * slack;
      most += length * 2;
    }
    const end = linesAt + most + slack;
    if (end > MOST_BYTES) return this.#plain.write(columns, first, last);
    this.#reserve(end);

    let at = bytesAt;
    const put = (bytes: Uint8Array): number => {
      const start = at;
      this.#bytes.set(bytes, start);
      at += bytes.length + slack;
      return start;
    };
    const nullAt = put(nothing);
    const emptyAt = put(empty);
    texts.forEach(({ offsets, bytes, validity }, index) => {
      const start = offsets[first] ?? 0;
      const columnOffsetsAt = offsetsAt + index * (rows + 1) * 4;
      this.#words.set(offsets.subarray(first, last + 1), columnOffsetsAt >> 2);
      // The address of position 0, which may be before the memory.
      const columnBytesAt = put(bytes.subarray(start, offsets[last])) - start;
      const validityAt = validity === null ? 0 : put(validity);
      const description = [columnOffsetsAt, columnBytesAt, validityAt, isPlain[index] === true ? 1 : 0];
      this.#words.set(description, (columnsAt >> 2) + index * columnWords);
    });
    const linesEnd = this.#exports.writeLines(
      ...([columnsAt, columns.length, first, rows] as const),
      ...([nullAt, nothing.length, emptyAt, empty.length, linesAt] as const),
    );
    return this.#bytes.subarray(linesAt, linesEnd);
  }

  #reserve(end: number): void {
    this.#used = Math.max(this.#used, end);
    if (end <= this.#bytes.length) return;
    growMemory(this.#exports.memory, end);
    this.#bytes = new Uint8Array(this.#exports.memory.buffer);
    this.#words = new Int32Array(this.#exports.memory.buffer);
  }

  wipe(): void {
    wipe(this.#bytes.subarray(this.#exports.freeAt.value, this.#used));
    this.#plain.wipe();
  }
}

class PlainLineEncoder implements CsvLineEncoder {
  readonly #format: CsvLineFormat;
  #lines = new Uint8Array(0);

  constructor(format: CsvLineFormat) {
    this.#format = format;
  }

  write(columns: readonly ColumnData[], first: number, last: number): Uint8Array {
    let total = 0;
    for (let row = first; row < last; row++) {
      columns.forEach((column, index) => (total += fieldBytes(this.#format, textOf(column), index, row) + 1));
    }
    if (total > this.#lines.length) {
      wipe(this.#lines);
      this.#lines = new Uint8Array(total + (total >> 3));
    }
    let to = 0;
    for (let row = first; row < last; row++) to = putLine(this.#format, columns, row, this.#lines, to);
    return this.#lines.subarray(0, to);
  }

  wipe(): void {
    wipe(this.#lines);
  }
}

/** A column of a CSV file, which is text. */
function textOf(column: ColumnData | undefined): ByteColumn {
  if (column?.layout !== 'bytes') throw new Error('a CSV column that is not text');
  return column;
}

/** The bytes of a field in its line. */
function fieldBytes(format: CsvLineFormat, column: ByteColumn, index: number, row: number): number {
  if (!isValid(column.validity, row)) return format.nullText.length;
  const start = column.offsets[row] ?? 0;
  const end = column.offsets[row + 1] ?? 0;
  if (start === end) return format.empty.length;
  if (format.isPlain[index] === true) return end - start;
  return end - start + quotingBytes(column.bytes, start, end, index === 0);
}

/** Writes the line of a row at `at`, which must have room for it, and returns its end. */
function putLine(
  format: CsvLineFormat,
  columns: readonly ColumnData[],
  row: number,
  target: Uint8Array,
  at: number,
): number {
  const { nullText: nothing, empty, isPlain } = format;
  let to = at;
  for (let index = 0; index < columns.length; index++) {
    const { offsets, bytes, validity } = textOf(columns[index]);
    const start = offsets[row] ?? 0;
    const end = offsets[row + 1] ?? 0;
    if (!isValid(validity, row)) to = copyBytes(nothing, 0, nothing.length, target, to);
    else if (start === end) to = copyBytes(empty, 0, empty.length, target, to);
    else if (isPlain[index] === true || !needsQuotes(bytes, start, end, index === 0)) {
      to = copyBytes(bytes, start, end, target, to);
    } else to = putQuoted(bytes, start, end, target, to);
    target[to++] = COMMA;
  }
  target[to - 1] = LF;
  return to;
}
