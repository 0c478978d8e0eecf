import { BLANK_CHARACTERS, trimValue } from '../blanks.ts';
import { lowerCase, normaliseUnicode } from '../unicode.ts';

/** One `@`, something before it, and behind it a domain of at least two labels; no blank anywhere. */
const ADDRESS = new RegExp(`^[^@${BLANK_CHARACTERS}]+@[^@.${BLANK_CHARACTERS}]+(?:\\.[^@.${BLANK_CHARACTERS}]+)+$`);

/** An e-mail address in lower case, or `null` if the text is not one. */
//= format F-107
export function normaliseEmail(text: string): string | null {
  const address = normaliseUnicode(lowerCase(trimValue(text)), 'NFC');
  return ADDRESS.test(address) ? address : null;
}

const GMAIL = /@(?:gmail|googlemail)\.com$/;

/** As {@link normaliseEmail}; all spellings of one mailbox of Gmail become one. */
//= format F-107
export function normaliseGmail(text: string): string | null {
  const address = normaliseEmail(text);
  if (address === null || !GMAIL.test(address)) return address;
  const mailbox = address.replace(GMAIL, '').replace(/\+.*$/s, '').replaceAll('.', '');
  return mailbox === '' ? null : `${mailbox}@gmail.com`;
}
