import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteColumnOf, type ByteColumn, encodeUtf8, valueAt } from '#src/bytes/index';
import { noCounts, normaliseColumn } from '#src/normalise/normalise-column';
import { MISSING, NOT_UNDERSTOOD } from 'sealroom/schema';
import { normaliserOf } from './support.ts';

function columnOf(texts: readonly (string | null)[]): ByteColumn {
  return byteColumnOf(texts.map((text) => (text === null ? null : encodeUtf8(text))));
}

function textsOf(column: ByteColumn): readonly (string | null)[] {
  return Array.from({ length: column.rows }, (_, row) => {
    const value = valueAt(column, row);
    return value === null ? null : Buffer.from(value).toString('utf8');
  });
}

const values = fc.array(
  fc.option(
    fc.oneof(
      fc.constantFrom(' Ann@X.de', 'n/a', '', ' '),
      fc.string({ maxLength: 8 }),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
    ),
  ),
  { maxLength: 20 },
);

describe('a column', () => {
  test('F-102 is normalised value by value, whether it is ASCII or not', async () => {
    const normalise = await normaliserOf(['lower', 'trim'], ['n/a']);
    fc.assert(
      fc.property(values, (texts) => {
        const counts = noCounts();
        const outcomes = texts.map((text) => (text === null ? null : normalise(text)));
        const normalised = normaliseColumn(columnOf(texts), normalise, counts);
        expect(textsOf(normalised)).toEqual(outcomes.map((each) => (typeof each === 'string' ? each : null)));
        expect(counts).toEqual({
          values: texts.filter((text) => text !== null).length,
          changed: outcomes.filter((each, row) => typeof each === 'string' && each !== texts[row]).length,
          missing: outcomes.filter((each) => each === MISSING).length,
          notUnderstood: outcomes.filter((each) => each === NOT_UNDERSTOOD).length,
        });
      }),
      { seed: 14 },
    );
  });

  test('F-102 may begin anywhere in its bytes, and may have garbage where it is null', async () => {
    const normalise = await normaliserOf(['lower']);
    const bytes = Uint8Array.of(0x58, 0x41, 0xff, 0x42, 0x43);
    const column = { rows: 3, bytes, offsets: Int32Array.of(1, 2, 3, 5), validity: Uint8Array.of(0b101) };
    expect(textsOf(normaliseColumn(column, normalise, noCounts()))).toEqual(['a', null, 'bc']);
  });

  test('F-102 of text that is not UTF-8 is refused with its row', async () => {
    const normalise = await normaliserOf(['lower']);
    const column = byteColumnOf([Uint8Array.of(0x41), Uint8Array.of(0xc3)]);
    expect(() => normaliseColumn(column, normalise, noCounts())).toThrow(
      expect.objectContaining({ code: 'DATA_ENCODING', where: { row: 1 } }),
    );
  });
});
