import fc from 'fast-check';

/** One change of a byte string. Places and values are taken modulo what is there. */
interface Change {
  readonly kind: 'set' | 'flip' | 'insert' | 'remove' | 'repeat' | 'cut';
  readonly at: number;
  readonly value: number;
  readonly length: number;
}

const CHANGE: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('set', 'flip', 'insert', 'remove', 'repeat', 'cut'),
  at: fc.nat(),
  value: fc.nat(255),
  length: fc.integer({ min: 1, max: 40 }),
});

function apply(bytes: Buffer, { kind, at, value, length }: Change): Buffer {
  const place = bytes.length === 0 ? 0 : at % bytes.length;
  const end = Math.min(bytes.length, place + length);
  const before = bytes.subarray(0, place);
  switch (kind) {
    case 'set':
      return Buffer.concat([before, Buffer.from([value]), bytes.subarray(place + 1)]);
    case 'flip':
      return Buffer.concat([
        before,
        Buffer.from([(bytes[place] ?? 0) ^ (1 << (value % 8))]),
        bytes.subarray(place + 1),
      ]);
    case 'insert':
      return Buffer.concat([before, Buffer.from([value]), bytes.subarray(place)]);
    case 'remove':
      return Buffer.concat([before, bytes.subarray(end)]);
    case 'repeat':
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(place)]);
    case 'cut':
      return Buffer.from(before);
  }
}

/** Byte strings that are a few changes away from one of `originals`, for fuzzing a parser. */
export function mutantsOf(originals: readonly Uint8Array[]): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.constantFrom(...originals), fc.array(CHANGE, { minLength: 1, maxLength: 4 }))
    .map(([original, changes]) => changes.reduce(apply, Buffer.from(original)));
}
