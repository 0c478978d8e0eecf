const MAX_QUOTED_CHARACTERS = 60;

/** Characters that break a line, move the cursor, reorder what a terminal shows, or look like an ordinary space. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|(?! )\p{Zs}/gu;

function escapeCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** Replaces what a terminal would not show, or show as something else, in a text that is to be compared. */
export function escapeUnprintable(text: string): string {
  return text.replace(UNPRINTABLE, escapeCharacter);
}

/**
 * Quotes untrusted text in backticks for a one-line message: control characters escaped, cut after 60 characters.
 */
export function quoteForMessage(text: string): string {
  const characters = [...text];
  const shown = characters.slice(0, MAX_QUOTED_CHARACTERS).join('');
  const cut = characters.length > MAX_QUOTED_CHARACTERS ? '…' : '';
  return `\`${escapeUnprintable(shown)}${cut}\``;
}

/** Text that a shell takes as one word, as it is. */
const PLAIN_WORD = /^[\w./:@%+,][\w./:@%+,=~-]*$/;

/** What people fill in. */
const PLACEHOLDER = /^<[\w ]+>$/;

/**
 * Writes untrusted text as one word of a command that somebody may copy into a shell. Unprintable characters are escaped, so that
 * such a word is not the text, but does no harm.
 */
export function quoteForShell(text: string): string {
  if (PLACEHOLDER.test(text) || PLAIN_WORD.test(text)) return text;
  return `'${escapeUnprintable(text).replaceAll("'", String.raw`'\''`)}'`;
}

/** Formats a number with its noun: `1 row`, `2,000 rows`. The plural has an `s`. */
export function countOf(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** Describes a JSON value for a message: scalars as they are, otherwise `an array` or `an object`. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return quoteForMessage(value);
  if (typeof value === 'number' || typeof value === 'boolean') return `\`${value}\``;
  return Array.isArray(value) ? 'an array' : 'an object';
}
