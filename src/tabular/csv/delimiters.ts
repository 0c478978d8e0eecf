import { SealroomError, quoteForMessage } from '../../errors/index.ts';
import { COMMA, HASH_SIGN, QUOTE, SPACE } from './bytes.ts';

/** The delimiters that are looked for, with their names. */
export const DELIMITERS: ReadonlyMap<number, string> = new Map([
  [COMMA, 'comma'],
  [0x3b, 'semicolon'],
  [0x09, 'tab'],
  [0x7c, 'pipe'],
]);

/** A tab. */
export const TAB = 0x09;

/**
 * The byte that an option or a `sep=` line names: a character, `\t`, or `comma`, `semicolon`, `tab` or `pipe`.
 *
 * @throws {SealroomError} USAGE_OPTION if it cannot be a delimiter: a letter, a digit, a quote, a `#`, a space, a line break or a NUL, several
 *   characters, or one beyond ASCII.
 */
//= format F-120
export function parseDelimiter(text: string): number {
  const name = text === '\\t' ? 'tab' : text.toLowerCase();
  for (const [byte, known] of DELIMITERS) if (known === name) return byte;
  const byte = text.charCodeAt(0);
  if (text.length === 1 && canDelimit(byte)) return byte;
  throw new SealroomError(
    'USAGE_OPTION',
    `\`--delimiter\` must be one character, such as \`;\`, got ${quoteForMessage(text)}`,
    {
      hint: 'use comma, semicolon, tab, pipe, or another punctuation mark of ASCII',
    },
  );
}

/** Whether a byte may separate fields. */
export function canDelimit(byte: number): boolean {
  if (byte === 0 || byte === 0x0a || byte === 0x0d || byte === QUOTE || byte === HASH_SIGN || byte === SPACE)
    return false;
  return byte < 0x7f && !/[0-9A-Za-z]/.test(String.fromCharCode(byte));
}

/** A delimiter in words: `semicolons`, or the character itself. */
export function describeDelimiter(byte: number): string {
  const name = DELIMITERS.get(byte);
  return name === undefined ? quoteForMessage(String.fromCharCode(byte)) : `${name}s`;
}

/** What to give as an option for a delimiter. */
export function delimiterOption(byte: number): string {
  return `--delimiter ${DELIMITERS.get(byte) ?? `'${String.fromCharCode(byte)}'`}`;
}
