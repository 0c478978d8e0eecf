/** Calling codes of the countries of Europe and of some others, without those that several countries share. */
const COUNTRY_OF_CODE: Readonly<Record<string, string>> = {
  ...{ 30: 'GR', 31: 'NL', 32: 'BE', 33: 'FR', 34: 'ES', 36: 'HU', 39: 'IT', 40: 'RO', 41: 'CH', 43: 'AT', 44: 'GB' },
  ...{ 45: 'DK', 46: 'SE', 47: 'NO', 48: 'PL', 49: 'DE', 351: 'PT', 352: 'LU', 353: 'IE', 354: 'IS', 355: 'AL' },
  ...{ 356: 'MT', 357: 'CY', 358: 'FI', 359: 'BG', 370: 'LT', 371: 'LV', 372: 'EE', 380: 'UA', 381: 'RS', 385: 'HR' },
  ...{
    386: 'SI',
    420: 'CZ',
    421: 'SK',
    423: 'LI',
    55: 'BR',
    52: 'MX',
    54: 'AR',
    61: 'AU',
    81: 'JP',
    91: 'IN',
    90: 'TR',
  },
};

const INTERNATIONAL = /^(?:tel\.?:? ?)?(?:\+|00)\D{0,2}(\d{2,3})/iu;

/**
 * The country whose calling code a phone number begins with: `+49 …`, `0049 …`. `null` if it has none, or one that is not
 * in the list, such as +1, which many countries share.
 */
export function countryOfPhone(number: string): string | null {
  const digits = INTERNATIONAL.exec(number)?.[1] ?? '';
  return COUNTRY_OF_CODE[digits] ?? COUNTRY_OF_CODE[digits.slice(0, 2)] ?? null;
}
