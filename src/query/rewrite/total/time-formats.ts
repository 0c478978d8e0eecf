import { castTo, wholeNumber } from '../../ast/build.ts';
import type { Expression } from '../../ast/nodes.ts';
import { type FormatPiece, readTimeFormat, type TimeField, timeField } from '../../ast/time-format.ts';
import { BIGINT, type decimalOf, TEXT, TIMESTAMP } from '../../ast/value-type.ts';
import { compute, constant, engine, joinTexts } from './engine-expressions.ts';
import { divide, part, timePart } from './time-values.ts';

function asText(value: Expression): Expression {
  return castTo(value, TEXT);
}

/** The number of a field that the engine has no code for. */
function numberOf(name: NonNullable<TimeField['number']>, time: Expression): Expression {
  switch (name) {
    case 'year':
    case 'quarter':
      return part(name, time);
    case 'weekday':
      return timePart('sundayfirst', time);
    case 'weekOfYear':
      return divide(compute('+', part('dayofyear', time), wholeNumber(6)), 7);
    case 'weekOfMonth':
      return divide(compute('+', part('day', time), wholeNumber(6)), 7);
  }
}

/** Codes of one run of the engine's own formatting. */
function codeOf(piece: FormatPiece): string | null {
  if (piece.kind === 'text') return piece.text.replaceAll('%', '%%');
  const { code, letters, width } = timeField(piece.name);
  return letters === undefined && width === undefined ? (code ?? null) : null;
}

function writeField(name: string, time: Expression): Expression {
  const { code, number, letters, width } = timeField(name);
  if (number !== undefined) {
    const text = asText(numberOf(number, time));
    return number === 'weekOfYear' ? engine('lpad', [text, wholeNumber(2), constant('0')], TEXT) : text;
  }
  const written = engine('strftime', [time, constant(code ?? '')], TEXT);
  const cased = letters === undefined ? written : engine(letters, [written], TEXT);
  return width === undefined ? cased : engine('rpad', [cased, wholeNumber(width), constant(' ')], TEXT);
}

/** A time as a text: what the engine can write at once, and what is computed, one after the other. */
export function writeTime(format: string, time: Expression): Expression {
  const parts: Expression[] = [];
  let run = '';
  const flush = (): void => {
    if (run !== '') parts.push(engine('strftime', [time, constant(run)], TEXT));
    run = '';
  };
  for (const piece of readTimeFormat(format)) {
    const code = codeOf(piece);
    if (code !== null) run += code;
    else if (piece.kind === 'field') {
      flush();
      parts.push(writeField(piece.name, time));
    }
  }
  flush();
  // Nothing is written of a time that is not known.
  if (parts.length === 0) return engine('left', [asText(time), wholeNumber(0)], TEXT);
  return parts.reduce(joinTexts);
}

function quotePattern(text: string): string {
  return text.replace(/[^\p{L}\p{N}]/gu, (sign) => `[${/[\\^\]]/u.test(sign) ? `\\${sign}` : sign}]`);
}

/** A text as the time that it is in a format, or NULL. The pattern is exact where the engine's reading is generous. */
export function readTime(format: string, text: Expression): Expression {
  const pieces = readTimeFormat(format);
  const pattern = pieces.map((piece) =>
    piece.kind === 'text' ? quotePattern(piece.text) : timeField(piece.name).pattern,
  );
  const codes = pieces.map((piece) => {
    return piece.kind === 'text' ? piece.text.replaceAll('%', '%%') : timeField(piece.name).code?.replace('-', '');
  });
  const exact = engine('regexp_extract', [text, constant(`^${pattern.join('')}$`)], TEXT);
  return engine('try_strptime', [exact, constant(codes.join(''))], TIMESTAMP);
}

/** The pattern of texts of a number format: groups from the right, of which the first ones may be missing. */
function numberPattern(format: string): string {
  const [, first, body = '', fraction, last] = /^(S?)([09,]+)(?:\.([09]*))?(S?)$/u.exec(format) ?? [];
  const groups = body.split(',').map((group) => group.length);
  const isExact = body.startsWith('0');
  const digits = groups.reduce((pattern, size, index) => {
    const group = isExact ? `[0-9]{${String(size)}}` : `[0-9]{0,${String(size)}}`;
    if (index === 0) return group;
    return isExact ? `${pattern},${group}` : `(?:${pattern},)?${group}`;
  }, '');
  const after = fraction === undefined ? '' : `(?:[.][0-9]{0,${String(fraction.length)}})?`;
  const sign = (side: string | undefined): string => (side === 'S' ? '[+-]?' : '');
  return `^\\s*${sign(first)}${digits}${after}${sign(last)}\\s*$`;
}

/** A text as the number that it is in a format, or NULL. */
export function readNumber(format: string, text: Expression, type: ReturnType<typeof decimalOf>): Expression {
  const exact = engine('regexp_extract', [text, constant(numberPattern(format))], TEXT);
  const plain = ['+', ','].reduce(
    (value, sign) => engine('replace', [value, constant(sign), constant('')], TEXT),
    exact,
  );
  if (!format.endsWith('S')) return castTo(plain, type);
  // `12-` with the sign in front.
  const moved = engine('regexp_replace', [plain, constant('^(.*)-$'), constant('-\\1')], TEXT);
  return castTo(moved, type);
}

/** The seconds since 1970, without their fraction. */
export function unixSeconds(microseconds: Expression): Expression {
  return { ...divide(microseconds, 1_000_000), type: BIGINT };
}
