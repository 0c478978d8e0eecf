import type { CountryCode } from 'libphonenumber-js/min';
import { trimValue } from '../blanks.ts';

/** The version of libphonenumber-js, whose facts about the numbers of each country decide what is a number. */
export const PHONES_VERSION = '1.13.16';

/** Reads phone numbers: of a country, or if that is `null` only those that begin with `+`. */
export type PhoneReader = (text: string, country: string | null) => string | null;

/**
 * Loads what is known about phone numbers; it is large.
 *
 * @returns a function from a text to the number in E.164, such as `+493012345678`, or to `null` if it is no number.
 */
//= format F-108
export async function loadPhones(): Promise<PhoneReader> {
  const { isSupportedCountry, parsePhoneNumberFromString } = await import('libphonenumber-js/min');
  const isCountry = (country: string): country is CountryCode => isSupportedCountry(country);
  return (text, country) => {
    const given = trimValue(text);
    if (country === null && !/^[+\uFF0B]/.test(given)) return null;
    const defaultCountry = country !== null && isCountry(country) ? country : undefined;
    const number = parsePhoneNumberFromString(given, { extract: false, ...(defaultCountry && { defaultCountry }) });
    return number?.isValid() === true ? number.number : null;
  };
}
