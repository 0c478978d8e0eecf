import { decodeUtf8, encodeUtf8, isValid } from '../../bytes/index.ts';
import { SealroomError } from '../../errors.ts';
import type { Batch, Field } from '../batch.ts';
import type { ByteSink } from '../byte-sink.ts';
import type { TableWriter } from '../table.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const LF = 0x0a;
const HASH = 0x23;
const SPACE = 0x20;
const BLOCK_BYTES = 1 << 20;

/** Bytes that make a field quoted wherever they stand: comma, quote, space and control characters. */
const QUOTED_BYTES = new Uint8Array(256).map((_, byte) => (byte <= SPACE || byte === COMMA || byte === QUOTE ? 1 : 0));

/** How a CSV file is written. */
export interface CsvWriteOptions {
  /** The output null text; see F-81. */
  readonly nullText?: string | undefined;
}

/**
 * Starts a CSV file. All columns must be text: this is the one serialiser of the project, because no library takes
 * columns of bytes, quotes leading and trailing blanks (which the reference's reader would trim) and keeps nulls apart
 * from empty text in the reference's way.
 *
 * @throws {SealroomError} IO_FORMAT if a column is not text.
 */
export async function createCsv(
  sink: ByteSink,
  fields: readonly Field[],
  options: CsvWriteOptions,
): Promise<TableWriter> {
  for (const field of fields) {
    if (field.type.kind !== 'string') {
      throw new SealroomError('IO_FORMAT', `a CSV file holds text, got a column of type ${field.type.kind}`, {
        where: { column: field.name },
      });
    }
  }
  const marks = nullMarks(options.nullText, fields.length);
  const block = new Block(sink);
  fields.forEach((field, index) => {
    if (index > 0) block.put(COMMA);
    block.putField(encodeUtf8(field.name), index === 0);
  });
  block.put(LF);
  await block.flushIfFull();
  return {
    async write(batch) {
      block.reserve(sizeBound(batch, marks));
      for (let row = 0; row < batch.rows; row++) putRow(block, batch, row, marks);
      await block.flushIfFull();
    },
    async close() {
      await block.flush();
      return sink.close();
    },
    abort: () => sink.abort(),
  };
}

interface NullMarks {
  readonly nothing: Uint8Array;
  readonly empty: Uint8Array;
}

/** What stands for a null and for an empty text. */
function nullMarks(nullText: string | undefined, columns: number): NullMarks {
  //= format F-81
  const none = new Uint8Array(0);
  const quotes = encodeUtf8('""');
  if (nullText === undefined || nullText === '') {
    // A record of one blank field would be a blank line, which readers skip.
    return { nothing: columns === 1 ? quotes : none, empty: quotes };
  }
  const text = encodeUtf8(nullText);
  if (text.every((byte) => byte <= SPACE)) return { nothing: quoteField(text), empty: quotes };
  const isVerbatim = /^".*"$/s.test(nullText) && nullText.length > 1;
  return {
    nothing: isVerbatim || !needsQuotes(text, 0, text.length, true) ? text : quoteField(text),
    empty: columns === 1 ? quotes : none,
  };
}

function putRow(block: Block, batch: Batch, row: number, marks: NullMarks): void {
  batch.columns.forEach((column, index) => {
    if (index > 0) block.put(COMMA);
    if (column.layout !== 'bytes') throw new Error('a CSV column that is not text');
    const start = column.offsets[row] ?? 0;
    const end = column.offsets[row + 1] ?? 0;
    if (!isValid(column.validity, row)) block.putBytes(marks.nothing, 0, marks.nothing.length);
    else if (start === end) block.putBytes(marks.empty, 0, marks.empty.length);
    else block.putValue(column.bytes, start, end, index === 0);
  });
  block.put(LF);
}

/** The most bytes that a batch can take: each byte doubled and two quotes, a separator and a mark per field. */
function sizeBound(batch: Batch, marks: NullMarks): number {
  let bytes = batch.rows;
  for (const column of batch.columns) {
    const content = column.layout === 'bytes' ? (column.offsets[batch.rows] ?? 0) - (column.offsets[0] ?? 0) : 0;
    bytes += content * 2 + batch.rows * (3 + marks.nothing.length + marks.empty.length);
  }
  return bytes;
}

//= format F-82
function needsQuotes(bytes: Uint8Array, start: number, end: number, isFirst: boolean): boolean {
  if (isFirst && bytes[start] === HASH) return true;
  for (let index = start; index < end; index++) if (QUOTED_BYTES[bytes[index] ?? 0] === 1) return true;
  return false;
}

function quoteField(text: Uint8Array): Uint8Array {
  return encodeUtf8(`"${decodeUtf8(text).replaceAll('"', '""')}"`);
}

/** A growing block of output that goes to the sink when it is full. */
class Block {
  readonly #sink: ByteSink;
  #bytes = new Uint8Array(BLOCK_BYTES * 2);
  #length = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Makes room for `count` more bytes; `put` and its like do not check. */
  reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(this.#length + count);
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  put(byte: number): void {
    this.#bytes[this.#length++] = byte;
  }

  putField(text: Uint8Array, isFirst: boolean): void {
    this.reserve(text.length * 2 + 4);
    if (text.length === 0) this.putBytes(encodeUtf8('""'), 0, 2);
    else this.putValue(text, 0, text.length, isFirst);
  }

  putValue(bytes: Uint8Array, start: number, end: number, isFirst: boolean): void {
    if (!needsQuotes(bytes, start, end, isFirst)) {
      this.putBytes(bytes, start, end);
      return;
    }
    this.put(QUOTE);
    for (let index = start; index < end; index++) {
      const byte = bytes[index] ?? 0;
      if (byte === QUOTE) this.put(QUOTE);
      this.put(byte);
    }
    this.put(QUOTE);
  }

  putBytes(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes.set(bytes.subarray(start, end), this.#length);
    this.#length += end - start;
  }

  async flushIfFull(): Promise<void> {
    if (this.#length >= BLOCK_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    const length = this.#length;
    this.#length = 0;
    if (length > 0) await this.#sink.write(this.#bytes.slice(0, length));
  }
}
