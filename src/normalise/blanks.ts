/**
 * What counts as a blank in a value: the characters up to U+0020, and those that Unicode calls white space; beside these, what
 * exports leave behind unseen: the zero-width space, the word joiner and the byte order mark. A fixed list, whatever the runtime.
 */
//= format F-104
export const BLANK_CHARACTERS = String.raw`\u0000-\u0020\u0085\u00A0\u1680\u2000-\u200B\u2028\u2029\u202F\u205F\u2060\u3000\uFEFF`;

const OUTER_BLANKS = new RegExp(`^[${BLANK_CHARACTERS}]+|[${BLANK_CHARACTERS}]+$`, 'g');

/** Whether an end of a text may be a blank. Most values have none, and this is quicker than looking for one. */
function mayHaveOuterBlanks(text: string): boolean {
  const first = text.charCodeAt(0);
  const last = text.charCodeAt(text.length - 1);
  return first <= 0x20 || first > 0x7f || last <= 0x20 || last > 0x7f;
}

/** Removes the blanks at both ends of a value. */
export function trimValue(text: string): string {
  return text === '' || !mayHaveOuterBlanks(text) ? text : text.replace(OUTER_BLANKS, '');
}
