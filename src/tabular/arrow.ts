import { open } from 'node:fs/promises';
import {
  type Data,
  type DataType,
  Field as ArrowField,
  makeData,
  RecordBatch,
  RecordBatchReader,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Type,
} from 'apache-arrow';
import { allValid, type ByteColumn, byteColumnOf, encodeUtf8, isValid, setNull } from '../bytes/index.ts';
import { SealroomError } from '../errors.ts';
import { arrowTypeOf, columnTypeOf } from './arrow-types.ts';
import { type Batch, type ColumnData, type Field, widthOf } from './batch.ts';
import type { ByteSink } from './byte-sink.ts';
import type { ByteSource } from './byte-source.ts';
import { noLines, type ReadRequest, type TableReader, type TableWriter } from './table.ts';

/**
 * Opens an Arrow IPC stream, or a file in Arrow's file format.
 *
 * @throws {SealroomError} DATA_CORRUPT if it is neither.
 */
export async function openArrow(source: ByteSource): Promise<TableReader> {
  const first = await openReader(source);
  const fields = first.schema.fields.map((field): Field => ({ name: field.name, type: columnTypeOf(field.type) }));
  await first.cancel();
  return {
    name: source.name,
    format: 'arrow',
    fields,
    rows: null,
    bytes: source.bytes,
    warnings: [],
    batches: (request) => readBatches(source, fields, request),
    close: () => source.close(),
  };
}

async function openReader(source: ByteSource): Promise<RecordBatchReader> {
  try {
    const input = source.path === null ? source.chunks() : open(source.path, 'r');
    const reader = await RecordBatchReader.from(input as AsyncIterable<Uint8Array>);
    return await reader.open({ autoDestroy: true });
  } catch (error) {
    throw corrupt(source, error);
  }
}

async function* readBatches(source: ByteSource, fields: readonly Field[], request: ReadRequest): AsyncGenerator<Batch> {
  for (const index of request.columns) {
    const field = fields[index];
    if (field?.type.kind === 'unsupported') {
      throw new SealroomError('DATA_TYPE', `columns of Arrow type ${field.type.engineType} cannot be carried`, {
        where: { file: source.name, column: field.name },
      });
    }
  }
  const reader = await openReader(source);
  try {
    for await (const batch of reader as AsyncIterable<RecordBatch>) {
      request.signal?.throwIfAborted();
      if (batch.numRows === 0) continue;
      yield { rows: batch.numRows, columns: request.columns.map((index) => readColumn(batch.data.children[index])) };
    }
  } catch (error) {
    if (error instanceof SealroomError || request.signal?.aborted === true) throw error;
    throw corrupt(source, error);
  } finally {
    await reader.cancel();
  }
}

function readColumn(data: Data | undefined): ColumnData {
  if (data === undefined) throw new Error('a record batch with fewer columns than its schema');
  const { type, length: rows } = data;
  const validity = readValidity(data);
  switch (type.typeId) {
    case Type.Dictionary:
      return expandDictionary(data, validity);
    case Type.Utf8:
    case Type.Binary:
    case Type.LargeUtf8:
    case Type.LargeBinary:
      return { layout: 'bytes', rows, validity, ...readBytes(data) };
    case Type.Bool:
      return { layout: 'fixed', rows, width: 1, validity, values: unpackBits(data) };
    default: {
      const width = widthOf(columnTypeOf(type)) ?? 0;
      const values = data.values as ArrayBufferView;
      const bytes = new Uint8Array(values.buffer, values.byteOffset, rows * width);
      return { layout: 'fixed', rows, width, validity, values: bytes.slice() };
    }
  }
}

/** The bitmap of a column that may start in the middle of a byte. */
function readValidity(data: Data): Uint8Array | null {
  if (data.nullCount === 0) return null;
  const validity = allValid(data.length);
  for (let row = 0; row < data.length; row++) if (!data.getValid(row)) setNull(validity, row);
  return validity;
}

function readBytes(data: Data): { offsets: Int32Array; bytes: Uint8Array } {
  const source = data.valueOffsets as Int32Array | BigInt64Array;
  const first = Number(source[0] ?? 0);
  const offsets = new Int32Array(data.length + 1);
  for (let row = 0; row <= data.length; row++) offsets[row] = Number(source[row] ?? 0) - first;
  const bytes = (data.values as Uint8Array).slice(first, first + (offsets[data.length] ?? 0));
  return { offsets, bytes };
}

function unpackBits(data: Data): Uint8Array {
  const bits = data.values as Uint8Array;
  return Uint8Array.from({ length: data.length }, (_, row) => {
    const bit = data.offset + row;
    return ((bits[bit >> 3] ?? 0) >> (bit & 7)) & 1;
  });
}

function expandDictionary(data: Data, validity: Uint8Array | null): ColumnData {
  const keys = data.values as ArrayLike<number | bigint>;
  const entries = data.dictionary;
  if (entries === undefined) throw new Error('a dictionary column without a dictionary');
  const values = Array.from({ length: data.length }, (_, row): Uint8Array | null => {
    if (!isValid(validity, row)) return null;
    const value: unknown = entries.get(Number(keys[row] ?? 0));
    if (typeof value === 'string') return encodeUtf8(value);
    if (value instanceof Uint8Array) return value;
    throw new SealroomError('DATA_TYPE', 'an Arrow dictionary of values that are not text cannot be carried');
  });
  return { layout: 'bytes', ...byteColumnOf(values) };
}

/** Collects what the library serialises, so that the sink can slow the writer down. */
class CollectingWriter extends RecordBatchStreamWriter {
  #parts: Uint8Array[] = [];

  protected override _write(chunk: ArrayBufferView): this {
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (bytes.length > 0) this.#parts.push(bytes);
    this._position += bytes.length;
    return this;
  }

  take(): Uint8Array {
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    return bytes;
  }
}

/**
 * Starts an Arrow IPC stream.
 *
 * @throws {SealroomError} IO_FORMAT if a column's type has no Arrow form.
 */
export function createArrow(sink: ByteSink, fields: readonly Field[]): TableWriter {
  const types = fields.map(arrowTypeOf);
  const schema = new Schema(fields.map((field, index) => new ArrowField(field.name, types[index] ?? arrowTypeOf(field), true)));
  const writer = new CollectingWriter({ autoDestroy: false });
  writer.reset(undefined, schema);
  return {
    async write(batch) {
      const children = batch.columns.map((column, index) => writeColumn(column, types[index]));
      const data = makeData({ type: new Struct(schema.fields), length: batch.rows, nullCount: 0, children });
      writer.write(new RecordBatch(schema, data));
      await sink.write(writer.take());
    },
    writeLines: () => Promise.reject(noLines()),
    async close() {
      writer.finish();
      await sink.write(writer.take());
      return sink.close();
    },
    abort: () => sink.abort(),
  };
}

function writeColumn(column: ColumnData, type: DataType | undefined): Data {
  if (type === undefined) throw new Error('a batch with more columns than its table');
  const { rows: length, validity: nullBitmap } = column;
  if (column.layout === 'bytes') {
    const { offsets, bytes }: ByteColumn = column;
    return makeData({ type, length, nullBitmap, valueOffsets: offsets, data: bytes } as never);
  }
  const values = type.typeId === Type.Bool ? packBits(column.values) : alignTo(type, column.values);
  return makeData({ type, length, nullBitmap, data: values } as never);
}

function packBits(values: Uint8Array): Uint8Array {
  const bits = new Uint8Array((values.length + 7) >> 3);
  values.forEach((value, row) => {
    if (value !== 0) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
  });
  return bits;
}

/** The same bytes as the typed array that the library expects for a type. */
function alignTo(type: DataType, values: Uint8Array): ArrayBufferView {
  const array = type.ArrayType as { new (buffer: ArrayBuffer): ArrayBufferView };
  return new array(values.slice().buffer);
}

function corrupt(source: ByteSource, error: unknown): SealroomError {
  return new SealroomError('DATA_CORRUPT', 'not a readable Arrow stream', {
    where: { file: source.name },
    hint: 'the stream may be truncated, damaged, or of another format',
    cause: error instanceof Error ? error.name : undefined,
  });
}
