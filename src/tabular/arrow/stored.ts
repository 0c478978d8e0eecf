import { FieldNode } from 'apache-arrow/fb/field-node';
import { Buffer as BufferTable } from 'apache-arrow/fb/buffer';
import { BodyCompression } from 'apache-arrow/fb/body-compression';
import { MetadataVersion } from 'apache-arrow/fb/metadata-version';
import type { RecordBatch } from 'apache-arrow/fb/record-batch';
import { isValid } from '../../bytes/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { type BufferDecoder, bufferDecoder } from './compression.ts';
import type { ArrowField, DictionaryKeys } from './fields.ts';
import { batchTooLong, MAX_PART_BYTES } from './input.ts';
import type { ArrowMessage } from './messages.ts';
import { countMadeBytes, malformed, pick, BYTES_OF_PLACE, type StoredColumn } from './stored-column.ts';
import type { ArrowType } from './types.ts';

const VIEW_BYTES = 16;
/** Most bytes of a value that are in its view. */
const INLINE_BYTES = 12;

/** The values of dictionaries so far, by their ids. */
export type Dictionaries = Map<bigint, StoredColumn>;

/**
 * Reads columns of a message; others are stepped over, whatever their types.
 *
 * @param fields that the message has values for
 * @param wanted which of them are read
 * @throws {SealroomError} IO_FORMAT for an unknown codec, DATA_LENGTH for too many bytes; {RangeError} if the message is damaged.
 */
export async function readColumns(
  message: ArrowMessage,
  fields: readonly ArrowField[],
  wanted: ReadonlySet<number>,
  dictionaries: Dictionaries,
): Promise<ReadonlyMap<number, StoredColumn>> {
  const compression = message.header.compression(new BodyCompression());
  const decode = await bufferDecoder(compression === null ? null : compression.codec());
  const cursor = new Cursor(message, decode, dictionaries);
  const found = new Map<number, StoredColumn>();
  fields.forEach((field, index) => {
    if (wanted.has(index)) found.set(index, cursor.read(field));
    else cursor.skip(field);
  });
  return found;
}

/** Number of rows of a message. */
export function batchRowsOf(header: RecordBatch): number {
  const rows = Number(header.length());
  if (rows < 0 || rows >= 2 ** 31) throw new RangeError('a batch of a negative or very large number of rows');
  return rows;
}

/** Steps through the nodes and buffers of a message, which lie in the order of the fields. */
class Cursor {
  readonly #header: RecordBatch;
  readonly #body: Uint8Array;
  readonly #isOld: boolean;
  readonly #decode: BufferDecoder;
  readonly #dictionaries: Dictionaries;
  readonly #made = countMadeBytes();
  #node = 0;
  #buffer = 0;
  #variadic = 0;

  constructor({ header, body, version }: ArrowMessage, decode: BufferDecoder, dictionaries: Dictionaries) {
    this.#header = header;
    this.#body = body;
    this.#isOld = version < (MetadataVersion.V5 as number);
    this.#decode = decode;
    this.#dictionaries = dictionaries;
  }

  skip({ type: { storage }, dictionary, children }: ArrowField): void {
    this.#node++;
    if (dictionary !== null) {
      this.#buffer += 2;
      return;
    }
    switch (storage.layout) {
      case 'fixed':
      case 'bits':
        this.#buffer += 2;
        break;
      case 'offsets':
        this.#buffer += 3;
        break;
      case 'views':
        this.#buffer += 2 + this.#nextVariadic();
        break;
      case 'nothing':
      case 'runs':
        break;
      case 'other':
        this.#buffer += storage.buffers + (storage.hasOldBitmap === true && this.#isOld ? 1 : 0);
    }
    for (const child of children) this.skip(child);
  }

  read(field: ArrowField): StoredColumn {
    const { type, dictionary } = field;
    const { rows, nulls } = this.#nextNode();
    if (dictionary !== null) return this.#readKeys(rows, nulls, dictionary);
    switch (type.storage.layout) {
      case 'fixed':
        return this.#readFixed(rows, nulls, type, type.storage.width);
      case 'bits': {
        const validity = this.#nextValidity(rows, nulls);
        const bits = this.#nextBytes((rows + 7) >> 3, nulls === rows);
        this.#made(rows);
        return { layout: 'fixed', rows, validity, type, width: 1, values: unpackBits(bits, rows) };
      }
      case 'offsets':
        return this.#readOffsets(rows, nulls, type, type.storage.offsetBytes);
      case 'views':
        return this.#readViews(rows, nulls, type);
      case 'nothing': {
        const { width } = type.storage;
        this.#made(rows * width);
        const values = new Uint8Array(rows * width);
        return { layout: 'fixed', rows, validity: new Uint8Array((rows + 7) >> 3), type, width, values };
      }
      case 'runs':
        return this.#readRuns(rows, field);
      case 'other':
        throw new TypeError(`a column of type ${type.name} is not read`);
    }
  }

  #readFixed(rows: number, nulls: number, type: ArrowType, width: number): StoredColumn {
    const validity = this.#nextValidity(rows, nulls);
    const values = this.#nextBytes(rows * width, nulls === rows);
    return { layout: 'fixed', rows, validity, type, width, values };
  }

  #readOffsets(rows: number, nulls: number, type: ArrowType, offsetBytes: 4 | 8): StoredColumn {
    const validity = this.#nextValidity(rows, nulls);
    const stored = this.#nextBuffer();
    const data = this.#nextBuffer();
    // A column without rows may have no offsets.
    const offsets = viewOf(bytesFor(stored, rows === 0 ? 0 : (rows + 1) * offsetBytes));
    const at = (row: number): number =>
      offsetBytes === 4 ? offsets.getInt32(row * 4, true) : Number(offsets.getBigInt64(row * 8, true));
    this.#made(rows * BYTES_OF_PLACE);
    const starts = new Int32Array(rows);
    const ends = new Int32Array(rows);
    let last = rows === 0 ? 0 : at(0);
    if (last < 0) throw malformed();
    for (let row = 0; row < rows; row++) {
      starts[row] = last;
      const end = at(row + 1);
      if (end < last || end > data.length) throw malformed();
      ends[row] = end;
      last = end;
    }
    return { layout: 'bytes', rows, validity, type, sources: [data], starts, ends };
  }

  #readViews(rows: number, nulls: number, type: ArrowType): StoredColumn {
    const validity = this.#nextValidity(rows, nulls);
    const views = this.#nextBytes(rows * VIEW_BYTES, nulls === rows);
    const buffers = Array.from({ length: this.#nextVariadic() }, () => this.#nextBuffer());
    const sources = [views, ...buffers];
    const shifts = [];
    let position = views.length;
    for (const { length } of buffers) {
      shifts.push(position);
      position += length;
    }
    if (position > MAX_PART_BYTES) throw batchTooLong(position);
    const view = viewOf(views);
    this.#made(rows * BYTES_OF_PLACE);
    const starts = new Int32Array(rows);
    const ends = new Int32Array(rows);
    for (let row = 0; row < rows; row++) {
      if (!isValid(validity, row)) continue;
      const at = row * VIEW_BYTES;
      const length = view.getInt32(at, true);
      let start = at + 4;
      if (length > INLINE_BYTES) {
        const index = view.getInt32(at + 8, true);
        const offset = view.getInt32(at + 12, true);
        if (offset < 0 || offset + length > (buffers[index]?.length ?? -1)) throw malformed();
        start = (shifts[index] ?? 0) + offset;
      }
      if (length < 0) throw malformed();
      starts[row] = start;
      ends[row] = start + length;
    }
    return { layout: 'bytes', rows, validity, type, sources, starts, ends };
  }

  #readKeys(rows: number, nulls: number, { id, bytes, isSigned }: DictionaryKeys): StoredColumn {
    const validity = this.#nextValidity(rows, nulls);
    const keys = integersOf(this.#nextBytes(rows * bytes, nulls === rows), bytes, isSigned);
    const values = this.#dictionaries.get(id);
    if (values === undefined) {
      if (nulls === rows) throw new SealroomError('DATA_CORRUPT', 'a dictionary is missing');
      throw malformed();
    }
    return pick(values, rows, (row) => (isValid(validity, row) ? keys(row) : null), this.#made);
  }

  #readRuns(rows: number, { children }: ArrowField): StoredColumn {
    const [ends, values] = children;
    if (ends === undefined || values === undefined) throw malformed();
    const runs = this.read(ends);
    if (runs.layout !== 'fixed') throw malformed();
    const endOf = integersOf(runs.values, runs.width, true);
    const stored = this.read(values);
    if (stored.rows < runs.rows) throw malformed();
    let run = 0;
    const runAt = (row: number): number => {
      while (run < runs.rows && endOf(run) <= row) run++;
      if (run === runs.rows) throw malformed();
      return run;
    };
    return pick(stored, rows, runAt, this.#made);
  }

  #nextNode(): { readonly rows: number; readonly nulls: number } {
    const node = this.#header.nodes(this.#node++, new FieldNode());
    if (node === null || this.#node > this.#header.nodesLength()) throw malformed();
    const rows = Number(node.length());
    const nulls = Number(node.nullCount());
    if (rows < 0 || rows >= 2 ** 31 || nulls > rows) throw malformed();
    return { rows, nulls };
  }

  #nextBuffer(): Uint8Array {
    const index = this.#buffer++;
    const buffer = index < this.#header.buffersLength() ? this.#header.buffers(index, new BufferTable()) : null;
    if (buffer === null) throw malformed();
    const [start, length] = [Number(buffer.offset()), Number(buffer.length())];
    if (start < 0 || length < 0 || start + length > this.#body.length) throw malformed();
    return this.#decode(this.#body.subarray(start, start + length));
  }

  /** The first `count` bytes of the next buffer. That of a column of nulls may be empty. */
  #nextBytes(count: number, mayBeEmpty: boolean): Uint8Array {
    const buffer = this.#nextBuffer();
    if (!mayBeEmpty || buffer.length > 0) return bytesFor(buffer, count);
    this.#made(count);
    return new Uint8Array(count);
  }

  #nextVariadic(): number {
    const index = this.#variadic++;
    const count = index < this.#header.variadicBufferCountsLength() ? this.#header.variadicBufferCounts(index) : null;
    if (count === null || count < 0n || count > BigInt(this.#header.buffersLength())) throw malformed();
    return Number(count);
  }

  #nextValidity(rows: number, nulls: number): Uint8Array | null {
    const bits = this.#nextBuffer();
    if (nulls === 0) return null;
    return bytesFor(bits, (rows + 7) >> 3);
  }
}

/** The first `count` bytes of a buffer. */
function bytesFor(buffer: Uint8Array, count: number): Uint8Array {
  if (buffer.length < count) throw malformed();
  return buffer.subarray(0, count);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The little-endian integers of a buffer, by their places. */
function integersOf(bytes: Uint8Array, width: number, isSigned: boolean): (index: number) => number {
  const view = viewOf(bytes);
  switch (width) {
    case 1:
      return (index) => (isSigned ? view.getInt8(index) : view.getUint8(index));
    case 2:
      return (index) => (isSigned ? view.getInt16(index * 2, true) : view.getUint16(index * 2, true));
    case 4:
      return (index) => (isSigned ? view.getInt32(index * 4, true) : view.getUint32(index * 4, true));
    case 8:
      return (index) => Number(view.getBigInt64(index * 8, true));
    default:
      throw malformed();
  }
}

function unpackBits(bits: Uint8Array, rows: number): Uint8Array {
  const values = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) values[row] = ((bits[row >> 3] ?? 0) >> (row & 7)) & 1;
  return values;
}
