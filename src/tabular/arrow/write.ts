import {
  type Data,
  DataType,
  Field as ArrowField,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
} from 'apache-arrow';
import { type ByteColumn, valueAt } from '../../bytes/index.ts';
import type { ColumnData, Field } from '../../columns/index.ts';
import type { ByteSink } from '../../files/index.ts';
import { noLines, type TableWriter } from '../table.ts';
import { arrowMetadataOf, arrowTypeOf, arrowValues } from './written-types.ts';

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
  const arrowFields = fields.map(
    (field) => new ArrowField<DataType>(field.name, arrowTypeOf(field), true, arrowMetadataOf(field)),
  );
  const schema = new Schema(arrowFields);
  const writer = new CollectingWriter({ autoDestroy: false });
  writer.reset(undefined, schema);
  return {
    spare: [],
    async write(batch) {
      const children = fields.map((field, index) => writeColumn(batch.columns[index], field, arrowFields[index]?.type));
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

function writeColumn(column: ColumnData | undefined, field: Field, type: DataType | undefined): Data {
  if (column === undefined) throw new Error('a batch with fewer columns than its table');
  const { rows: length, validity: nullBitmap } = column;
  if (column.layout === 'bytes') {
    const { offsets: valueOffsets, bytes: data } = column;
    if (DataType.isUtf8(type)) return makeData({ type, length, nullBitmap, valueOffsets, data });
    if (DataType.isBinary(type)) return makeData({ type, length, nullBitmap, valueOffsets, data });
    if (DataType.isFixedSizeBinary(type)) {
      return makeData({ type, length, nullBitmap, data: fixedBytes(column, type.byteWidth) });
    }
  } else {
    // The library uses these aligned bytes as an array of the type's numbers.
    const data = arrowValues(column, field.type);
    if (DataType.isBool(type)) return makeData({ type, length, nullBitmap, data: packBits(column.values) });
    if (DataType.isInt(type)) return makeData({ type, length, nullBitmap, data });
    if (DataType.isFloat(type)) return makeData({ type, length, nullBitmap, data });
    if (DataType.isDate(type)) return makeData({ type, length, nullBitmap, data });
    if (DataType.isTime(type)) return makeData({ type, length, nullBitmap, data: timeValues(data, type.bitWidth) });
    if (DataType.isTimestamp(type)) return makeData({ type, length, nullBitmap, data });
    if (DataType.isDecimal(type)) return makeData({ type, length, nullBitmap, data });
    if (DataType.isFixedSizeBinary(type)) return makeData({ type, length, nullBitmap, data });
  }
  throw new Error('a batch that does not fit its table');
}

/** Byte strings of one length, each in its place; a null is any bytes. */
function fixedBytes(column: ByteColumn, width: number): Uint8Array {
  const data = new Uint8Array(column.rows * width);
  for (let row = 0; row < column.rows; row++) {
    const value = valueAt(column, row);
    if (value === null) continue;
    if (value.length !== width) throw new Error('a batch that does not fit its table');
    data.set(value, row * width);
  }
  return data;
}

/** Times of day of 8 bytes in the width of their Arrow type. */
function timeValues(values: Uint8Array, bitWidth: number): Uint8Array {
  if (bitWidth === 64) return values;
  const words = new Int32Array(values.buffer);
  return new Uint8Array(words.filter((_, index) => index % 2 === 0).buffer);
}

function packBits(values: Uint8Array): Uint8Array {
  const bits = new Uint8Array((values.length + 7) >> 3);
  values.forEach((value, row) => {
    if (value !== 0) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
  });
  return bits;
}
