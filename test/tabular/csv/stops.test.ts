import fc from 'fast-check';
import { expect, test } from 'vitest';
import { COMMA } from '#src/tabular/csv/bytes';
import { createStopFinder, MAX_CHUNK_BYTES } from '#src/tabular/csv/stops';

const findStops = createStopFinder(COMMA);

test.each([',', ';', '\t', '|'])(
  'both finders find %j, line breaks, quotes and NULs, and nothing else, at every length',
  (delimiter) => {
    const STOPS = `${delimiter}\n\r"\0`;
    const findStops = createStopFinder(delimiter.charCodeAt(0));
    /** What a runtime without vector instructions gets. */
    const findPlainly = createStopFinder(delimiter.charCodeAt(0), '');
    const byte = fc.oneof(fc.constantFrom(...Buffer.from(STOPS)), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.array(byte, { maxLength: 70 }), (some, others) => {
        for (const chunk of [some, Uint8Array.from(others)]) {
          const expected = [...chunk.keys()].filter((at) => STOPS.includes(String.fromCharCode(chunk[at] ?? 0)));
          expect([...findStops(chunk)]).toEqual(expected);
          expect([...findPlainly(chunk)]).toEqual(expected);
        }
      }),
      { seed: 11, numRuns: 1000 },
    );
  },
);

test('a chunk of the greatest length may be all stops, and what an earlier one left behind does not matter', () => {
  const full = new Uint8Array(MAX_CHUNK_BYTES).fill(0x2c);
  expect(findStops(full)).toHaveLength(MAX_CHUNK_BYTES);
  expect(findStops(full).at(-1)).toBe(MAX_CHUNK_BYTES - 1);
  expect([...findStops(Uint8Array.of(0x61, 0x2c, 0x61))]).toEqual([1]);
  expect([...findStops(new Uint8Array(0))]).toEqual([]);
});
