import { quoteForMessage } from '../../../errors/index.ts';
import { type FormatPiece, timeField, writeTimeFormat } from '../../ast/time-format.ts';

/** What a text means as a format, or what in it is not known. */
type Reading =
  | { readonly kind: 'read'; readonly pieces: readonly FormatPiece[] }
  | { readonly kind: 'unknown'; readonly part: string };

/** Java's letters, as in `yyyy-MM-dd`, by their runs. */
const JAVA: ReadonlyMap<string, string> = new Map([
  ...([
    ['y', 'year'],
    ['yy', 'year2'],
    ['yyy', 'year4'],
    ['yyyy', 'year4'],
    ['Q', 'quarter'],
    ['q', 'quarter'],
  ] as const),
  ...([
    ['M', 'month'],
    ['MM', 'month2'],
    ['MMM', 'monthShort'],
    ['MMMM', 'monthName'],
  ] as const),
  ...([
    ['L', 'month'],
    ['LL', 'month2'],
    ['d', 'day'],
    ['dd', 'day2'],
    ['DDD', 'dayOfYear3'],
  ] as const),
  ...([
    ['E', 'dayShort'],
    ['EE', 'dayShort'],
    ['EEE', 'dayShort'],
    ['EEEE', 'dayName'],
    ['a', 'half'],
  ] as const),
  ...([
    ['H', 'hour24'],
    ['HH', 'hour24Two'],
    ['h', 'hour12'],
    ['hh', 'hour12Two'],
  ] as const),
  ...([
    ['m', 'minute'],
    ['mm', 'minute2'],
    ['s', 'second'],
    ['ss', 'second2'],
  ] as const),
  ...([
    ['SSS', 'milliseconds'],
    ['SSSSSS', 'microseconds'],
  ] as const),
]);

/** Reads a format with Java's letters; text stands in single quotes, two of which are one. */
function readJava(format: string): Reading {
  const pieces: FormatPiece[] = [];
  for (const [part, quoted] of format.matchAll(/'((?:[^']|'')*)'|([A-Za-z])\2*|[\s\S]/gu)) {
    if (quoted !== undefined) pieces.push({ kind: 'text', text: quoted === '' ? "'" : quoted.replaceAll("''", "'") });
    else if (/^[A-Za-z]/u.test(part)) {
      const name = JAVA.get(part);
      if (name === undefined) return { kind: 'unknown', part };
      pieces.push({ kind: 'field', name });
    } else if (/['[\]{}#]/u.test(part)) return { kind: 'unknown', part };
    else pieces.push({ kind: 'text', text: part });
  }
  return { kind: 'read', pieces };
}

/** The words of AWS, as in `YYYY-MM-DD`, in the order in which they are tried, and what each means after `FM`, if something else. */
const AWS: readonly (readonly [word: string, name: string, unfilled?: string])[] = [
  ['HH24', 'hour24Two', 'hour24'],
  ['HH12', 'hour12Two', 'hour12'],
  ['YYYY', 'year4', 'year'],
  ['IYYY', 'isoYear'],
  ['MON', 'monthShort'],
  ['DDD', 'dayOfYear3'],
  ['HH', 'hour12Two', 'hour12'],
  ['MI', 'minute2', 'minute'],
  ['SS', 'second2', 'second'],
  ['MM', 'month2', 'month'],
  ['DD', 'day2', 'day'],
  ['DY', 'dayShort'],
  ['YY', 'year2'],
  ['IW', 'isoWeek2'],
  ['WW', 'weekOfYear'],
  ['MS', 'milliseconds'],
  ['US', 'microseconds'],
  ['AM', 'half'],
  ['PM', 'half'],
  ['W', 'weekOfMonth'],
  ['D', 'weekday'],
  ['Q', 'quarter'],
];

/** `Month`, `MONTH` or `month` as the word is written. */
function inLettersOf(written: string, name: string): string {
  if (written === written.toUpperCase()) return `${name}Upper`;
  return written === written.toLowerCase() ? `${name}Lower` : name;
}

function readAwsWord(text: string, isFilled: boolean): { readonly name: string; readonly length: number } | null {
  const upper = text.toUpperCase();
  for (const [word, base] of [
    ['MONTH', 'monthName'],
    ['DAY', 'dayName'],
  ] as const) {
    if (!upper.startsWith(word)) continue;
    const name = inLettersOf(text.slice(0, word.length), base);
    return { name: isFilled ? `${name}Padded` : name, length: word.length };
  }
  const found = AWS.find(([word]) => upper.startsWith(word));
  if (found === undefined) return null;
  const [word, name, unfilled] = found;
  const written = text.slice(0, word.length);
  if (name === 'half') return { name: written === written.toLowerCase() ? 'halfLower' : name, length: 2 };
  if (name === 'monthShort' || name === 'dayShort') return { name: inLettersOf(written, name), length: word.length };
  return { name: isFilled ? name : (unfilled ?? name), length: word.length };
}

/** Reads a format with AWS's words; text stands in double quotes. */
function readAws(format: string): Reading {
  const pieces: FormatPiece[] = [];
  let isFilled = true;
  let rest = format;
  while (rest !== '') {
    const [quoted, text] = /^"([^"]*)"/u.exec(rest) ?? [];
    if (/^fm/iu.test(rest)) {
      isFilled = false;
      rest = rest.slice(2);
      continue;
    }
    const word = readAwsWord(rest, isFilled);
    const [first = ''] = rest;
    if (quoted !== undefined && text !== undefined) pieces.push({ kind: 'text', text });
    else if (word !== null) pieces.push({ kind: 'field', name: word.name });
    else if (/[A-Za-z"]/u.test(first)) return { kind: 'unknown', part: first };
    else pieces.push({ kind: 'text', text: first });
    rest = rest.slice(quoted?.length ?? word?.length ?? first.length);
  }
  return { kind: 'read', pieces };
}

/** A format that was read, as `readTimeFormat` of `ast/` takes it, or why it is refused. */
export type FormatResult = { readonly format: string } | { readonly problem: string; readonly help?: string };

const JAVA_HELP = 'Known are y, M, L, Q, d, E, a, H, h, m, s, SSS, SSSSSS and DDD, and text in single quotes.';
const AWS_HELP =
  'Known are YYYY, YY, IYYY, Q, MM, Mon, Month, DD, DDD, D, Dy, Day, W, WW, IW, HH24, HH12, MI, SS, MS, US, AM, PM, FM and text in double quotes.';

function unknownPart(part: string, help: string): FormatResult {
  return { problem: `${quoteForMessage(part)} is not known in a format`, help };
}

/** The format of DATE_FORMAT, in Java's letters. */
export function readJavaFormat(format: string): FormatResult {
  const reading = readJava(format);
  if (reading.kind === 'unknown') return unknownPart(reading.part, JAVA_HELP);
  return { format: writeTimeFormat(reading.pieces) };
}

/**
 * The format of TO_CHAR, TO_DATE and TO_TIMESTAMP, in AWS's words or in Java's letters. What is both, with two meanings, is Java's
 * where it has letters of both cases, as in `yyyy-MM-dd HH:mm`.
 */
export function readAnyFormat(format: string): FormatResult {
  const [java, aws] = [readJava(format), readAws(format)];
  if (java.kind === 'unknown' && aws.kind === 'unknown') return unknownPart(aws.part, AWS_HELP);
  const meanings = [java, aws].flatMap((each) => (each.kind === 'read' ? [writeTimeFormat(each.pieces)] : []));
  const [first = '', second = first] = meanings;
  const isMixed = /[a-z]/u.test(format) && /[A-Z]/u.test(format);
  if (first === second || isMixed) return { format: first };
  return {
    problem: `${quoteForMessage(format)} means different things in Spark's formats and in AWS's`,
    help: 'Write MM for months, MI or mm for minutes, and HH24 or HH12 for hours, as in `YYYY-MM-DD HH24:MI` or `yyyy-MM-dd HH:mm`.',
  };
}

/** What a format cannot do if it is to read text, or `null`. */
export function refuseReading(pieces: readonly FormatPiece[]): string | null {
  const names = pieces.flatMap((piece) => (piece.kind === 'field' ? [piece.name] : []));
  const unread = names.find((name) => timeField(name).pattern === undefined);
  if (unread !== undefined) return 'a part of the format can only be written, not read';
  if (!names.includes('year4')) return 'a format that reads text needs a year of four digits';
  if (new Set(names.map((name) => name.replace(/(?:Two|2|4)$/u, ''))).size < names.length)
    return 'a part is twice in the format';
  for (const [index, piece] of pieces.entries()) {
    if (piece.kind === 'text' && /[\p{L}\p{N}]/u.test(piece.text.replace(/^T$/u, ''))) {
      return 'a format that reads text has no letters and digits of its own';
    }
    const next = pieces[index + 1];
    if (piece.kind !== 'field' || next?.kind !== 'field') continue;
    if (timeField(piece.name).pattern?.includes('{1,') === true)
      return 'after a part without a fixed width there must be a sign';
  }
  return null;
}
