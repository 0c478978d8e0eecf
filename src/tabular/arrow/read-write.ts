import type { FileHandle } from 'node:fs/promises';
import {
  type Data,
  DataType,
  Field as ArrowField,
  makeData,
  RecordBatch,
  RecordBatchReader,
  RecordBatchStreamWriter,
  Schema,
  Struct,
} from 'apache-arrow';
import { SealroomError } from '../../errors/index.ts';
import { columnOfData, rowBytesOf } from './columns.ts';
import { ArrowInput } from './input.ts';
import { arrowTypeOf, columnTypeOf } from './types.ts';
import {
  type Batch,
  type ColumnData,
  type Field,
  MAX_ROW_BYTES,
  MAX_VALUE_BYTES,
  type ReadRequest,
  requireShortValues,
  rowTooLong,
  splitRows,
} from '../../columns/index.ts';
import type { ByteSink } from '../../files/index.ts';
import { type ByteSource, readFailure } from '../../files/index.ts';
import { noLines, type TableReader, type TableWriter } from '../table.ts';

/** Options for reading an Arrow table. */
export interface ArrowReadOptions {
  /** Whether columns that can only be passed through are read as text, for text output. */
  readonly opaqueAsText: boolean;
}

/**
 * Opens an Arrow IPC stream, or a file in Arrow's file format.
 *
 * @throws {SealroomError} DATA_CORRUPT if it is neither.
 */
export async function openArrow(source: ByteSource, options: ArrowReadOptions): Promise<TableReader> {
  const { schema, input } = await openReader(source);
  await input.close();
  const fields = fieldsOf(schema).map(({ name, type }): Field => {
    const columnType = columnTypeOf(type);
    return {
      name,
      type: columnType.kind === 'opaque' && options.opaqueAsText ? { ...columnType, width: null } : columnType,
    };
  });
  return {
    name: source.name,
    format: 'arrow',
    fields,
    rows: null,
    bytes: source.bytes,
    warnings: [],
    batches: (request) => readBatches(source, fields, options, request),
    sha256: (signal) => source.sha256(signal),
    close: () => source.close(),
  };
}

function fieldsOf(schema: Schema): readonly ArrowField<DataType>[] {
  return schema.fields;
}

interface OpenReader {
  readonly reader: RecordBatchReader;
  readonly schema: Schema;
  readonly input: ArrowInput;
}

/** Starts reading from the beginning. The caller closes the input. */
async function openReader(source: ByteSource): Promise<OpenReader> {
  const input = new ArrowInput(source);
  try {
    // The library uses only what the input has; its types ask for a whole FileHandle.
    const reader = await RecordBatchReader.from(input as unknown as FileHandle);
    if (reader.isFile() && !(await input.endsAsFile())) throw corrupt(source);
    await reader.open();
    // The library closes a reader that finds no schema.
    if (reader.closed) throw corrupt(source);
    return { reader, schema: reader.schema, input };
  } catch (error) {
    await input.close();
    throw readingFailure(source, error);
  }
}

async function* readBatches(
  source: ByteSource,
  fields: readonly Field[],
  options: ArrowReadOptions,
  request: ReadRequest,
): AsyncGenerator<Batch> {
  for (const index of request.columns) {
    const field = fields[index];
    if (field?.type.kind === 'unsupported') {
      throw new SealroomError('DATA_TYPE', `columns of Arrow type ${field.type.engineType} are not supported`, {
        where: { file: source.name, column: field.name },
        hint: 'leave the column out, or convert it first',
      });
    }
  }
  const wanted = request.columns.map((index) => fields[index]);
  const { reader, schema, input } = await openReader(source);
  let firstRow = 0;
  try {
    for await (const batch of batchesOf(reader)) {
      request.signal?.throwIfAborted();
      // A stream may not change its columns midway.
      if (reader.schema !== schema) throw corrupt(source);
      const rows = batch.numRows;
      if (rows === 0) continue;
      for (const part of partsOf(batch, request.columns, wanted, firstRow)) {
        const columns = request.columns.map((index) =>
          locate(fields[index]?.name, firstRow, () =>
            columnOfData(
              sliceOf(batch.data.children[index], rows, part),
              part.rows,
              fields[index]?.type.kind === 'opaque' && options.opaqueAsText,
            ),
          ),
        );
        const found = { rows: part.rows, columns };
        requireShortValues(found, wanted, firstRow, request.maxValueBytes ?? MAX_VALUE_BYTES);
        firstRow += part.rows;
        yield found;
      }
    }
    if (!reader.isFile() && !input.hasEnded) throw withoutEnd(source);
  } catch (error) {
    if (request.signal?.aborted === true) throw error;
    throw readingFailure(source, error);
  } finally {
    await input.close();
  }
}

interface RowRange {
  readonly start: number;
  readonly rows: number;
}

/**
 * Splits the rows of a record batch, so that their copies stay small.
 *
 * @throws {SealroomError} DATA_LENGTH for a row that is too long.
 */
function partsOf(
  { numRows, data }: RecordBatch,
  columns: readonly number[],
  fields: readonly (Field | undefined)[],
  firstRow: number,
): Iterable<RowRange> {
  const sizes = columns.map((index) => rowBytesOf(data.children[index]));
  return splitRows(numRows, (row) => {
    let bytes = 0;
    for (const size of sizes) bytes += size(row);
    if (bytes <= MAX_ROW_BYTES) return bytes;
    const inRow = sizes.map((size) => size(row));
    throw rowTooLong(bytes, firstRow + row + 1, fields[inRow.indexOf(Math.max(...inRow))]?.name);
  });
}

/** The rows of a column; a column of another length than its batch stays as it is, and is refused later. */
function sliceOf(data: Data | undefined, rows: number, part: RowRange): Data | undefined {
  return part.rows === rows || data?.length !== rows ? data : data.slice(part.start, part.rows);
}

/** Yields the batches of a reader, which is asynchronous because its bytes come from a file. */
async function* batchesOf(reader: RecordBatchReader): AsyncGenerator<RecordBatch> {
  for (;;) {
    const next = (await reader.next()) as IteratorResult<RecordBatch, unknown>;
    if (next.done === true) return;
    yield next.value;
  }
}

function locate<Result>(column: string | undefined, firstRow: number, step: () => Result): Result {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    const row = error.where.row === undefined ? undefined : firstRow + error.where.row + 1;
    throw new SealroomError(error.code, error.message, { hint: error.hint, where: { column, row } });
  }
}

/** Collects the library's output, so that the sink can apply backpressure. */
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
  const arrowFields = fields.map((field) => new ArrowField<DataType>(field.name, arrowTypeOf(field), true));
  const schema = new Schema(arrowFields);
  const writer = new CollectingWriter({ autoDestroy: false });
  writer.reset(undefined, schema);
  return {
    spare: [],
    async write(batch) {
      const children = arrowFields.map(({ type }, index) => writeColumn(batch.columns[index], type));
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

function writeColumn(column: ColumnData | undefined, type: DataType): Data {
  if (column === undefined) throw new Error('a batch with fewer columns than its table');
  const { rows: length, validity: nullBitmap } = column;
  if (column.layout === 'bytes') {
    const { offsets: valueOffsets, bytes: data } = column;
    if (DataType.isUtf8(type)) return makeData({ type, length, nullBitmap, valueOffsets, data });
    if (DataType.isBinary(type)) return makeData({ type, length, nullBitmap, valueOffsets, data });
  } else {
    // The library uses these aligned bytes as an array of the type's numbers.
    const data = column.values.slice();
    if (DataType.isBool(type)) return makeData({ type, length, nullBitmap, data: packBits(column.values) });
    if (DataType.isInt(type)) return makeData({ type, length, nullBitmap, data });
    if (DataType.isFloat(type)) return makeData({ type, length, nullBitmap, data });
    if (DataType.isDate(type)) return makeData({ type, length, nullBitmap, data });
    if (DataType.isTimestamp(type)) return makeData({ type, length, nullBitmap, data });
    if (DataType.isDecimal(type)) return makeData({ type, length, nullBitmap, data });
  }
  throw new Error('a batch that does not fit its table');
}

function packBits(values: Uint8Array): Uint8Array {
  const bits = new Uint8Array((values.length + 7) >> 3);
  values.forEach((value, row) => {
    if (value !== 0) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
  });
  return bits;
}

function readingFailure(source: ByteSource, error: unknown): SealroomError {
  if (error instanceof SealroomError) return error.at({ file: source.name });
  if (error instanceof Error && error.message.endsWith('compressed but codec not found')) {
    return new SealroomError('IO_FORMAT', 'compressed Arrow batches cannot be read', {
      where: { file: source.name },
      hint: 'write the table without compression, or as Parquet',
    });
  }
  return error instanceof Error && 'syscall' in error ? readFailure(error, source.name) : corrupt(source, error);
}

function withoutEnd(source: ByteSource): SealroomError {
  return new SealroomError('DATA_CORRUPT', 'the Arrow stream has no end marker', {
    where: { file: source.name },
    hint: 'it may be truncated, or followed by other data; closing the writer properly adds the marker',
  });
}

function corrupt(source: ByteSource, error?: unknown): SealroomError {
  return new SealroomError('DATA_CORRUPT', 'not a readable Arrow stream', {
    where: { file: source.name },
    hint: 'the stream may be truncated, damaged, or of another format',
    cause: error instanceof Error ? error.name : undefined,
  });
}
