import type { ClientKind } from 'sealroom/crypto';

const NUMBER = /^-?\d+(?:\.\d+)?(?:E-?\d+)?$/;

function digitsOf(text: string): number {
  return text
    .replace(/E.*$/, '')
    .replace(/^-?0*\.?0*/, '')
    .replace('.', '').length;
}

/**
 * Whether a text of a number is as good as Java's: both read back as the same number, of the width of its type, and it has
 * no more digits.
 */
export function isAsShort(kind: ClientKind, text: string | null, javaText: string | null): boolean {
  if (kind !== 'double' && kind !== 'float') return false;
  if (text === null || javaText === null || !NUMBER.test(text) || !NUMBER.test(javaText)) return false;
  const narrow = kind === 'float' ? Math.fround : (value: number): number => value;
  return narrow(Number(text)) === narrow(Number(javaText)) && digitsOf(text) <= digitsOf(javaText);
}
