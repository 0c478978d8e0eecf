import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLineEncoder, type CsvLineFormat } from '#src/tabular/csv/line-encoder';
import type { ColumnData } from 'sealroom/tabular';
import { latin, SEED, textColumn } from '../support.ts';
import { runs } from '../../support/runs.ts';

const WAYS = [
  ['vectors', undefined],
  // What a runtime without vector instructions gets.
  ['JavaScript', ''],
] as const;

interface Case {
  readonly plain: readonly boolean[];
  readonly nullText: string;
  readonly empty: string;
  /** Column by column. */
  readonly values: readonly (readonly (string | null)[])[];
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40, size: 'max' }),
  fc
    .array(fc.constantFrom('"', ',', '\n', ' ', '#', 'a', '\0', '\u00a0', 'long enough for a vector'), { maxLength: 9 })
    .map((parts) => parts.join('')),
  // Lengths around those of vectors, with one byte somewhere that wants quotes, or none.
  fc
    .tuple(fc.integer({ min: 1, max: 66 }), fc.nat(70), fc.constantFrom('"', ',', ' ', '!', 'é'))
    .map(([length, at, odd]) => {
      const plain = 'x'.repeat(length);
      return plain.slice(0, at) + odd + plain.slice(at);
    }),
);

const cases = fc
  .record({ columns: fc.integer({ min: 1, max: 4 }), rows: fc.integer({ min: 0, max: 20 }) })
  .chain(({ columns, rows }): fc.Arbitrary<Case> =>
    fc.record({
      plain: fc.array(fc.boolean(), { minLength: columns, maxLength: columns }),
      nullText: fc.constantFrom('', 'NULL', '"a null text that is longer than a vector"'),
      empty: fc.constantFrom('', '""'),
      values: fc.array(fc.array(fc.option(text, { freq: 5 }), { minLength: rows, maxLength: rows }), {
        minLength: columns,
        maxLength: columns,
      }),
    }),
  );

function formatOf({ plain, nullText, empty }: Case): CsvLineFormat {
  return { isPlain: plain, nullText: Buffer.from(nullText), empty: Buffer.from(empty) };
}

function fieldOf({ plain, nullText, empty }: Case, value: string | null, column: number): string {
  if (value === null) return nullText;
  if (value === '') return empty;
  const wantsQuotes = (column === 0 && value.startsWith('#')) || /[\0-\x20,"]/.test(value);
  return wantsQuotes && plain[column] !== true ? `"${value.replaceAll('"', '""')}"` : value;
}

function linesOf(given: Case, first: number, last: number): string {
  const rows = Array.from({ length: last - first }, (_, index) => {
    const fields = given.values.map((column, at) => fieldOf(given, column[first + index] ?? null, at));
    return `${fields.join(',')}\n`;
  });
  return latin(rows.join(''));
}

/** A column whose offsets do not begin with 0, and with bytes of no value before, behind and under nulls. */
function shifted(column: ColumnData): ColumnData {
  if (column.layout !== 'bytes') throw new Error('a column of fixed width');
  const bytes = new Uint8Array(Buffer.concat([Buffer.from('"before,'), column.bytes, Buffer.from('"behind')]));
  return { ...column, offsets: column.offsets.map((offset) => offset + 8), bytes };
}

describe.each(WAYS)('F-82 lines written by %s', (_, module) => {
  test('are fields that are quoted where they must be, of any rows of a batch', () => {
    fc.assert(
      fc.property(cases, fc.nat(20), fc.nat(20), (given, a, b) => {
        const rows = given.values[0]?.length ?? 0;
        const [first, last] = [Math.min(a, b, rows), Math.min(Math.max(a, b), rows)];
        const writer = createLineEncoder(formatOf(given), module);
        const columns = given.values.map((values) => textColumn(values));
        expect(Buffer.from(writer.write(columns, 0, rows)).toString('latin1')).toBe(linesOf(given, 0, rows));
        const moved = columns.map(shifted);
        expect(Buffer.from(writer.write(moved, first, last)).toString('latin1')).toBe(linesOf(given, first, last));
      }),
      { seed: SEED, numRuns: runs(400) },
    );
  });

  test('may be longer than the memory of the module, and than the most that it takes', () => {
    const format = { isPlain: [false], nullText: new Uint8Array(0), empty: new Uint8Array(0) };
    const writer = createLineEncoder(format, module);
    for (const bytes of [16_383, 7 << 20, 40 << 20, 20]) {
      const values = ['"'.repeat(bytes), 'x'.repeat(bytes)];
      const lines = Buffer.from(writer.write([textColumn(values)], 0, 2));
      expect(lines.length).toBe(bytes * 3 + 4);
      expect(lines.subarray(0, bytes * 2 + 2).equals(Buffer.alloc(bytes * 2 + 2, '"'))).toBe(true);
      expect(lines.subarray(bytes * 2 + 3).equals(Buffer.from(`${'x'.repeat(bytes)}\n`))).toBe(true);
    }
  });

  test('are gone after a wipe', () => {
    const format = { isPlain: [true], nullText: new Uint8Array(0), empty: new Uint8Array(0) };
    const writer = createLineEncoder(format, module);
    const lines = writer.write([textColumn(['something'])], 0, 1);
    const memory = Buffer.from(lines.buffer);
    expect(memory.includes('something')).toBe(true);
    writer.wipe();
    expect(memory.includes('something')).toBe(false);
  });
});
