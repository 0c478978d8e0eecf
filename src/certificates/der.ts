/** A value in DER (X.690): tag, length, content. */
export type Der = Uint8Array;

/** The tags that certificates need. */
export const DER_TAG = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  identifier: 0x06,
  text: 0x0c,
  utcTime: 0x17,
  time: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** A value with a tag, whose content is these parts one after another. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Der {
  const content = Buffer.concat(parts);
  return Buffer.concat([Uint8Array.of(tag), printLength(content.length), content]);
}

function printLength(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return Uint8Array.of(0x80 | digits.length, ...digits);
}

/** A sequence of values. */
export function sequence(...parts: readonly Der[]): Der {
  return der(DER_TAG.sequence, ...parts);
}

/** An object identifier, such as `2.5.29.17`. */
export function identifier(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(DER_TAG.identifier, Uint8Array.from([40 * first + second, ...rest].flatMap(digitsOf)));
}

/** A number to the base 128, with the high bit of all digits but the last. */
function digitsOf(value: number): readonly number[] {
  const digits = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift((rest % 128) | 0x80);
  return digits;
}

/** A positive integer of big-endian bytes, the first of which is from 1 to 127. */
export function integer(...bytes: readonly number[]): Der {
  return der(DER_TAG.integer, Uint8Array.from(bytes));
}

/** A string of whole bytes as bits. */
export function bits(bytes: Uint8Array): Der {
  return der(DER_TAG.bits, Uint8Array.of(0), bytes);
}

/** A time in whole seconds, in the form that X.509 asks for: with two digits of the year until 2049. */
export function derTime(date: Date): Der {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < 2050
    ? der(DER_TAG.utcTime, Buffer.from(digits.slice(2)))
    : der(DER_TAG.time, Buffer.from(digits));
}
