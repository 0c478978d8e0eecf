import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCompactor } from '#src/bytes/compactor';

const WAYS = [
  ['vectors', createCompactor()],
  // What a runtime without vector instructions gets.
  ['JavaScript', createCompactor('')],
] as const;

interface Case {
  readonly sources: readonly Uint8Array[];
  readonly ranges: readonly { readonly start: number; readonly end: number }[];
}

/** Sources, some of them empty, and ranges that each lie within one of them, in any order. */
const cases = fc
  .array(fc.uint8Array({ maxLength: 60, size: 'max' }), { maxLength: 4 })
  .chain((sources): fc.Arbitrary<Case> => {
    let first = 0;
    const ranges = sources.map((source) => {
      const start = first;
      first += source.length;
      return fc
        .tuple(fc.nat(source.length), fc.nat(source.length))
        .map(([a, b]) => ({ start: start + Math.min(a, b), end: start + Math.max(a, b) }));
    });
    const some = ranges.length === 0 ? fc.constant([]) : fc.array(fc.oneof(...ranges), { maxLength: 20, size: 'max' });
    return some.map((list) => ({ sources, ranges: list }));
  });

describe.each(WAYS)('ranges put one after another by %s', (_, compact) => {
  const run = ({ sources, ranges }: Case): { offsets: Int32Array; bytes: Uint8Array } =>
    compact(
      sources,
      Int32Array.from(ranges, ({ start }) => start),
      Int32Array.from(ranges, ({ end }) => end),
    );

  test('are the bytes of each range, whatever the sources and the order', () => {
    fc.assert(
      fc.property(cases, (given) => {
        const whole = Buffer.concat(given.sources);
        const parts = given.ranges.map(({ start, end }) => whole.subarray(start, end));
        const { offsets, bytes } = run(given);
        expect(Buffer.from(bytes)).toEqual(Buffer.concat(parts));
        let end = 0;
        expect([...offsets]).toEqual([0, ...parts.map((part) => (end += part.length))]);
      }),
      { seed: 12, numRuns: 500 },
    );
  });

  test('may be longer than the memory that a small call needed, and than the most that the module takes', () => {
    for (const megabytes of [1, 3, 40]) {
      const source = new Uint8Array(megabytes << 20);
      for (let at = 0; at < source.length; at += 997) source[at] = at;
      const { bytes } = run({
        sources: [source],
        ranges: [
          { start: 1, end: source.length },
          { start: 0, end: 1 },
        ],
      });
      expect(bytes).toHaveLength(source.length);
      expect(Buffer.compare(bytes.subarray(0, -1), source.subarray(1))).toBe(0);
      expect(bytes.at(-1)).toBe(source[0]);
    }
  });

  test.each([
    { start: -1, end: 2 },
    { start: 3, end: 2 },
    { start: 0, end: 5 },
  ])('are refused if one is outside the sources: %j', (range) => {
    expect(() => run({ sources: [new Uint8Array(4)], ranges: [range] })).toThrow(RangeError);
  });
});
