import { quoteForMessage, SealroomError } from '../errors/index.ts';
import type { ColumnKind } from './column-kind.ts';
import { MAX_HEADER_LENGTH } from './limits.ts';

declare const headerBrand: unique symbol;

/** A normalised column header that keeps the naming rule. Made by {@link parseHeader} only. */
export type Header = string & { readonly [headerBrand]: true };

/** What stands at both ends of a header and does not count: U+0000 to U+0020, as Java's `trim` has it. */
// eslint-disable-next-line no-control-regex -- that control characters count as blanks is the rule
const OUTER_BLANKS = /^[\u0000-\u0020]+|[\u0000-\u0020]+$/g;

const FOREIGN_CHARACTER = /[^a-z0-9_ -]/u;

//= format F-65
const DEFAULT_SUFFIX: Readonly<Record<ColumnKind, string>> = {
  sealed: '_sealed',
  fingerprint: '_fingerprint',
  cleartext: '',
};

/** Removes characters up to U+0020 at both ends. Other blanks, such as U+00A0, stay: JavaScript's `trim` would take them. */
export function trimBlanks(text: string): string {
  return text.replace(OUTER_BLANKS, '');
}

/**
 * The form of a header that names, keys and comparisons are made of: blanks at both ends removed, lower case.
 *
 * Does not check the naming rule, and does not normalise Unicode.
 */
//= format F-62
export function normaliseHeader(text: string): string {
  return trimBlanks(text).toLowerCase();
}

/**
 * Which part of the naming rule a normalised header breaks, as `expected …, got …`, or `null` if it keeps the rule.
 *
 * The rule: 1 to 128 of `a-z`, `0-9`, `_`, space and hyphen; the first is no space; a hyphen stands alone, not among the
 * first two characters and not at the end.
 */
//= format F-63
export function findHeaderProblem(header: string): string | null {
  if (header === '') return 'expected at least one character, got none';
  if (header.length > MAX_HEADER_LENGTH) {
    return `expected at most ${String(MAX_HEADER_LENGTH)} characters, got ${String(header.length)}`;
  }
  const foreign = FOREIGN_CHARACTER.exec(header);
  if (foreign !== null) {
    const place = String(foreign.index + 1);
    return `expected only a-z, 0-9, \`_\`, spaces and hyphens, got ${quoteForMessage(foreign[0])} at character ${place}`;
  }
  const early = header.slice(0, 2).indexOf('-');
  if (early >= 0) return `expected no hyphen among its first two characters, got one at character ${String(early + 1)}`;
  if (header.startsWith(' ')) return 'expected no space at its start, got one';
  if (header.endsWith('-')) return 'expected no hyphen at its end, got one';
  const twin = header.indexOf('--');
  if (twin >= 0) return `expected single hyphens, got two at character ${String(twin + 1)}`;
  return null;
}

function isHeader(normalised: string): normalised is Header {
  return findHeaderProblem(normalised) === null;
}

/**
 * Normalises a header and checks the naming rule. `role` is what a message calls it.
 *
 * @throws {SealroomError} SCHEMA_HEADER if it breaks the rule.
 */
export function parseHeader(text: string, role: 'header' | 'source header' | 'target header' = 'header'): Header {
  const header = normaliseHeader(text);
  if (isHeader(header)) return header;
  throw new SealroomError('SCHEMA_HEADER', `${role} ${quoteForMessage(header)} ${findHeaderProblem(header) ?? ''}`);
}

/** The source header of a column of a table without header row: `_c0`, `_c1`, … for `index` 0, 1, …. */
//= format F-66
export function positionalHeader(index: number): Header {
  return parseHeader(`_c${String(index)}`);
}

/**
 * The target header of a column that names none: the source header and `_sealed`, `_fingerprint` or nothing.
 *
 * @throws {SealroomError} SCHEMA_HEADER if the suffix makes it longer than 128 characters.
 */
export function defaultTargetHeader(source: Header, kind: ColumnKind): Header {
  return addSuffix(source, kind);
}

/**
 * A header with the suffix of a kind of column.
 *
 * @throws {SealroomError} SCHEMA_HEADER if the suffix makes it longer than 128 characters.
 */
export function addSuffix(header: Header, kind: ColumnKind): Header {
  return parseHeader(header + DEFAULT_SUFFIX[kind], 'target header');
}
