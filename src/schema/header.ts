import { quoteForMessage, SealroomError } from '../errors/index.ts';
import { foldLetters } from '../normalise/index.ts';
import type { ColumnKind } from './column-kind.ts';
import { MAX_HEADER_LENGTH } from './limits.ts';

declare const sourceBrand: unique symbol;
declare const headerBrand: unique symbol;

/** A normalised header of an input: any text but an empty one. Only {@link parseSourceHeader} makes one. */
export type SourceHeader = string & { readonly [sourceBrand]: true };

/** A normalised column header that satisfies the naming rule. Only {@link parseHeader} makes one. */
export type Header = SourceHeader & { readonly [headerBrand]: true };

/** The blanks that are trimmed from both ends of a header: U+0000 to U+0020, as Java's `trim` does. */
// eslint-disable-next-line no-control-regex -- that control characters count as blanks is the rule
const OUTER_BLANKS = /^[\u0000-\u0020]+|[\u0000-\u0020]+$/g;

const FOREIGN_CHARACTER = /[^a-z0-9_ -]/u;

//= format F-65
const DEFAULT_SUFFIX: Readonly<Record<ColumnKind, string>> = {
  sealed: '_sealed',
  fingerprint: '_fingerprint',
  cleartext: '',
};

/** Removes characters up to U+0020 from both ends. Unlike JavaScript's `trim`, it keeps other blanks, such as U+00A0. */
export function trimBlanks(text: string): string {
  return text.replace(OUTER_BLANKS, '');
}

/**
 * The form of a header that is used in names, keys and comparisons: trimmed and in lower case.
 *
 * Does not check the naming rule, and does not normalise Unicode.
 */
//= format F-62
export function normaliseHeader(text: string): string {
  return trimBlanks(text).toLowerCase();
}

/**
 * Which part of the naming rule a normalised header breaks, worded to follow its name and a colon, or `null` if none.
 *
 * The rule: 1 to 128 of `a-z`, `0-9`, `_`, space and hyphen; it does not start with a space; no hyphen is next to another,
 * among the first two characters, or at the end.
 */
//= format F-63
function findHeaderProblem(header: string): string | null {
  if (header === '') return 'must not be empty';
  if (header.length > MAX_HEADER_LENGTH) {
    return `at most ${String(MAX_HEADER_LENGTH)} characters, got ${String(header.length)}`;
  }
  const foreign = FOREIGN_CHARACTER.exec(header);
  if (foreign !== null) {
    const place = String(foreign.index + 1);
    return `only a-z, 0-9, \`_\`, spaces and hyphens are allowed, got ${quoteForMessage(foreign[0])} at character ${place}`;
  }
  const early = header.slice(0, 2).indexOf('-');
  if (early >= 0)
    return `must not have a hyphen among its first two characters, got one at character ${String(early + 1)}`;
  if (header.startsWith(' ')) return 'must not start with a space';
  if (header.endsWith('-')) return 'must not end with a hyphen';
  const twin = header.indexOf('--');
  if (twin >= 0) return `must not have two hyphens in a row, got them at character ${String(twin + 1)}`;
  return null;
}

function isHeader(normalised: string): normalised is Header {
  return findHeaderProblem(normalised) === null;
}

/**
 * Normalises a header and checks it against the naming rule. Messages call it `role`.
 *
 * @throws {SealroomError} SCHEMA_HEADER if it breaks the rule.
 */
export function parseHeader(text: string, role: 'header' | 'target header' = 'header'): Header {
  const header = normaliseHeader(text);
  if (isHeader(header)) return header;
  throw new SealroomError('SCHEMA_HEADER', `${role} ${quoteForMessage(header)}: ${findHeaderProblem(header) ?? ''}`);
}

function isSourceHeader(normalised: string): normalised is SourceHeader {
  return normalised !== '';
}

/**
 * Normalises the header of an input's column, which may be any text.
 *
 * @throws {SealroomError} SCHEMA_HEADER if nothing is left of it.
 */
//= format F-101
export function parseSourceHeader(text: string): SourceHeader {
  const header = normaliseHeader(text);
  if (isSourceHeader(header)) return header;
  throw new SealroomError('SCHEMA_HEADER', 'source header: must not be empty');
}

/** The characters of a proposed header; runs of all others become one `_`. */
const FOREIGN_RUN = /[^a-z0-9]+/g;

/**
 * A target header for a column with any header: the header itself if it obeys the naming rule, else one in its image, such as
 * `e_mail_address` for `E-Mail Address` and `betrag_eur` for `Betrag (EUR)`. It is `column` if there is nothing to go by.
 *
 * Two headers may have the same one.
 */
export function legalHeader(text: string): Header {
  const normalised = normaliseHeader(text);
  if (isHeader(normalised)) return normalised;
  const plain = foldLetters(normalised.normalize('NFD')).replace(FOREIGN_RUN, '_').replace(/^_|_$/g, '');
  return parseHeader(plain.slice(0, MAX_HEADER_LENGTH).replace(/_$/, '') || 'column');
}

/** The source header of a column in a table without header row: `_c0`, `_c1`, … for `index` 0, 1, …. */
//= format F-66
export function positionalHeader(index: number): Header {
  return parseHeader(`_c${String(index)}`);
}

/**
 * The default target header of a column: the source header followed by `_sealed`, `_fingerprint` or nothing.
 *
 * @throws {SealroomError} SCHEMA_HEADER if the source header breaks the naming rule, or the suffix makes it longer than 128
 *   characters; the hint proposes one.
 */
export function defaultTargetHeader(source: SourceHeader, kind: ColumnKind): Header {
  if (isHeader(source)) return addSuffix(source, kind);
  const proposal = `"targetHeader": "${suffixedHeader(legalHeader(source), kind)}"`;
  throw new SealroomError(
    'SCHEMA_HEADER',
    `target header ${quoteForMessage(source)}: ${findHeaderProblem(source) ?? ''}`,
    { hint: `the source header cannot name the target column: add \`${proposal}\`` },
  );
}

/** The header itself if it is not in `used`, else with a number at its end, such as `_2`. */
export function unusedHeader(header: Header, used: ReadonlySet<string>): Header {
  for (let number = 1; ; number++) {
    const ending = number === 1 ? '' : `_${String(number)}`;
    const candidate = parseHeader(header.slice(0, MAX_HEADER_LENGTH - ending.length) + ending);
    if (!used.has(candidate)) return candidate;
  }
}

/** A header with the suffix of a kind of column, shortened where that would be too long. */
export function suffixedHeader(header: Header, kind: ColumnKind): Header {
  const suffix = DEFAULT_SUFFIX[kind];
  return parseHeader(header.slice(0, MAX_HEADER_LENGTH - suffix.length) + suffix);
}

/**
 * Appends the suffix of a kind of column to a header.
 *
 * @throws {SealroomError} SCHEMA_HEADER if the suffix makes it longer than 128 characters.
 */
export function addSuffix(header: Header, kind: ColumnKind): Header {
  return parseHeader(header + DEFAULT_SUFFIX[kind], 'target header');
}
