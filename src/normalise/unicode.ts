import { SealroomError } from '../errors/index.ts';
import { UNASSIGNED, UNICODE_VERSION } from './unassigned.ts';

const ASCII = /^[\0-\x7f]*$/;

/** Whether a text has ASCII characters alone. */
export function isAscii(text: string): boolean {
  return ASCII.test(text);
}

/** A character class of the code points without a character in the pinned version. */
function unassignedClass(): string {
  let at = 0;
  const bounds = UNASSIGNED.split(' ').map((distance) => (at += parseInt(distance, 36)));
  const escape = (codePoint: number): string => `\\u{${codePoint.toString(16)}}`;
  const ranges = bounds.flatMap((begin, index) =>
    index % 2 === 0 ? [`${escape(begin)}-${escape((bounds[index + 1] ?? begin + 1) - 1)}`] : [],
  );
  return `[${ranges.join('')}]`;
}

let foreign: { readonly any: RegExp; readonly parts: RegExp } | null = null;

/** What finds code points without a character in the pinned version; made when it is first needed. */
function foreignPatterns(): { readonly any: RegExp; readonly parts: RegExp } {
  if (foreign !== null) return foreign;
  const characters = unassignedClass();
  foreign = { any: new RegExp(characters, 'u'), parts: new RegExp(`(${characters}+)`, 'u') };
  return foreign;
}

/** Whether all code points of a text have a character in the pinned version of Unicode. */
function isAssigned(text: string): boolean {
  return !foreignPatterns().any.test(text);
}

/**
 * Longest run of characters outside of ASCII that is brought into a normal form, in UTF-16 units. Runtimes sort the marks of one letter
 * in a time that grows with the square of their number.
 */
const MAX_FOREIGN_RUN = 4096;

const TOO_LONG_RUN = new RegExp(`[^\\0-\\x7f]{${String(MAX_FOREIGN_RUN + 1)}}`);

/**
 * A text in a normal form of the pinned version of Unicode, whatever version the runtime has: code points that it does not know
 * stay as they are, and what is on both sides of them is normalised by itself.
 *
 * Characters that the pinned version has are normalised in the same way by all later versions, as Unicode promises.
 *
 * @throws {SealroomError} DATA_LENGTH for a run of more than {@link MAX_FOREIGN_RUN} characters outside of ASCII.
 */
//= format F-103
export function normaliseUnicode(text: string, form: 'NFC' | 'NFD'): string {
  if (isAscii(text)) return text;
  if (TOO_LONG_RUN.test(text)) {
    throw new SealroomError(
      'DATA_LENGTH',
      `a value that is normalised has at most ${String(MAX_FOREIGN_RUN)} characters in a row outside of ASCII`,
      { hint: 'it is no match key: take the steps away from this column, or shorten the value' },
    );
  }
  if (isAssigned(text)) return text.normalize(form);
  const { parts } = foreignPatterns();
  return text
    .split(parts)
    .map((part, index) => (index % 2 === 1 ? part : part.normalize(form)))
    .join('');
}

const UPPER_CANDIDATES = /[A-Z]+|[^\0-\x7f]/gu;

/**
 * A text with each code point in lower case, by itself and in no language: `Σ` is `σ` at the end of a word too, and `I` is `i`.
 * Code points that the pinned version of Unicode does not know, or has no lower case for, stay as they are.
 */
//= format F-103, F-105
export function lowerCase(text: string): string {
  if (isAscii(text)) return text.toLowerCase();
  return text.replace(UPPER_CANDIDATES, (part) => {
    const lower = part.toLowerCase();
    return lower === part || (isAscii(part) ? true : isAssigned(part + lower)) ? lower : part;
  });
}

/**
 * Refuses a runtime whose Unicode is older than the pinned version: it would normalise some texts differently.
 *
 * @throws {SealroomError} SCHEMA_UNSUPPORTED if it is older.
 */
//= format F-103
export function requireUnicode(): void {
  // Characters that came with 15.1, and a mark whose order among others came with 15.0.
  const hasCharacters = !/\p{Cn}/u.test('\u{2FFC}\u{2EBF0}');
  const hasOrder = '\u0301\u{10EFD}'.normalize('NFC') === '\u{10EFD}\u0301';
  if (hasCharacters && hasOrder) return;
  throw new SealroomError('SCHEMA_UNSUPPORTED', `normalising needs Unicode ${UNICODE_VERSION} or later`, {
    hint: 'update Node or the browser',
  });
}
