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

/** Sources, some of them empty, and ranges in any order or each behind the last. */
const cases = fc
  .array(fc.uint8Array({ maxLength: 60, size: 'max' }), { maxLength: 4 })
  .chain((sources): fc.Arbitrary<Case> => {
    const bytes = sources.reduce((sum, source) => sum + source.length, 0);
    const anywhere = fc
      .tuple(fc.nat(bytes), fc.nat(bytes))
      .map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));
    const runs = fc.array(fc.nat(bytes), { maxLength: 60, size: 'max' }).map((ends) => {
      let start = 0;
      return ends.sort((a, b) => a - b).map((end) => ({ start, end: (start = end) }));
    });
    const ranges = fc.oneof(
      fc.array(anywhere, { maxLength: 20, size: 'max' }),
      runs,
      fc.tuple(runs, runs).map((two) => two.flat()),
    );
    return ranges.map((list) => ({ sources, ranges: list }));
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
