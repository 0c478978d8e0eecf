import { decodeUtf8Lenient, encodeI16, encodeI32, encodeI64, encodeUtf8 } from '../bytes/index.ts';
import { encodeNumber, encodeTime } from './encodings.ts';

// The text of values in CSV (format F-83 to F-86), back to the bytes that are signed. What is no value of its type is refused, never
// rounded or cut.

const INTEGER = /^(0|-?[1-9][0-9]*)$/;
const NUMBER = /^-?(NaN|Infinity|[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?)$/;
const DECIMAL = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/;
/** One text for each day: four digits, more only if they are needed, then with `+`; a year below 0 with `-`. */
const DATE = /^([0-9]{4}|\+[1-9][0-9]{4,6}|-(?!0000)[0-9]{4}|-[1-9][0-9]{4,6})-([0-9]{2})-([0-9]{2})$/;
const TIMESTAMP = /^(.*)[ T]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?$/;

/** Longer texts are of no type but `string`: a DECIMAL has 38 digits. */
const MOST_CHARACTERS = 400;
const SECONDS_PER_DAY = 86_400;

/**
 * The signed bytes of a value from its text; `null` if the text is no value of the type.
 *
 * @param text UTF-8
 * @param type a signed type other than `string` and `binary`
 */
export function parseStored(text: Uint8Array, type: string): Uint8Array | null {
  const value = text.length > MOST_CHARACTERS ? null : decodeUtf8Lenient(text);
  if (value === null) return null;
  switch (type) {
    case 'boolean':
      return value === 'true' || value === 'false' ? Uint8Array.of(value === 'true' ? 1 : 0) : null;
    case 'smallint':
      return parseInteger(value, 16, (number) => encodeI16(Number(number)));
    case 'int':
      return parseInteger(value, 32, (number) => encodeI32(Number(number)));
    case 'bigint':
      return parseInteger(value, 64, encodeI64);
    case 'float':
    case 'double':
      return NUMBER.test(value) ? encodeNumber(Number(value), type) : null;
    case 'date': {
      const days = parseDays(value);
      return days === null || days < -(2 ** 31) || days >= 2 ** 31 ? null : encodeI32(days);
    }
    case 'timestamp':
      return parseTimestamp(value);
    default:
      return parseDecimalOf(value, type);
  }
}

function parseInteger(text: string, bits: number, encode: (value: bigint) => Uint8Array): Uint8Array | null {
  const value = INTEGER.test(text) ? BigInt(text) : null;
  return value === null || BigInt.asIntN(bits, value) !== value ? null : encode(value);
}

/** The number in plain notation, with as many digits of its fraction as its type. */
function parseDecimalOf(text: string, type: string): Uint8Array | null {
  const [, precision = '0', scale = '0'] = /^decimal\(([0-9]+),([0-9]+)\)$/.exec(type) ?? [];
  if (!DECIMAL.test(text)) return null;
  const [whole = '', fraction = ''] = text.split('.');
  const digits = (whole + fraction).replace(/^-?0*/, '');
  if (fraction.length !== Number(scale) || digits.length > Number(precision)) return null;
  // Zero has no sign in the files' types.
  return digits === '' && text.startsWith('-') ? null : encodeUtf8(text);
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar; `null` if there is no such day. */
function parseDays(text: string): number | null {
  const [, year = '', month = '', day = ''] = DATE.exec(text) ?? [];
  if (year === '') return null;
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  if (m < 1 || m > 12 || d < 1 || d > daysOf(y, m)) return null;
  // Years from March on, so that a leap day is the last of its year.
  const fromMarch = m > 2 ? m - 3 : m + 9;
  const marchYear = m > 2 ? y : y - 1;
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return marchYear * 365 + leapDays + Math.floor((153 * fromMarch + 2) / 5) + d - 1 - 719_468;
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function parseTimestamp(text: string): Uint8Array | null {
  const [, date = '', hour = '', minute = '', second = '', fraction = ''] = TIMESTAMP.exec(text) ?? [];
  const days = parseDays(date);
  if (days === null || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const seconds = days * SECONDS_PER_DAY + Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  return encodeTime(BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0')), 'ns');
}
