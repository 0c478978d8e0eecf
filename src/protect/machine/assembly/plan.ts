// The description of a table's columns, which the driver writes into IO, and the values of its rows in memory.
import { requireBehind, requireInIo } from '../../../crypto/kernels/wasm/assembly/layout';

/*
 * The plan: 32-bit integers.
 *
 *  0  bytes of a row before its first value
 *  1  stored columns
 *  2  target columns
 *  3  the place and 4 the bytes of the field of a null
 *  5  the place and 6 the bytes of the field of an empty text
 *  7  the place of the sealing root
 *  8  the place of a number for each stored column, for the module's use
 *  9  out: bytes of the measured lines
 * 10  out: nulls among them that become random fingerprints
 *
 * Behind it, for each target column:
 *
 *  0  kind: 0 cleartext, 1 fingerprint, 2 sealed
 *  1  the stored column of its values
 *  2  whether nulls stay null
 *  3  fingerprints: the type byte of values, and 4 that of nulls; sealed: the place and 4 the bytes of the prefix of values
 *  5  fingerprints: the place of the key; sealed: the place and 6 the bytes of an encoded null
 *  7  sealed: the bytes to pad to, or -1
 *  8  sealed: the place and 9 the bytes of the target header
 */
const PLAN_WORDS: i32 = 11;
const COLUMN_WORDS: i32 = 10;

/** Numbers of the plan, and of the description of a column. */
export const planWords = PLAN_WORDS;
export const columnWords = COLUMN_WORDS;

export const CLEARTEXT: i32 = 0;
export const FINGERPRINT: i32 = 1;
export const SEALED: i32 = 2;

/** The length of a null. */
export const NULL_BYTES: i32 = -1;

/** Traps unless the plan and all that it points to lie in IO, and the module's numbers behind the plan. */
export function requirePlan(plan: usize): void {
  requireInIo(plan, PLAN_WORDS * 4);
  const stored = storedColumns(plan);
  const targets = targetColumns(plan);
  if (stored < 0 || stored > MOST_COLUMNS || targets < 1 || targets > MOST_COLUMNS) unreachable();
  if (headBytes(plan) < (stored + 1) * 4) unreachable();
  requireInIo(plan, (PLAN_WORDS + targets * COLUMN_WORDS) * 4);
  requireInIo(nullAt(plan), nullBytes(plan));
  requireInIo(emptyAt(plan), emptyBytes(plan));
  requireInIo(rootAt(plan), KEY_BYTES);
  requireInIo(startsAt(plan), stored * 4);
  requireBehind(startsAt(plan), planEnd(plan));
  for (let column = 0; column < targets; column++) {
    const at = columnAt(plan, column);
    if (storedOf(at) < 0 || storedOf(at) >= stored) unreachable();
    if (kindOf(at) == FINGERPRINT) requireInIo(keyAt(at), KEY_BYTES);
    if (kindOf(at) != SEALED) continue;
    requireInIo(prefixAt(at), prefixBytes(at));
    requireInIo(encodedNullAt(at), encodedNullBytes(at));
    requireInIo(headerAt(at), headerBytes(at));
  }
}

const MOST_COLUMNS: i32 = 1 << 20;
const KEY_BYTES: i32 = 32;

// @ts-ignore: decorator
@inline
export function headBytes(plan: usize): i32 {
  return load<i32>(plan, 0);
}
// @ts-ignore: decorator
@inline
export function storedColumns(plan: usize): i32 {
  return load<i32>(plan, 4);
}
// @ts-ignore: decorator
@inline
export function targetColumns(plan: usize): i32 {
  return load<i32>(plan, 8);
}
// @ts-ignore: decorator
@inline
export function nullAt(plan: usize): usize {
  return load<u32>(plan, 12);
}
// @ts-ignore: decorator
@inline
export function nullBytes(plan: usize): i32 {
  return load<i32>(plan, 16);
}
// @ts-ignore: decorator
@inline
export function emptyAt(plan: usize): usize {
  return load<u32>(plan, 20);
}
// @ts-ignore: decorator
@inline
export function emptyBytes(plan: usize): i32 {
  return load<i32>(plan, 24);
}
// @ts-ignore: decorator
@inline
export function rootAt(plan: usize): usize {
  return load<u32>(plan, 28);
}
// @ts-ignore: decorator
@inline
function startsAt(plan: usize): usize {
  return load<u32>(plan, 32);
}
// @ts-ignore: decorator
@inline
export function setMeasured(plan: usize, lineBytes: i32, fillers: i32): void {
  store<i32>(plan, lineBytes, 36);
  store<i32>(plan, fillers, 40);
}

/** The end of the plan and of the descriptions behind it. */
// @ts-ignore: decorator
@inline
export function planEnd(plan: usize): usize {
  return columnAt(plan, targetColumns(plan));
}

/** The description of a target column. */
// @ts-ignore: decorator
@inline
export function columnAt(plan: usize, column: i32): usize {
  return plan + <usize>(PLAN_WORDS + column * COLUMN_WORDS) * 4;
}
// @ts-ignore: decorator
@inline
export function kindOf(column: usize): i32 {
  return load<i32>(column, 0);
}
// @ts-ignore: decorator
@inline
export function storedOf(column: usize): i32 {
  return load<i32>(column, 4);
}
// @ts-ignore: decorator
@inline
export function keepsNulls(column: usize): bool {
  return load<i32>(column, 8) != 0;
}
// @ts-ignore: decorator
@inline
export function typeByte(column: usize): i32 {
  return load<i32>(column, 12);
}
// @ts-ignore: decorator
@inline
export function nullTypeByte(column: usize): i32 {
  return load<i32>(column, 16);
}
// @ts-ignore: decorator
@inline
export function prefixAt(column: usize): usize {
  return load<u32>(column, 12);
}
// @ts-ignore: decorator
@inline
export function prefixBytes(column: usize): i32 {
  return load<i32>(column, 16);
}
// @ts-ignore: decorator
@inline
export function keyAt(column: usize): usize {
  return load<u32>(column, 20);
}
// @ts-ignore: decorator
@inline
export function encodedNullAt(column: usize): usize {
  return load<u32>(column, 20);
}
// @ts-ignore: decorator
@inline
export function encodedNullBytes(column: usize): i32 {
  return load<i32>(column, 24);
}
// @ts-ignore: decorator
@inline
export function padBytes(column: usize): i32 {
  return load<i32>(column, 28);
}
// @ts-ignore: decorator
@inline
export function headerAt(column: usize): usize {
  return load<u32>(column, 32);
}
// @ts-ignore: decorator
@inline
export function headerBytes(column: usize): i32 {
  return load<i32>(column, 36);
}

/** The bytes of a value of a row, or -1 for null. */
// @ts-ignore: decorator
@inline
export function valueBytes(row: usize, stored: i32): i32 {
  return load<i32>(row + <usize>stored * 4, 4);
}

/**
 * Finds the values of a row, for `valueAt`. Traps unless they lie in the row, and the row in IO, behind the plan and its numbers and in
 * front of `rowsEnd`.
 */
export function openRow(plan: usize, row: usize, rowsEnd: usize): void {
  requireInIo(row, headBytes(plan));
  const bytes = load<i32>(row);
  requireInIo(row, bytes);
  requireBehind(row, startsAt(plan) + <usize>storedColumns(plan) * 4);
  requireBehind(rowsEnd, row + <usize>max(bytes, headBytes(plan)));
  let at = headBytes(plan);
  const stored = storedColumns(plan);
  const starts = startsAt(plan);
  for (let column = 0; column < stored; column++) {
    store<u32>(starts + <usize>column * 4, <u32>(row + <usize>at));
    const length = valueBytes(row, column);
    if (length < NULL_BYTES || length > bytes - at) unreachable();
    at += max(length, 0);
  }
}

/** The place of a value of the row that was opened last. */
// @ts-ignore: decorator
@inline
export function valueAt(plan: usize, stored: i32): usize {
  return load<u32>(startsAt(plan) + <usize>stored * 4);
}
