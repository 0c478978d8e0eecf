/**
 * What counts as a blank in a value: the characters up to U+0020, and those that Unicode calls white space; beside these, what
 * exports leave behind unseen: the zero-width space, the word joiner and the byte order mark. A fixed list, whatever the runtime.
 */
const BLANK = String.raw`\u0000-\u0020\u0085\u00A0\u1680\u2000-\u200B\u2028\u2029\u202F\u205F\u2060\u3000\uFEFF`;

const OUTER_BLANKS = new RegExp(`^[${BLANK}]+|[${BLANK}]+$`, 'g');

/** Removes the blanks at both ends of a value. */
export function trimValue(text: string): string {
  return text.replace(OUTER_BLANKS, '');
}
