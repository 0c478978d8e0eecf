// Splits records into fields, sixteen bytes at a time: those records that every reader of the dialect reads in the same way.
// All others are irregular, and left to the state machine of ../csv-machine.ts, which knows all rules.
//
// The bytes behind a text are read, up to fifteen of them, and ignored.

/** What `splitRecord` returns if the text ends before the record does. */
export const INCOMPLETE: i32 = 0;
/** What `splitRecord` returns for a record that it does not split. */
export const IRREGULAR: i32 = -1;

/** Bytes of what is known of a field: the place of its value, the end of it, and its flags, each an i32. */
export const FIELD_BYTES: i32 = 12;
/** The field was in quotes. */
export const QUOTED: i32 = 1;
/** Its quotes are doubled. */
export const DOUBLED: i32 = 2;
/** It has CRLF, the file's separator, which is read as LF. */
export const JOINED: i32 = 4;

const LF: i32 = 0x0a;
const CR: i32 = 0x0d;
const SPACE: i32 = 0x20;
const QUOTE: i32 = 0x22;
const HASH: i32 = 0x23;

let delimiter: i32 = 0x2c;
let isCrlf: bool = false;
/** The fields of the record that was split last, and the end of them. */
let fieldsAt: i32 = 0;
let fieldsEnd: i32 = 0;

/**
 * Sets what separates the fields and the records of a file.
 *
 * @param newSeparator 10 for LF, 0x0d0a for CRLF
 * @param fields how many of them each record must have
 * @param newFieldsAt the place for what is known of them, `FIELD_BYTES` for each
 */
export function setRecordDialect(newDelimiter: i32, newSeparator: i32, fields: i32, newFieldsAt: i32): void {
  delimiter = newDelimiter;
  isCrlf = newSeparator != LF;
  fieldsAt = newFieldsAt;
  fieldsEnd = newFieldsAt + fields * FIELD_BYTES;
}

/** How many fields each record must have; 0 before a dialect is set. */
// @ts-ignore: decorator
@inline
export function fieldCount(): i32 {
  return (fieldsEnd - fieldsAt) / FIELD_BYTES;
}

/** The place of what is known of a field of the last record. */
// @ts-ignore: decorator
@inline
export function fieldAt(field: i32): i32 {
  return fieldsAt + field * FIELD_BYTES;
}

/**
 * Splits the record at `at` of the text that ends at `end` into its fields, and returns the place behind its line break; INCOMPLETE
 * if the text ends before, and is not the last of its file; or IRREGULAR. A line that is blank or all white space is no record: then it
 * is the negative of that place, and the fields mean nothing.
 *
 * Irregular is a record with a quote inside an unquoted field, or anything between a quote and the border of its field; with a CR or
 * an LF outside quotes that is not the file's separator; one that starts with `#`; one with another number of fields, or whose quotes
 * are never closed; and white space at the end of a file with one column, which may be a record.
 */
export function splitRecord(at: i32, end: i32, isLast: bool): i32 {
  if (at >= end) return isLast ? IRREGULAR : INCOMPLETE;
  if (load<u8>(at) == HASH) return IRREGULAR;
  const delimiters = i8x16.splat(<i8>delimiter);
  const lastField = fieldsEnd - FIELD_BYTES;
  let field = fieldsAt;
  let start = at;
  let flags = 0;
  /** The place of the quote that may close a field, or 0 before there is one. */
  let closed = 0;
  let base = at;
  let mask = findStops(base, delimiters);
  let stop = 0;
  let next = 0;
  while (next == 0) {
    while (mask == 0 && base < end) {
      base += 16;
      mask = findStops(base, delimiters);
    }
    stop = base + ctz(mask);
    if (mask == 0 || stop >= end) {
      if (!isLast) return INCOMPLETE;
      if (flags != 0 && closed != end - 1) return IRREGULAR;
      stop = end;
      next = end;
      break;
    }
    mask &= mask - 1;
    const byte = <i32>load<u8>(stop);
    if (flags != 0) {
      if (closed == 0) {
        if (byte == QUOTE) closed = stop;
        else if (byte == LF && isCrlf && load<u8>(stop - 1) == CR) flags |= JOINED;
        continue;
      }
      if (stop != closed + 1) return IRREGULAR;
      if (byte == QUOTE) {
        flags |= DOUBLED;
        closed = 0;
        continue;
      }
    } else if (byte == QUOTE) {
      if (stop != start) return IRREGULAR;
      flags = QUOTED;
      continue;
    }
    if (byte == delimiter) {
      if (field == lastField) return IRREGULAR;
      putField(field, start, stop, flags);
      field += FIELD_BYTES;
      start = stop + 1;
      flags = 0;
      closed = 0;
      continue;
    }
    if ((byte == CR) != isCrlf) return IRREGULAR;
    next = stop + 1;
    if (isCrlf) {
      if (next == end) return isLast ? IRREGULAR : INCOMPLETE;
      if (load<u8>(next) != LF) return IRREGULAR;
      next++;
    }
    break;
  }
  putField(field, start, stop, flags);
  //= format F-77
  const isBlank = field == fieldsAt && flags == 0 && load<i32>(field) == load<i32>(field, 4);
  if (isBlank) return stop == end && field == lastField ? IRREGULAR : -next;
  return field == lastField ? next : IRREGULAR;
}

/** A bit for each of the sixteen bytes that can end a field or change what it is. */
// @ts-ignore: decorator
@inline
function findStops(at: i32, delimiters: v128): i32 {
  const bytes = v128.load(at);
  const ends = v128.or(i8x16.eq(bytes, delimiters), i8x16.eq(bytes, i8x16.splat(<i8>LF)));
  const others = v128.or(i8x16.eq(bytes, i8x16.splat(<i8>CR)), i8x16.eq(bytes, i8x16.splat(<i8>QUOTE)));
  return i8x16.bitmask(v128.or(ends, others));
}

// @ts-ignore: decorator
@inline
function putField(field: i32, start: i32, end: i32, flags: i32): void {
  if (flags != 0) {
    start++;
    end--;
  } else if (start < end) {
    while (start < end && <i32>load<u8>(start) <= SPACE) start++;
    while (end > start && <i32>load<u8>(end - 1) <= SPACE) end--;
  }
  store<i32>(field, start);
  store<i32>(field, end, 4);
  store<i32>(field, flags, 8);
}

/**
 * Copies the value of a field of the last record to `to` and returns its end, which is at most as far from `to` as the field's end from
 * its start. Up to fifteen bytes behind it are overwritten.
 */
export function copyFieldTo(field: i32, to: i32): i32 {
  const from = load<i32>(fieldAt(field));
  const end = load<i32>(fieldAt(field), 4);
  if (load<i32>(fieldAt(field), 8) > QUOTED) return copyRefined(from, end, to);
  const copied = to + (end - from);
  for (let at = from; at < end; at += 16, to += 16) v128.store(to, v128.load(at));
  return copied;
}

/** Copies a value without the first of two quotes, and of CRLF the LF only if that is the file's separator. */
function copyRefined(from: i32, end: i32, to: i32): i32 {
  for (; from < end; from++) {
    const byte = <i32>load<u8>(from);
    if (byte == QUOTE) from++;
    else if (byte == CR && isCrlf && from + 1 < end && load<u8>(from + 1) == LF) continue;
    store<u8>(to++, <u8>byte);
  }
  return to;
}
