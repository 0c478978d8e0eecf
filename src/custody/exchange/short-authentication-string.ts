const GROUPS = 6;
const GROUP_BYTES = 5;
const GROUP_DIGITS = 5;

/** Digits in the string of two cards. */
const STRING_DIGITS = 2 * GROUPS * GROUP_DIGITS;

/**
 * The number of a card: 30 digits, or 99.6 bits, in groups of five.
 *
 * @param sha256 its hash, 64 hexadecimal digits
 */
function cardNumber(sha256: string): string {
  //= exchange E-12
  const hash = Buffer.from(sha256, 'hex');
  const groups = Array.from({ length: GROUPS }, (_, index) =>
    String(hash.readUIntBE(index * GROUP_BYTES, GROUP_BYTES) % 10 ** GROUP_DIGITS).padStart(GROUP_DIGITS, '0'),
  );
  return groups.join(' ');
}

/**
 * The authentication string that two members compare by phone, to know that each has the other's card: 60 digits in groups of
 * five, the same for both.
 *
 * Each card has its own half. To pass off another card, an attacker needs one with the same half: a second preimage of 99.6
 * bits. One hash over both cards would fall to a collision, at half the bits, since an attacker in the middle chooses both.
 */
export function authenticationString(a: { readonly sha256: string }, b: { readonly sha256: string }): string {
  //= exchange E-13
  return [cardNumber(a.sha256), cardNumber(b.sha256)].sort().join(' ');
}

/** Whether a text is a given authentication string in full; blanks and hyphens between the digits are ignored. */
export function isSameString(expected: string, written: string): boolean {
  const digits = written.replaceAll(/[\s-]/g, '');
  return digits.length === STRING_DIGITS && digits === expected.replaceAll(' ', '');
}
