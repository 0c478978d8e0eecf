/** The shapes of values. A value has the first of these that fits. */
export const VALUE_SHAPES = [
  ...(['empty', 'email', 'uuid', 'hash', 'iban', 'ip', 'date', 'integer', 'number', 'decimal-comma', 'phone'] as const),
  ...(['code', 'word', 'phrase'] as const),
] as const;

/** One of {@link VALUE_SHAPES}. */
export type ValueShape = (typeof VALUE_SHAPES)[number];

/** Longer text counts as a phrase; a closer look would cost time and tell nothing. */
export const MAX_SHAPED_BYTES = 320;

const CURRENCY = '(?:[€$£¥]|EUR|USD|GBP|CHF|SEK|DKK|NOK|PLN|CZK|HUF|kr\\.?|zł|Kč|Ft)';
const MONTH = '\\p{L}{3,10}\\.?';
const TIME = '(?:[T ]\\d{1,2}:\\d{2}\\S*(?: ?[AaPp][Mm])?)?';

/** A whole number may begin with `+`, but not with a zero that is not all of it: `030…` is a code or a phone number. */
const SHAPE_PATTERNS: readonly (readonly [ValueShape, RegExp])[] = [
  ['empty', /^\s*$/u],
  ['email', /^[^\s@]+@[^\s@]+\.[^\s@.]+$/u],
  ['uuid', /^\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$/iu],
  ['hash', /^(?=.*[a-f])(?=.*\d)(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$/iu],
  ['iban', /^[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}$/iu],
  ['ip', /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$|^(?=(?:.*:){2})[0-9a-f:]{2,39}(?:%\w+)?$/iu],
  [
    'date',
    new RegExp(
      `^(?:\\d{4}[-/.]\\d{1,2}[-/.]\\d{1,2}\\.?|\\d{1,2}([-/.]) ?\\d{1,2}\\1 ?(?:\\d{4}|\\d{2})|` +
        `\\d{1,2}\\.?[ -]?(?:de )?${MONTH}[ -]?(?:de )?\\d{4}|${MONTH} \\d{1,2},? \\d{4})${TIME}$`,
      'u',
    ),
  ],
  ['integer', /^[+-]?(?:0|[1-9]\d{0,17})$/u],
  [
    'number',
    new RegExp(
      `^(?:${CURRENCY} ?)?[+-]?(?:0|[1-9]\\d{0,17}|[1-9]\\d{0,2}(?:[,’' \\u00a0\\u202f]\\d{3})+)(?:\\.\\d*)?(?:[eE][+-]?\\d+)?(?: ?(?:${CURRENCY}|%))?$`,
      'u',
    ),
  ],
  [
    'decimal-comma',
    new RegExp(
      `^(?:${CURRENCY} ?)?[+-]?(?:0|[1-9]\\d{0,17}|[1-9]\\d{0,2}(?:[.’' \\u00a0\\u202f]\\d{3})+),(?:\\d+|-)(?: ?(?:${CURRENCY}|%))?$`,
      'u',
    ),
  ],
  ['phone', /^(?:tel\.?:? ?)?\+?(?=(?:\D*\d){7,15}\D*$)[\d ()./\u00a0\u2010-\u2015-]+$/iu],
  ['code', /^\S*\d\S*$/u],
  ['word', /^\S+$/u],
];

/** The shape of a text of at most {@link MAX_SHAPED_BYTES} bytes; blanks at its ends do not count. */
export function valueShapeOf(text: string): ValueShape {
  const trimmed = text.trim();
  const fits = ([shape, pattern]: (typeof SHAPE_PATTERNS)[number]): boolean =>
    pattern.test(trimmed) && (shape !== 'iban' || hasIbanChecksum(trimmed));
  return SHAPE_PATTERNS.find(fits)?.[0] ?? 'phrase';
}

/** ISO 13616: with its first four characters at the end, and letters as numbers from 10 on, an IBAN is 1 modulo 97. */
function hasIbanChecksum(text: string): boolean {
  const iban = text.replaceAll(' ', '').toUpperCase();
  let remainder = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    for (const digit of String(Number.parseInt(character, 36))) remainder = (remainder * 10 + Number(digit)) % 97;
  }
  return remainder === 1;
}

/** The orders in which a date of digits can be written; `unclear` is one whose first two numbers are both at most 12. */
export const DATE_ORDERS = ['year-first', 'day-first', 'month-first', 'unclear', 'named-month'] as const;

/** One of {@link DATE_ORDERS}. */
export type DateOrder = (typeof DATE_ORDERS)[number];

const TWO_NUMBERS_FIRST = /^(\d{1,2})([-/.]) ?(\d{1,2})[-/.]/u;
const MAX_MONTH = 12;

/** The order of a text of the shape `date`. With full stops the day comes first, as nobody writes months so. */
export function dateOrderOf(text: string): DateOrder {
  if (/^\d{4}/u.test(text)) return 'year-first';
  const match = TWO_NUMBERS_FIRST.exec(text);
  if (match === null) return 'named-month';
  if (match[2] === '.' || Number(match[1]) > MAX_MONTH) return 'day-first';
  return Number(match[3]) > MAX_MONTH ? 'month-first' : 'unclear';
}
