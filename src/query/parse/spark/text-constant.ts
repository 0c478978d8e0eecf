/** What a text constant is, or what is wrong with it. */
export type TextConstant = { readonly text: string } | { readonly problem: string };

/** What a backslash and a letter stand for; any other character stands for itself. */
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['0', '\0'],
  ['b', '\b'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['Z', '\u001a'],
  // Patterns of LIKE need their backslash.
  ['%', '\\%'],
  ['_', '\\_'],
]);

const PART = /\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})|\\([01][0-7]{2})|\\([^])|''/gu;

function readEscape(
  part: string,
  short: string | undefined,
  long: string | undefined,
  octal: string | undefined,
  letter: string | undefined,
): string {
  const hex = short ?? long;
  if (hex !== undefined) {
    const code = Number.parseInt(hex, 16);
    return code > 0x10ffff ? '\0' : String.fromCodePoint(code);
  }
  if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
  return letter === undefined ? part.slice(1) : (ESCAPES.get(letter) ?? letter);
}

/** The text that a constant of Spark SQL means, as it is written with its quotation marks. */
export function readTextConstant(written: string): TextConstant {
  const isRaw = /^r/i.test(written);
  const inner = written.slice(isRaw ? 2 : 1, -1);
  const text = isRaw ? inner : inner.replace(PART, readEscape);
  //= rules R-55
  if (text.includes('\0')) return { problem: 'a text cannot contain the character 0' };
  if (/\p{Cs}/u.test(text)) return { problem: 'the text contains half a surrogate pair' };
  return { text };
}
