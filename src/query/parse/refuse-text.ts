import type { Findings, Span } from '../findings/finding.ts';
import type { SignCounts } from './signs.ts';

/** The maximum length of a query, in bytes of UTF-8. */
export const MAX_QUERY_BYTES = 20_000;

const MAX_COPIES = 4096;
const MAX_RUN = 16;
const MAX_COMMENT_DEPTH = 16;

/**
 * Reports what is wrong with a text before the parser reads it: above all what would take the parser long. Takes time that grows
 * with the length of the text and no faster.
 *
 * @param whole where the findings are: the text as it was written, all of it
 */
export function refuseText(text: string, whole: Span, found: Findings): void {
  const bytes = new TextEncoder().encode(text).length;
  //= rules R-3
  if (bytes > MAX_QUERY_BYTES) {
    found.add('TOO_LARGE', whole, `expected at most ${String(MAX_QUERY_BYTES)} bytes, got ${String(bytes)}`);
    return;
  }
  if (countCopies(text) > MAX_COPIES) {
    const message = 'too many WHEN branches after CASE with a value, which multiply when they are nested';
    found.add('TOO_LARGE', whole, message, { help: 'Write CASE WHEN a = b instead of CASE a WHEN b.' });
  }
  const bad = text.indexOf('\0');
  if (bad >= 0) found.add('PARSE_ERROR', { start: bad, end: bad + 1 }, 'a NUL character ends the statement early');
  if (/\p{Cs}/u.test(text)) found.add('PARSE_ERROR', whole, 'the text contains half a surrogate pair');
}

/** Reports too many signs. The time that the parser takes for a run of operator characters grows with the cube of its length. */
export function refuseSigns({ run, commentDepth }: SignCounts, whole: Span, found: Findings): void {
  //= rules R-3
  if (run > MAX_RUN) {
    const message = `expected at most ${String(MAX_RUN)} operator characters and comments without a space, got ${String(run)}`;
    found.add('TOO_LARGE', whole, message, { help: 'Put spaces between operators, and parentheses around operands.' });
  } else if (commentDepth > MAX_COMMENT_DEPTH) {
    const message = `expected comments in at most ${String(MAX_COMMENT_DEPTH)} levels, got ${String(commentDepth)}`;
    found.add('TOO_LARGE', whole, message, { help: 'Close each comment before the next one.' });
  }
}

/**
 * The maximum number of copies that the parser can make of an expression. It turns `CASE a WHEN b` into `CASE WHEN a = b`, once
 * for every WHEN, which multiplies an expression nested in `a`. The words are counted everywhere, including in string constants.
 */
function countCopies(text: string): number {
  const whens = (text.match(/when/gi) ?? []).length;
  const cases = (text.match(/case(?!\s+when)/gi) ?? []).length;
  // For a given sum, this number of equal factors has the largest product.
  const factors = Math.max(1, Math.min(cases, whens / Math.E));
  return cases === 0 ? 0 : (whens / factors) ** factors;
}
