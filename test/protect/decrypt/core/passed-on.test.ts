import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { allValid, byteColumnOf, setNull, valueAt } from '#src/bytes/index';
import { decryptColumns } from 'sealroom';
import { expect, test } from 'vitest';
import { ID } from '../../../support/cli.ts';
import { SEED } from '../../../tabular/support.ts';

const TERMS = { secret: null, collaborationId: ID, name: 'table' };

/** Cells that are not sealed, some of them no text, and some that are text only beside each other. */
const CELL = fc.oneof(
  fc.constantFrom('', 'a', 'é', '02:hmac:abc', '02:enc', 'ends with é').map((text) => Buffer.from(text)),
  fc.constantFrom([0xc3], [0xa9], [0xe2, 0x82], [0xac, 0x61], [0xff]).map((bytes) => Buffer.from(bytes)),
);
const ROW = fc.record({ cell: CELL, isNull: fc.boolean() });
/** Mostly text, so that most columns are passed on as they are. */
const TEXT_ROW = fc.record({
  cell: fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text)),
  isNull: fc.boolean(),
});

test('columns without sealed cells are passed on value by value, and text is refused at the first row that is none', async () => {
  const seen = { passed: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 4, arbitrary: TEXT_ROW }, ROW), { maxLength: 20 }),
      fc.constantFrom('string', 'binary'),
      async (rows, kind) => {
        // A null may have bytes, which are nobody's.
        const validity = allValid(rows.length);
        rows.forEach(({ isNull }, row) => {
          if (isNull) setNull(validity, row);
        });
        const column = { layout: 'bytes', ...byteColumnOf(rows.map(({ cell }) => cell)), validity } as const;
        const table = { fields: [{ name: 'a', type: { kind } }], batches: [{ rows: rows.length, columns: [column] }] };
        const wanted = rows.map(({ cell, isNull }) => (isNull ? null : cell));
        const wrong = kind === 'string' ? wanted.findIndex((cell) => cell !== null && !isUtf8(cell)) : -1;
        if (wrong >= 0) {
          seen.refused++;
          const where = { file: 'table', column: 'a', row: wrong + 1 };
          await expect(decryptColumns(table, TERMS)).rejects.toMatchObject({ code: 'DATA_ENCODING', where });
          return;
        }
        seen.passed++;
        const [batch] = (await decryptColumns(table, TERMS)).batches;
        const opened = batch?.columns[0];
        if (opened?.layout !== 'bytes') throw new TypeError('a column of another layout');
        const found = wanted.map((_, row) => {
          const value = valueAt(opened, row);
          return value === null ? null : Buffer.from(value);
        });
        expect(found).toEqual(wanted);
      },
    ),
    { seed: SEED, numRuns: 400 },
  );
  expect(Math.min(seen.passed, seen.refused)).toBeGreaterThan(40);
});
