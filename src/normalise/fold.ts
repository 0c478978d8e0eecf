/** Letters that are no base letter with an accent to Unicode, in the spelling that people type instead. */
//= format F-111
const PLAIN_LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  ſ: 's',
  æ: 'ae',
  œ: 'oe',
  ĳ: 'ij',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ħ: 'h',
  ı: 'i',
  ŧ: 't',
  ŋ: 'n',
};

const SPECIAL = new RegExp(`[${Object.keys(PLAIN_LETTERS).join('')}]`, 'g');

/** Combining accents, as they are after decomposition. */
const ACCENTS = /[\u0300-\u036F]/g;

/** Replaces the accented letters of a lower-case text, decomposed by Unicode (NFD), by plain ones, as in `strasse` and `lodz`. */
//= format F-111
export function foldLetters(decomposed: string): string {
  return decomposed.replace(ACCENTS, '').replace(SPECIAL, (letter) => PLAIN_LETTERS[letter] ?? letter);
}
