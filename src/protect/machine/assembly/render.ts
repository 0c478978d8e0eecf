// The text of a sealed value, for the types whose text is plain: what `renderValue` of `src/crypto/render.ts` gives.

/** The type bytes of values; that of a null has the lowest bit set (format F-9, F-10). */
const STRING: u8 = 0x02;
const BIGINT: u8 = 0x04;
const BOOLEAN: u8 = 0x06;
const CHAR: u8 = 0x08;
const DATE: u8 = 0x0a;
const DECIMAL: u8 = 0x0c;
const INT: u8 = 0x12;
const SMALLINT: u8 = 0x14;
const TIMESTAMP: u8 = 0x16;
const VARCHAR: u8 = 0x18;
const LAST_TYPE: u8 = 0x19;

/** Bytes of the type byte and the metadata. */
const VARCHAR_HEAD_BYTES: i32 = 5;
const DECIMAL_HEAD_BYTES: i32 = 9;
const TIMESTAMP_HEAD_BYTES: i32 = 6;

const SECONDS_PER_DAY: i64 = 86_400;

/** Whether the encoded value of `bytes` bytes at `value` is a null. Its metadata may be left out. */
//= format F-23
export function isNull(type: u8, value: usize, bytes: i32): bool {
  if ((type & 1) == 0 || type < STRING || type > LAST_TYPE) return false;
  if (bytes == 1) return true;
  if (type == (VARCHAR | 1)) return bytes == VARCHAR_HEAD_BYTES;
  if (type == (DECIMAL | 1)) return bytes == DECIMAL_HEAD_BYTES;
  return type == (TIMESTAMP | 1) && bytes == TIMESTAMP_HEAD_BYTES && isTimestampType(value + 1);
}

//= format F-21
function isTimestampType(metadata: usize): bool {
  return load<u8>(metadata) <= 1 && bswap<u32>(load<u32>(metadata, 1)) <= 2;
}

/**
 * The length of the text at the end of the encoded value of `bytes` bytes at `value`, or -1 if it is no text. Whether it is
 * UTF-8 is not looked at.
 */
export function textBytes(type: u8, value: usize, bytes: i32): i32 {
  if (type == STRING || type == CHAR) return bytes - 1;
  if (type != VARCHAR || bytes < VARCHAR_HEAD_BYTES) return -1;
  //= format F-13
  const most = <i32>bswap<u32>(load<u32>(value, 1));
  const text = bytes - VARCHAR_HEAD_BYTES;
  return utf16Units(value + VARCHAR_HEAD_BYTES, text) > most ? -1 : text;
}

/** The length of a text in UTF-16, if it is UTF-8. */
function utf16Units(at: usize, bytes: i32): i32 {
  let units = 0;
  for (let i: usize = 0; i < <usize>bytes; i++) {
    const byte = load<u8>(at + i);
    // A character of four bytes has two units.
    units += <i32>((byte & 0xc0) != 0x80) + <i32>(byte >= 0xf0);
  }
  return units;
}

/**
 * Writes the text of a value, without its type byte `type`, to `to`, at most 40 bytes, and returns the end of it; 0 if the value
 * is malformed, or of a type that is not written here.
 */
export function renderValue(type: u8, value: usize, bytes: i32, to: usize): usize {
  if (type == INT && bytes == 4) return putInteger(<i32>bswap<u32>(load<u32>(value)), to);
  if (type == BIGINT && bytes == 8) return putInteger(<i64>bswap<u64>(load<u64>(value)), to);
  if (type == SMALLINT && bytes == 2) return putInteger(<i16>bswap<u16>(load<u16>(value)), to);
  if (type == BOOLEAN && bytes == 1) return putBoolean(load<u8>(value), to);
  if (type == DATE && bytes == 4) return putDate(<i32>bswap<u32>(load<u32>(value)), to);
  if (type == TIMESTAMP && bytes == 13) return putTimestamp(value, to);
  return 0;
}

function putInteger(value: i64, to: usize): usize {
  if (value < 0) store<u8>(to++, 0x2d);
  // The magnitude of the least number is beyond i64.
  return putDigits(value < 0 ? 0 - <u64>value : <u64>value, 1, to);
}

/** Writes a number with at least so many digits. */
function putDigits(value: u64, least: i32, to: usize): usize {
  let digits = 1;
  for (let rest = value / 10; rest != 0; rest /= 10) digits++;
  digits = max(digits, least);
  let rest = value;
  for (let at = to + <usize>digits; at > to; rest /= 10) store<u8>(--at, 0x30 + <u8>(rest % 10));
  return to + <usize>digits;
}

//= format F-15
function putBoolean(value: u8, to: usize): usize {
  if (value > 1) return 0;
  // `true` and `fals`, and the rest of the longer one.
  store<u32>(to, value == 1 ? 0x65757274 : 0x736c6166);
  if (value == 1) return to + 4;
  store<u8>(to, 0x65, 4);
  return to + 5;
}

/** The proleptic Gregorian date of a day since 1970-01-01, as `civilDateOf` in `src/crypto/render.ts` has it. */
let year: i64 = 0;
let month: i64 = 0;
let day: i64 = 0;

function setDate(daysSinceEpoch: i64): void {
  const days = daysSinceEpoch + 719_468;
  const era = floorDivide(days, 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const monthFromMarch = (5 * dayOfYear + 2) / 153;
  day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1;
  month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
}

function floorDivide(value: i64, divisor: i64): i64 {
  const quotient = value / divisor;
  return value % divisor < 0 ? quotient - 1 : quotient;
}

//= format F-84
function putDate(days: i32, to: usize): usize {
  setDate(days);
  if (year > 9999) store<u8>(to++, 0x2b);
  else if (year < 0) store<u8>(to++, 0x2d);
  return putMonthAndDay(putDigits(<u64>abs(year), 4, to));
}

function putMonthAndDay(to: usize): usize {
  return putAfter(0x2d, <u64>day, 2, putAfter(0x2d, <u64>month, 2, to));
}

/** Writes a sign and a number. */
function putAfter(sign: u8, value: u64, least: i32, to: usize): usize {
  store<u8>(to, sign);
  return putDigits(value, least, to + 1);
}

/** Writes a timestamp: whether it is UTC, its unit, and its ticks. */
//= format F-85
function putTimestamp(value: usize, to: usize): usize {
  if (!isTimestampType(value)) return 0;
  const unit = bswap<u32>(load<u32>(value, 1));
  const ticks = <i64>bswap<u64>(load<u64>(value, 5));
  const ticksPerSecond: i64 = unit == 0 ? 1_000 : unit == 1 ? 1_000_000 : 1_000_000_000;
  const ticksPerDay = ticksPerSecond * SECONDS_PER_DAY;
  setDate(floorDivide(ticks, ticksPerDay));
  let ticksOfDay = ticks % ticksPerDay;
  if (ticksOfDay < 0) ticksOfDay += ticksPerDay;
  const seconds = ticksOfDay / ticksPerSecond;
  const fraction = ticksOfDay % ticksPerSecond;
  const microseconds = unit == 0 ? fraction * 1000 : unit == 1 ? fraction : fraction / 1000;
  // There is no year 0 in eras.
  const yearOfEra = year > 0 ? year : 1 - year;
  if (yearOfEra > 9999) store<u8>(to++, 0x2b);
  to = putMonthAndDay(putDigits(<u64>yearOfEra, 4, to));
  to = putAfter(0x20, <u64>(seconds / 3600), 2, to);
  to = putAfter(0x3a, <u64>((seconds / 60) % 60), 2, to);
  to = putAfter(0x3a, <u64>(seconds % 60), 2, to);
  return putAfter(0x2e, <u64>microseconds, 6, to);
}
