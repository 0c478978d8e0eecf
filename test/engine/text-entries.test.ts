import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allValid, setNull } from '#src/bytes/validity';
import { ENTRY_BYTES, locateTexts, makeEntries, measureTexts } from '#src/engine/text-entries';

/** The longest text that lies in its entry. */
const INLINE = 12;
const MOST_GAP = 64;

/** A text and how far it lies behind the one before it in the engine's memory; `null` for a null. */
type Row = { readonly text: Uint8Array; readonly gap: number } | null;

const rows = fc.array(
  fc.option(
    fc.record({
      text: fc.oneof(fc.uint8Array({ maxLength: 16 }), fc.uint8Array({ minLength: 10, maxLength: 300 })),
      gap: fc.oneof(fc.constant(0), fc.nat(100)),
    }),
    { freq: 5 },
  ),
  { maxLength: 60, size: 'max' },
);

/** Addresses whose lower 32 bits overflow among the texts. */
const addresses = fc.constantFrom(0x7f00_0000_0000, 0x12_ffff_fff0, 4096);

/** What is behind a null must not be looked at. */
const NO_ENTRY = new Uint8Array(ENTRY_BYTES).fill(0xee);

function validityOf(list: readonly Row[]): Uint8Array {
  const validity = allValid(list.length);
  list.forEach((row, index) => {
    if (row === null) setNull(validity, index);
  });
  return validity;
}

/** An entry as the engine documents it: length, then the text, or four bytes of it and its address. */
function entryOf(text: Uint8Array, address: number): Uint8Array {
  const entry = Buffer.alloc(ENTRY_BYTES);
  entry.writeUInt32LE(text.length);
  if (text.length <= INLINE) entry.set(text, 4);
  else {
    entry.set(text.subarray(0, 4), 4);
    entry.writeBigUInt64LE(BigInt(address), 8);
  }
  return entry;
}

describe('the entries of texts', () => {
  test('that lie in regions of any order are measured and found, and no byte outside the regions is asked for', () => {
    fc.assert(
      fc.property(rows, addresses, fc.boolean(), (list, base, isBackwards) => {
        // Each long text behind the last one in the memory; the rows in that order, or in the other one.
        const memory: { readonly start: number; readonly text: Uint8Array }[] = [];
        let end = base;
        const entries = list.map((row) => {
          if (row === null) return NO_ENTRY;
          const start = end + row.gap;
          if (row.text.length > INLINE) {
            memory.push({ start, text: row.text });
            end = start + row.text.length;
          }
          return entryOf(row.text, start);
        });
        const ordered = isBackwards ? entries.toReversed() : entries;
        const expected = isBackwards ? list.toReversed() : list;
        const joined = Buffer.concat(ordered);
        const validity = validityOf(expected);
        const lengths = expected.map((row) => row?.text.length ?? 0);
        expect(measureTexts(joined, validity)).toEqual({
          bytes: lengths.reduce((sum, length) => sum + length, 0),
          longest: Math.max(0, ...lengths),
        });

        const sources: Uint8Array[] = [joined];
        const { starts, ends } = locateTexts(joined, validity, MOST_GAP, (region) => {
          const bytes = new Uint8Array(region.end - region.start);
          const inside = memory.filter(({ start }) => start >= region.start && start < region.end);
          for (const { start, text } of inside) bytes.set(text, start - region.start);
          expect(inside[0]?.start).toBe(region.start);
          const last = inside.at(-1);
          expect((last?.start ?? 0) + (last?.text.length ?? 0)).toBe(region.end);
          for (const [index, { start }] of inside.entries()) {
            const before = inside[index - 1];
            if (before !== undefined) expect(start - before.start - before.text.length).toBeLessThan(MOST_GAP);
          }
          sources.push(bytes);
        });
        const places = [...starts].map((start, index) => [start, ends[index] ?? 0] as const);
        const whole = Buffer.concat(sources);
        expect(places.map(([start, stop]) => whole.subarray(start, stop))).toEqual(
          expected.map((row) => Buffer.from(row?.text ?? [])),
        );
      }),
      { seed: 21, numRuns: 300 },
    );
  });

  test('are made as the engine documents them, with zeros for nulls', () => {
    fc.assert(
      fc.property(rows, addresses, fc.nat(9), (list, address, first) => {
        const texts = list.map((row) => row?.text ?? new Uint8Array());
        const offsets = Int32Array.from({ length: list.length + 1 }, () => first);
        texts.forEach((text, index) => (offsets[index + 1] = (offsets[index] ?? 0) + text.length));
        const expected = list.map((row, index) =>
          row === null ? new Uint8Array(ENTRY_BYTES) : entryOf(row.text, address + (offsets[index] ?? 0) - first),
        );
        let made: Uint8Array = new Uint8Array();
        makeEntries(offsets, validityOf(list), Buffer.concat(texts), address, (entries) => (made = entries.slice()));
        expect(Buffer.from(made)).toEqual(Buffer.concat(expected));
      }),
      { seed: 22, numRuns: 300 },
    );
  });
});
