import { BLANK_CHARACTERS } from '../blanks.ts';

/** The ASCII digits of a text. */
//= format F-109
export function keepDigits(text: string): string {
  return text.replace(/[^0-9]+/g, '');
}

const POSTCODE_GAPS = new RegExp(`[-\\u2010-\\u2015${BLANK_CHARACTERS}]+`, 'g');

/** A postcode in upper case without blanks and hyphens, or `null` if the text is not one. */
//= format F-109
export function normalisePostcode(text: string): string | null {
  const code = text.replace(POSTCODE_GAPS, '').replace(/[a-z]+/g, (letters) => letters.toUpperCase());
  return /^(?=[A-Z]*[0-9])[A-Z0-9]{2,12}$/.test(code) ? code : null;
}
