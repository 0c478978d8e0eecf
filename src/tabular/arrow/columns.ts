import { byteColumnOf, compact, encodeUtf8, isValid, sliceValidity } from '../../bytes/index.ts';
import { checkTexts, type ColumnData, textOfOpaque, uuidValues } from '../../columns/index.ts';
import { SealroomError } from '../../errors/index.ts';
import type { StoredColumn } from './stored-column.ts';
import type { IntegerConversion } from './types.ts';

/**
 * Copies rows [start, start + rows) of an Arrow column into one of our columns, with new buffers.
 *
 * @param asText whether values that can only be carried are converted to text
 * @throws {SealroomError} with the row, counted from 0 at `start`: DATA_ENCODING for text that is not UTF-8, DATA_VALUE for a value that the
 *   column's type does not have.
 */
export function copyStored(stored: StoredColumn, start: number, rows: number, asText: boolean): ColumnData {
  const validity = sliceValidity(stored.validity, start, rows);
  const { column: type } = stored.type;
  if (stored.layout === 'bytes') {
    const [starts, ends] = [stored.starts.subarray(start, start + rows), stored.ends.subarray(start, start + rows)];
    const column = { rows, validity, ...compact(stored.sources, starts, ends) };
    return { layout: 'bytes', ...(type.kind === 'string' ? checkTexts(column) : column) };
  }
  const { width, values } = stored;
  const own = values.slice(start * width, (start + rows) * width);
  if (type.kind === 'binary') {
    const offsets = Int32Array.from({ length: rows + 1 }, (_, row) => row * width);
    return { layout: 'bytes', rows, validity, offsets, bytes: own };
  }
  const column = convert({ rows, width, values: own, validity }, stored.type.convert);
  if (type.kind !== 'opaque' || !asText) return { layout: 'fixed', ...column };
  const texts = Array.from({ length: rows }, (_, row) =>
    isValid(validity, row) ? encodeUtf8(textOfOpaque(type.engineType, column.values, row)) : null,
  );
  return { layout: 'bytes', ...byteColumnOf(texts) };
}

/** The bytes that the value of a row takes, if it is a byte string: in a dictionary, one text can be that of all rows. */
export function rowBytesOf(stored: StoredColumn | undefined): (row: number) => number {
  if (stored?.layout !== 'bytes') return () => 0;
  return (row) => (stored.ends[row] ?? 0) - (stored.starts[row] ?? 0);
}

type Fixed = Omit<Extract<ColumnData, { layout: 'fixed' }>, 'layout'>;

function convert(column: Fixed, conversion: IntegerConversion | 'uuid' | null): Fixed {
  if (conversion === null) return column;
  return conversion === 'uuid' ? { ...column, values: uuidValues(column.values) } : convertIntegers(column, conversion);
}

/** The signed integers of a column in another width or unit. */
function convertIntegers(column: Fixed, { width, problem, multiply = 1n, divide = 1n }: IntegerConversion): Fixed {
  const { rows, validity } = column;
  const values = new Uint8Array(rows * width);
  const [from, to] = [viewOf(column.values), viewOf(values)];
  for (let row = 0; row < rows; row++) {
    if (!isValid(validity, row)) continue;
    const stored = readInteger(from, row * column.width, column.width);
    const value = (stored * multiply) / divide;
    if ((value * divide) / multiply !== stored || BigInt.asIntN(width * 8, value) !== value) {
      throw new SealroomError('DATA_VALUE', problem, { where: { row } });
    }
    writeInteger(to, row * width, width, value);
  }
  return { rows, width, values, validity };
}

function readInteger(view: DataView, at: number, bytes: number): bigint {
  if (bytes === 4) return BigInt(view.getInt32(at, true));
  let value = view.getBigInt64(at + bytes - 8, true);
  for (let word = bytes - 16; word >= 0; word -= 8) value = (value << 64n) | view.getBigUint64(at + word, true);
  return value;
}

function writeInteger(view: DataView, at: number, bytes: number, value: bigint): void {
  if (bytes === 4) {
    view.setInt32(at, Number(value), true);
    return;
  }
  for (let word = 0; word < bytes; word += 8)
    view.setBigInt64(at + word, BigInt.asIntN(64, value >> BigInt(word * 8)), true);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
