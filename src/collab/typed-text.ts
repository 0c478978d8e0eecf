/** The integer types, with the bits of each. */
const INTEGER_BITS: ReadonlyMap<string, number> = new Map([
  ['TINYINT', 8],
  ['SMALLINT', 16],
  ['INTEGER', 32],
  ['BIGINT', 64],
]);

const WHOLE = /^-?\d{1,39}$/;
const DECIMAL_TYPE = /^DECIMAL\((\d+),(\d+)\)$/;
const DECIMAL_TEXT = /^-?(\d{1,38})(?:\.(\d{1,38}))?$/;
const FLOATING = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;
const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const INSTANT = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?)?$/;

function isDay(text: string): boolean {
  const [, year, month, day] = DAY.exec(text) ?? [];
  if (year === undefined || month === undefined || day === undefined) return false;
  const date = new Date(Date.UTC(2000, Number(month) - 1, Number(day)));
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

function readInstant(text: string): string | null {
  const [, day = '', hour = '00', minute = '00', second = '00', fraction] = INSTANT.exec(text) ?? [];
  if (!isDay(day) || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  // One value has one notation: what is compared as a text must not have two.
  const isWhole = fraction === undefined || Number(fraction) === 0;
  return `${day} ${hour}:${minute}:${second}${isWhole ? '' : `.${fraction.padEnd(6, '0')}`}`;
}

function readTruth(text: string): string | null {
  const word = text.toLowerCase();
  if (word === 't' || word === 'true') return 'true';
  return word === 'f' || word === 'false' ? 'false' : null;
}

function readWhole(text: string, bits: number): string | null {
  if (!WHOLE.test(text)) return null;
  const value = BigInt(text);
  return BigInt.asIntN(bits, value) === value ? value.toString() : null;
}

function readDecimal(text: string, precision: number, scale: number): string | null {
  const [, before, after = ''] = DECIMAL_TEXT.exec(text) ?? [];
  if (before === undefined || after.length > scale) return null;
  return before.replace(/^0+/, '').length <= precision - scale ? text : null;
}

function readFloating(text: string, type: string): string | null {
  const value = FLOATING.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(type === 'FLOAT' ? Math.fround(value) : value) ? text : null;
}

/**
 * A text in the canonical notation of a type of a room, such as `BIGINT` or `DECIMAL(18,2)`, or `null` if it is not a value of that
 * type. The engine's conversion of what is returned never fails.
 */
export function readTypedText(text: string, type: string): string | null {
  const bits = INTEGER_BITS.get(type);
  if (bits !== undefined) return readWhole(text, bits);
  const [, precision, scale] = DECIMAL_TYPE.exec(type) ?? [];
  if (precision !== undefined && scale !== undefined) return readDecimal(text, Number(precision), Number(scale));
  switch (type) {
    case 'VARCHAR':
      return text;
    case 'DATE':
      return isDay(text) ? text : null;
    case 'TIMESTAMP':
      return readInstant(text);
    case 'BOOLEAN':
      return readTruth(text);
    case 'FLOAT':
    case 'DOUBLE':
      return readFloating(text, type);
    default:
      return null;
  }
}

/** What a text must be for {@link readTypedText}, in words that complete "expected …". */
export function describeTypedText(type: string): string {
  const bits = INTEGER_BITS.get(type);
  if (bits !== undefined) {
    const most = 2n ** BigInt(bits - 1);
    return `a whole number from ${(-most).toLocaleString('en')} to ${(most - 1n).toLocaleString('en')}`;
  }
  const [, precision = '', scale = ''] = DECIMAL_TYPE.exec(type) ?? [];
  if (precision !== '') {
    const after = scale === '0' ? 'none' : `at most ${scale}`;
    return `a number with at most ${String(Number(precision) - Number(scale))} digits before the point and ${after} after it`;
  }
  switch (type) {
    case 'DATE':
      return 'a date as YYYY-MM-DD';
    case 'TIMESTAMP':
      return 'a time as YYYY-MM-DD hh:mm:ss, in UTC';
    case 'BOOLEAN':
      return '`true` or `false`';
    case 'FLOAT':
    case 'DOUBLE':
      return `a finite number that fits ${type}`;
    default:
      return 'text';
  }
}
