import type { ClientKind } from 'sealroom/crypto';

const NUMBER = /^-?\d+(?:\.\d+)?(?:E-?\d+)?$/;

function digitsOf(text: string): number {
  return text.replace(/E.*$/, '').replace(/^-?0*\.?0*/, '').replace('.', '').length;
}

/**
 * Whether two texts of a number differ only in that `text` has fewer digits: both read back as the same number, of the
 * width of its type.
 */
export function hasFewerDigits(kind: ClientKind, text: string | null, javaText: string | null): boolean {
  if (kind !== 'double' && kind !== 'float') return false;
  if (text === null || javaText === null || !NUMBER.test(text) || !NUMBER.test(javaText)) return false;
  const narrow = kind === 'float' ? Math.fround : (value: number): number => value;
  return narrow(Number(text)) === narrow(Number(javaText)) && digitsOf(text) < digitsOf(javaText);
}
