import { trimValue } from '../blanks.ts';
import { foldLetters } from '../fold.ts';
import { isAscii, lowerCase, normaliseUnicode } from '../unicode.ts';

/** What is written or left out as people please, and what cannot be seen. */
const DROPPED = /['`.\u00AD\u00B4\u02B9\u02BB-\u02BD\u2018-\u201B\u2032\u200B-\u200F\u2060-\u2064\uFEFF\uFF07]+/g;

/** All other ASCII and Latin-1 that is no letter or digit, and the punctuation and blanks of Unicode's first planes. */
const SEPARATORS =
  /[\0-\x2F\x3A-\x40\x5B-\x60\x7B-\xA9\xAB\xAC\xAE-\xB3\xB6-\xB8\xBB-\xBF\u1680\u2000-\u206F\u3000-\u3003\u30FB]+/g;

const PLAIN_NAME = /^[a-z0-9]+(?: [a-z0-9]+)*$/;

function separateWords(text: string): string {
  return trimValue(text.replace(DROPPED, '').replace(SEPARATORS, ' '));
}

/** A name in lower case, with one blank between words and without punctuation; accents stay. */
//= format F-110
export function normaliseName(text: string): string {
  const lower = lowerCase(text);
  if (PLAIN_NAME.test(lower)) return lower;
  return isAscii(lower) ? separateWords(lower) : normaliseUnicode(separateWords(normaliseUnicode(lower, 'NFC')), 'NFC');
}

/** As {@link normaliseName}, with plain letters for accented ones. */
//= format F-111
export function normaliseFoldedName(text: string): string {
  const name = normaliseName(text);
  if (isAscii(name)) return name;
  return normaliseUnicode(separateWords(foldLetters(normaliseUnicode(name, 'NFD'))), 'NFC');
}
