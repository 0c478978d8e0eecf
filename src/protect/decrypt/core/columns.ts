import { type Allocator, allValid, type ByteColumn, compact, encodeUtf8, setNull } from '../../../bytes/index.ts';
import {
  CELL_NULL,
  CELL_SEALED,
  type ClientType,
  type DecodedValue,
  decodeValue,
  fixedColumnOf,
  isFixedType,
  type FixedType,
  NULL_FLAG,
  type OpenedColumn,
  type OpenCellOptions,
  renderValue,
  storeValue,
} from '../../../crypto/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import { isUtf8 } from '../../../platform/index.ts';
import type { ColumnData, ColumnType } from '../../../columns/index.ts';

const STRING_TYPE_BYTE = 0x02;
/** The encoded null of a string column. */
const NULL_STRING = STRING_TYPE_BYTE | NULL_FLAG;

/** Most digits of a decimal that table formats store as a number. */
const MAX_DECIMAL_PRECISION = 38;

/** The column type to which a sealed type opens: its own, or text where tables have no such type. */
function nativeType(type: ClientType): ColumnType {
  if (!isFixedType(type)) return { kind: 'string' };
  if (type.kind !== 'decimal') return type;
  const { precision, scale } = type;
  return precision >= 1 && precision <= MAX_DECIMAL_PRECISION && scale >= 0 && scale <= precision
    ? type
    : { kind: 'string' };
}

/**
 * The type of the first sealed value of a column; `null` if it has only nulls so far, and `unsealed` if a cell before it is not
 * sealed.
 *
 * @throws {SealroomError} FORMAT_VALUE with the 0-based row if a cell's content does not decode.
 */
export function firstTypeOf(opened: OpenedColumn, options: OpenCellOptions): ColumnType | 'unsealed' | null {
  for (let row = 0; row < opened.values.rows; row++) {
    const kind = opened.kinds[row] ?? CELL_NULL;
    if (kind === CELL_NULL) continue;
    if (kind !== CELL_SEALED) return 'unsealed';
    const { type } = decodeAt(opened.values, row, options);
    if (type !== null) return nativeType(type);
  }
  return null;
}

/**
 * Renders an opened column as text: sealed values formatted, all other cells as they are.
 *
 * @param memory allocates the text
 * @throws {SealroomError} FORMAT_VALUE with the 0-based row if a cell's content does not decode, or is not UTF-8 and not read leniently, DATA_ENCODING with the row
 *   if a cell that is passed through is not UTF-8.
 */
//= format F-83
export function toText(opened: OpenedColumn, rules: TextRules, memory: Allocator): ColumnData {
  return textsAsTheyAre(opened, rules) ?? textsWithoutTypeByte(opened, memory) ?? textsOneByOne(opened, rules);
}

/** What text must be. */
export interface TextRules extends OpenCellOptions {
  /** Whether cells that are passed through must be UTF-8. */
  readonly isChecked: boolean;
}

/** A column without sealed cells, in its own buffers; `null` if it has sealed ones, or is not the text that it must be. */
function textsAsTheyAre({ values, kinds }: OpenedColumn, { isChecked }: TextRules): ColumnData | null {
  if (kinds.includes(CELL_SEALED)) return null;
  return isChecked && !areUtf8(values) ? null : { layout: 'bytes', ...values };
}

/** Whether each value is UTF-8; `false` also if a null has other bytes. */
function areUtf8({ rows, offsets, bytes }: ByteColumn): boolean {
  // That a value ends as it must shows in how the next one begins.
  for (let row = 0; row < rows; row++) if (((bytes[offsets[row] ?? 0] ?? 0) & 0xc0) === 0x80) return false;
  return isUtf8(bytes.subarray(offsets[0], offsets[rows]));
}

/** The text of a column whose sealed values are all UTF-8 strings or nulls; `null` for any other. */
function textsWithoutTypeByte({ values, kinds }: OpenedColumn, memory: Allocator): ColumnData | null {
  const { rows, offsets, bytes } = values;
  const starts = memory.ints(rows).fill(0);
  const ends = memory.ints(rows).fill(0);
  let validity: Uint8Array | null = null;
  for (let row = 0; row < rows; row++) {
    const kind = kinds[row] ?? CELL_NULL;
    const start = offsets[row] ?? 0;
    if (kind === CELL_SEALED) {
      const end = offsets[row + 1] ?? 0;
      if (bytes[start] === NULL_STRING && end - start === 1) {
        setNull((validity ??= allValid(rows)), row);
        continue;
      }
      if (bytes[start] !== STRING_TYPE_BYTE) return null;
      starts[row] = start + 1;
      ends[row] = end;
    } else if (kind === CELL_NULL) {
      setNull((validity ??= allValid(rows)), row);
    } else {
      // That it ends as it must shows in the byte behind it, which is checked with it; that it begins so, here.
      if (((bytes[start] ?? 0) & 0xc0) === 0x80) return null;
      starts[row] = start;
      ends[row] = offsets[row + 1] ?? 0;
    }
  }
  if (!isUtf8(bytes.subarray(offsets[0], offsets[rows]))) return null;
  return { layout: 'bytes', rows, validity, ...compact([bytes], starts, ends, memory) };
}

function textsOneByOne({ values, kinds }: OpenedColumn, rules: TextRules): ColumnData {
  const { rows } = values;
  const parts: Uint8Array[] = [];
  const starts = new Int32Array(rows);
  const ends = new Int32Array(rows);
  let validity: Uint8Array | null = null;
  let length = 0;
  for (let row = 0; row < rows; row++) {
    const part = textAt(values, row, kinds[row] ?? CELL_NULL, rules);
    starts[row] = length;
    if (part === null) setNull((validity ??= allValid(rows)), row);
    else {
      if (rules.isChecked && kinds[row] !== CELL_SEALED && !isUtf8(part)) {
        throw new SealroomError('DATA_ENCODING', 'text is not valid UTF-8', { where: { row } });
      }
      parts.push(part);
      length += part.length;
    }
    ends[row] = length;
  }
  return { layout: 'bytes', rows, validity, ...compact(parts, starts, ends) };
}

function textAt(values: ByteColumn, row: number, kind: number, options: OpenCellOptions): Uint8Array | null {
  if (kind === CELL_NULL) return null;
  const start = values.offsets[row] ?? 0;
  const end = values.offsets[row + 1] ?? 0;
  if (kind !== CELL_SEALED) return values.bytes.subarray(start, end);
  if (values.bytes[start] === STRING_TYPE_BYTE) {
    const text = values.bytes.subarray(start + 1, end);
    if (isUtf8(text)) return text;
  }
  const decoded = decodeAt(values, row, options);
  const text = renderValue(decoded);
  return text === null ? null : encodeUtf8(text);
}

/**
 * Converts an opened column to a fixed-width type; `null` if a cell has another type or is not sealed.
 *
 * @throws {SealroomError} FORMAT_VALUE with the 0-based row if a cell's content does not decode.
 */
//= format F-90
export function toNative(type: FixedType, opened: OpenedColumn, options: OpenCellOptions): ColumnData | null {
  const { values, kinds } = opened;
  const validity = allValid(values.rows);
  const column = fixedColumnOf(type, values.rows, validity);
  for (let row = 0; row < values.rows; row++) {
    const kind = kinds[row] ?? CELL_NULL;
    if (kind === CELL_NULL) {
      setNull(validity, row);
      continue;
    }
    if (kind !== CELL_SEALED) return null;
    const decoded = decodeAt(values, row, options);
    // A null may leave out its metadata, so only its kind counts.
    if (decoded.kind !== type.kind || (decoded.value !== null && !isSameType(decoded.type, type))) return null;
    if (decoded.value === null) setNull(validity, row);
    else storeValue(type, column, row, decoded.value);
  }
  return { layout: 'fixed', ...column };
}

function isSameType(found: ClientType | null, expected: FixedType): boolean {
  if (found?.kind !== expected.kind || !isFixedType(found)) return false;
  if (found.kind === 'decimal' && expected.kind === 'decimal') {
    return found.precision === expected.precision && found.scale === expected.scale;
  }
  if (found.kind === 'timestamp' && expected.kind === 'timestamp') {
    return found.unit === expected.unit && found.utc === expected.utc;
  }
  return true;
}

function decodeAt(values: ByteColumn, row: number, options: OpenCellOptions): DecodedValue {
  try {
    return decodeValue(values.bytes.subarray(values.offsets[row], values.offsets[row + 1]), options);
  } catch (error) {
    throw error instanceof SealroomError ? error.at({ row }) : error;
  }
}
