// The records of CSV files, with the checks of places that exports need.
import { requireInIo } from '../../../crypto/kernels/wasm/assembly/layout';
import {
  copyFieldTo,
  FIELD_BYTES,
  fieldAt,
  fieldCount,
  setRecordDialect,
  splitRecord as split,
} from '../../../tabular/csv/assembly/records';
import { isUtf8 } from '../../../tabular/csv/assembly/utf8';

/**
 * Sets what separates the fields and the records of a file: LF (10) or CRLF (0x0d0a), and the place for what is known of the fields.
 * Traps unless that place is in IO.
 */
export function setDialect(delimiter: i32, separator: i32, fields: i32, fieldsAt: i32): void {
  if (fields < 1 || fields > i32.MAX_VALUE / FIELD_BYTES) unreachable();
  requireInIo(<usize>fieldsAt, fields * FIELD_BYTES);
  setRecordDialect(delimiter, separator, fields, fieldsAt);
}

/** Traps unless a dialect is set. */
export function requireDialect(): void {
  if (fieldCount() == 0) unreachable();
}

/** Traps unless the text [at, end) lies in IO, if there is any. */
export function requireText(at: i32, end: i32): void {
  if (at < end) requireInIo(<usize>at, end - at);
}

/** Traps unless records have a field of this number. */
export function requireField(field: i32): void {
  if (field < 0 || field >= fieldCount()) unreachable();
}

/** Splits the record at `at`, as `splitRecord` of src/tabular/csv does. Traps unless it may. */
export function splitRecord(at: i32, end: i32, isLast: bool): i32 {
  requireDialect();
  requireText(at, end);
  return split(at, end, isLast);
}

/** Copies the value of a field of the last record to `to` and returns its end. Traps unless there is room for it in IO. */
export function copyField(field: i32, to: i32): i32 {
  requireField(field);
  const at = fieldAt(field);
  requireInIo(load<u32>(at), load<i32>(at, 4) - load<i32>(at));
  requireInIo(<usize>to, load<i32>(at, 4) - load<i32>(at));
  return copyFieldTo(field, to);
}

/** Whether the bytes [at, end) are UTF-8. */
export function isText(at: i32, end: i32): bool {
  requireText(at, end);
  return at >= end || isUtf8(at, end);
}
