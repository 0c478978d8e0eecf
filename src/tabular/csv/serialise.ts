import { copyBytes, decodeUtf8, encodeUtf8, isValid } from '../../bytes/index.ts';
import { SealroomError } from '../../errors.ts';
import type { Batch, ColumnData, Field } from '../batch.ts';
import { COMMA, HASH, LF, QUOTE, SPACE } from './bytes.ts';

/** Bytes that make a field quoted wherever they stand: comma, quote, space and control characters. */
const QUOTED_BYTES = new Uint8Array(256).map((_, byte) => (byte <= SPACE || byte === COMMA || byte === QUOTE ? 1 : 0));

/** How a CSV file is written. */
export interface CsvWriteOptions {
  /** The output null text; see F-81. */
  readonly nullText?: string | undefined;
}

/**
 * Turns batches into the lines of a CSV file. This is the one serialiser of the project, because no library takes columns
 * of bytes, quotes leading and trailing blanks (which the reference's reader would trim) and keeps nulls apart from empty
 * text in the reference's way.
 */
export class CsvSerialiser {
  readonly #fields: readonly Field[];
  readonly #nothing: Uint8Array;
  readonly #empty: Uint8Array;
  #lines = new Uint8Array(0);

  /** @throws {SealroomError} IO_FORMAT if a column is not text. */
  constructor(fields: readonly Field[], options: CsvWriteOptions) {
    for (const field of fields) {
      if (field.type.kind !== 'string') {
        throw new SealroomError('IO_FORMAT', `a CSV file holds text, got a column of type ${field.type.kind}`, {
          where: { column: field.name },
        });
      }
    }
    this.#fields = fields;
    [this.#nothing, this.#empty] = nullMarks(options.nullText, fields.length);
  }

  /** The header line. */
  header(): Uint8Array {
    const names = this.#fields.map((field, index) => {
      const name = encodeUtf8(field.name);
      return name.length === 0 || needsQuotes(name, 0, name.length, index === 0) ? quoteField(name) : name;
    });
    return Buffer.from(`${names.map(decodeUtf8).join(',')}\n`);
  }

  /** The lines of a batch, each with its line break. They are valid until the next call. */
  serialise(batch: Batch): Uint8Array {
    const lengths = new Int32Array(batch.rows);
    this.#measure(batch, lengths);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    if (total > this.#lines.length) this.#lines = new Uint8Array(total + (total >> 3));
    let to = 0;
    for (let row = 0; row < batch.rows; row++) to = this.#put(batch, row, this.#lines, to);
    return this.#lines.subarray(0, total);
  }

  /** Adds to `lengths` the bytes of each row's line, its line break included. */
  #measure(batch: Batch, lengths: Int32Array): void {
    batch.columns.forEach((column, index) => {
      const bytes = bytesOf(column);
      for (let row = 0; row < batch.rows; row++) {
        const start = bytes.offsets[row] ?? 0;
        const end = bytes.offsets[row + 1] ?? 0;
        let length = end - start;
        if (!isValid(bytes.validity, row)) length = this.#nothing.length;
        else if (length === 0) length = this.#empty.length;
        else if (this.#fields[index]?.isPlain !== true) length += quotingBytes(bytes.bytes, start, end, index === 0);
        // One more for the comma or the line break behind the field.
        lengths[row] = (lengths[row] ?? 0) + length + 1;
      }
    });
  }

  /** Writes a row's line at `at`, where there is room for it, and returns its end. */
  #put(batch: Batch, row: number, target: Uint8Array, at: number): number {
    let to = at;
    for (let index = 0; index < batch.columns.length; index++) {
      const column = batch.columns[index];
      if (column === undefined) break;
      const { offsets, bytes, validity } = bytesOf(column);
      const start = offsets[row] ?? 0;
      const end = offsets[row + 1] ?? 0;
      if (!isValid(validity, row)) to = copyBytes(this.#nothing, 0, this.#nothing.length, target, to);
      else if (start === end) to = copyBytes(this.#empty, 0, this.#empty.length, target, to);
      else if (this.#fields[index]?.isPlain === true || !needsQuotes(bytes, start, end, index === 0)) {
        to = copyBytes(bytes, start, end, target, to);
      } else to = putQuoted(bytes, start, end, target, to);
      target[to++] = COMMA;
    }
    target[to - 1] = LF;
    return to;
  }
}

function bytesOf(column: ColumnData): ColumnData & { layout: 'bytes' } {
  if (column.layout !== 'bytes') throw new Error('a CSV column that is not text');
  return column;
}

/** What stands for a null and for an empty text. */
function nullMarks(nullText: string | undefined, columns: number): [Uint8Array, Uint8Array] {
  //= format F-81
  const none = new Uint8Array(0);
  const quotes = encodeUtf8('""');
  if (nullText === undefined || nullText === '') {
    // A record of one blank field would be a blank line, which readers skip.
    return [columns === 1 ? quotes : none, quotes];
  }
  const text = encodeUtf8(nullText);
  if (text.every((byte) => byte <= SPACE)) return [quoteField(text), quotes];
  const isVerbatim = /^".*"$/s.test(nullText) && nullText.length > 1;
  return [
    isVerbatim || !needsQuotes(text, 0, text.length, true) ? text : quoteField(text),
    columns === 1 ? quotes : none,
  ];
}

//= format F-82
function needsQuotes(bytes: Uint8Array, start: number, end: number, isFirst: boolean): boolean {
  if (isFirst && bytes[start] === HASH) return true;
  for (let index = start; index < end; index++) if (QUOTED_BYTES[bytes[index] ?? 0] === 1) return true;
  return false;
}

/** How many bytes quoting adds to a field: none, or two and one for each quote in it. */
function quotingBytes(bytes: Uint8Array, start: number, end: number, isFirst: boolean): number {
  if (!needsQuotes(bytes, start, end, isFirst)) return 0;
  let added = 2;
  for (let index = start; index < end; index++) if (bytes[index] === QUOTE) added++;
  return added;
}

function quoteField(text: Uint8Array): Uint8Array {
  return encodeUtf8(`"${decodeUtf8(text).replaceAll('"', '""')}"`);
}

function putQuoted(bytes: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  let to = at;
  target[to++] = QUOTE;
  for (let index = start; index < end; index++) {
    const byte = bytes[index] ?? 0;
    if (byte === QUOTE) target[to++] = QUOTE;
    target[to++] = byte;
  }
  target[to++] = QUOTE;
  return to;
}
