/** A part of a date or a time in a format. */
export interface TimeField {
  /** The engine's code; absent for a number that is computed. */
  readonly code?: string;
  readonly number?: 'year' | 'quarter' | 'weekday' | 'weekOfYear' | 'weekOfMonth';
  /** What is done to the text. */
  readonly letters?: 'upper' | 'lower';
  /** The width to which spaces are added. */
  readonly width?: number;
  /** Texts that can be read as this part, as a regular expression; absent if none are read. */
  readonly pattern?: string;
}

const ONE_OR_TWO = '[0-9]{1,2}';
const MONTHS = '(?i:January|February|March|April|May|June|July|August|September|October|November|December)';
const SHORT_MONTHS = '(?i:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';

/** The name of a month or a day has at most nine letters, to which a padded one is filled up. */
const NAME_WIDTH = 9;

function nameFields(name: string, code: string): Readonly<Record<string, TimeField>> {
  return {
    [`${name}Upper`]: { code, letters: 'upper' },
    [`${name}Lower`]: { code, letters: 'lower' },
    [`${name}Padded`]: { code, width: NAME_WIDTH },
    [`${name}UpperPadded`]: { code, letters: 'upper', width: NAME_WIDTH },
    [`${name}LowerPadded`]: { code, letters: 'lower', width: NAME_WIDTH },
  };
}

const FIELDS: Readonly<Record<string, TimeField>> = {
  year4: { code: '%Y', pattern: '[0-9]{4}' },
  year: { number: 'year' },
  year2: { code: '%y' },
  isoYear: { code: '%G' },
  quarter: { number: 'quarter' },
  month2: { code: '%m', pattern: '[0-9]{2}' },
  month: { code: '%-m', pattern: ONE_OR_TWO },
  monthName: { code: '%B', pattern: MONTHS },
  monthShort: { code: '%b', pattern: SHORT_MONTHS },
  ...nameFields('monthName', '%B'),
  ...nameFields('monthShort', '%b'),
  day2: { code: '%d', pattern: '[0-9]{2}' },
  day: { code: '%-d', pattern: ONE_OR_TWO },
  dayOfYear3: { code: '%j' },
  dayName: { code: '%A' },
  dayShort: { code: '%a' },
  ...nameFields('dayName', '%A'),
  ...nameFields('dayShort', '%a'),
  weekday: { number: 'weekday' },
  isoWeek2: { code: '%V' },
  weekOfYear: { number: 'weekOfYear' },
  weekOfMonth: { number: 'weekOfMonth' },
  hour24Two: { code: '%H', pattern: '[0-9]{2}' },
  hour24: { code: '%-H', pattern: ONE_OR_TWO },
  hour12Two: { code: '%I', pattern: '[0-9]{2}' },
  hour12: { code: '%-I', pattern: ONE_OR_TWO },
  minute2: { code: '%M', pattern: '[0-9]{2}' },
  minute: { code: '%-M', pattern: ONE_OR_TWO },
  second2: { code: '%S', pattern: '[0-9]{2}' },
  second: { code: '%-S', pattern: ONE_OR_TWO },
  milliseconds: { code: '%g', pattern: '[0-9]{1,3}' },
  microseconds: { code: '%f', pattern: '[0-9]{1,6}' },
  half: { code: '%p', pattern: '(?i:AM|PM)' },
  halfLower: { code: '%p', letters: 'lower' },
};

/** A piece of a format: text as it is, or the name of a field. */
export type FormatPiece =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'field'; readonly name: string };

/** The field with a name. */
export function timeField(name: string): TimeField {
  const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  if (field === undefined) throw new TypeError(`there is no field ${name} in formats`);
  return field;
}

/** The format as one text, `{year4}-{month2}`, in which braces around nothing stand for themselves. */
export function writeTimeFormat(pieces: readonly FormatPiece[]): string {
  return pieces
    .map((piece) => (piece.kind === 'field' ? `{${piece.name}}` : piece.text.replaceAll('{', '{}')))
    .join('');
}

/** The pieces of a format, with neighbouring texts as one. */
export function readTimeFormat(format: string): readonly FormatPiece[] {
  const pieces: FormatPiece[] = [];
  let text = '';
  for (const [part, name] of format.matchAll(/\{(\w*)\}|[\s\S]/gu)) {
    if (name === undefined || name === '') {
      text += name === '' ? '{' : part;
      continue;
    }
    if (text !== '') pieces.push({ kind: 'text', text });
    text = '';
    pieces.push({ kind: 'field', name });
  }
  return text === '' ? pieces : [...pieces, { kind: 'text', text }];
}

/** Whether a format writes letters or digits of its own, which can make every value the same text. */
export function hasOwnWords(format: string): boolean {
  return readTimeFormat(format).some((piece) => piece.kind === 'text' && /[\p{L}\p{N}]/u.test(piece.text));
}

/** How often a value that is written by a format stands in the SQL. */
export function countPieces(format: string): number {
  return Math.max(1, readTimeFormat(format).filter((piece) => piece.kind === 'field').length);
}
