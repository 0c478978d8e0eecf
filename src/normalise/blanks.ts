/**
 * What counts as a blank in a value: the characters up to U+0020, and those that Unicode calls white space; beside these, what
 * exports leave behind unseen: the zero-width space, the word joiner and the byte order mark. A fixed list, whatever the runtime.
 */
//= format F-104
export const BLANK_CHARACTERS = String.raw`\u0000-\u0020\u0085\u00A0\u1680\u2000-\u200B\u2028\u2029\u202F\u205F\u2060\u3000\uFEFF`;

const BLANK = new RegExp(`[${BLANK_CHARACTERS}]`);

function isBlankAt(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code <= 0x20 || (code > 0x7f && BLANK.test(text.charAt(index)));
}

/** Removes the blanks at both ends of a value. From each end on, because a pattern would try each run of blanks inside of it as well. */
export function trimValue(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlankAt(text, start)) start++;
  while (end > start && isBlankAt(text, end - 1)) end--;
  return text.slice(start, end);
}
