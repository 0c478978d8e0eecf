import { describe, expect, test } from 'vitest';
import { decryptColumns, parseSharedSecret, tableOfTexts, textsOfTable } from 'sealroom';
import type { Field } from 'sealroom/tabular';
import { ID, SECRET } from '../../../support/cli.ts';
import { Bench, cellOf, textCell } from '../../../support/tables.ts';
import { failureOf, fixedColumn, textColumn, writeTable } from '../../../tabular/support.ts';
import { RUNNABLE_KERNELS } from '../../../support/kernels.ts';

const TERMS = { secret: parseSharedSecret(SECRET), collaborationId: ID };
const FORMATS = ['csv', 'parquet', 'arrow'] as const;
const FINGERPRINT = `02:hmac:${Buffer.alloc(32, 7).toString('base64')}`;

/** Writes a table of text columns. */
async function put(
  bench: Bench,
  name: string,
  columns: Readonly<Record<string, readonly (string | null)[]>>,
): Promise<void> {
  const fields = Object.keys(columns).map((column): Field => ({ name: column, type: { kind: 'string' } }));
  const values = Object.values(columns).map(textColumn);
  await writeTable(bench.path(name), fields, [{ rows: values[0]?.rows ?? 0, columns: values }]);
}

describe('F-92 what is not sealed in a sealed column is refused', () => {
  const ROWS = 30_000;
  const at = (row: number, cell: string | null, rest: string): (string | null)[] =>
    Array.from({ length: ROWS }, (_, index) => (index === row - 1 ? cell : rest));
  const sealed = textCell('a');

  test.each(FORMATS)('at its row, and no output is put in place: %s', async (format) => {
    await using bench = await Bench.start();
    const k = at(1, 'k', 'k');
    // The text before, between and after the cells; the cells' column is known by its last cell alone, too.
    const columns = { before: at(1, 'paid', sealed), after: at(ROWS, 'paid', sealed), known: at(ROWS, sealed, 'paid') };
    const wanted = { before: 1, after: ROWS, known: 1 };
    for (const [column, row] of Object.entries(wanted)) {
      await put(bench, `${column}.${format}`, { k, [column]: columns[column as keyof typeof columns] });
      for (const threads of [1, 2]) {
        const error = await failureOf(bench.decrypt(`${column}.${format}`, `out.${format}`, { threads }));
        expect(error).toMatchObject({
          code: 'FORMAT_CELL',
          message: 'a sealed column holds a cell that is not sealed',
          where: { file: bench.path(`${column}.${format}`), column, row },
        });
      }
    }
    expect((await bench.names()).filter((name) => name.startsWith('out'))).toEqual([]);
  });

  test('a fingerprint too, and text that only resembles a cell', async () => {
    for (const cell of [FINGERPRINT, ' 02:enc:AAAA', '02:ENC:AAAA', '0', '\0']) {
      const error = await failureOf(decryptColumns(tableOfTexts(['c'], [[sealed], [cell]]), TERMS));
      expect(error).toMatchObject({ code: 'FORMAT_CELL', where: { column: 'c', row: 2 } });
    }
  });

  test.each(RUNNABLE_KERNELS)('in memory, on kernel %s', async (kernel) => {
    const table = tableOfTexts(['c'], [['paid'], [sealed]]);
    for (const asText of [false, true]) {
      const error = await failureOf(decryptColumns(table, { ...TERMS, kernel, asText, name: 'result' }));
      expect(error).toMatchObject({ code: 'FORMAT_CELL', where: { file: 'result', column: 'c', row: 1 } });
    }
  });

  test('next to a number, whose column has a type of its own', async () => {
    const error = await failureOf(decryptColumns(tableOfTexts(['c'], [[cellOf('1200000001')], ['2']]), TERMS));
    expect(error).toMatchObject({ code: 'FORMAT_CELL', where: { column: 'c', row: 2 } });
  });

  test('but nulls are not, nor empty texts of CSV, which are nulls if they are read so', async () => {
    await using bench = await Bench.start();
    for (const format of FORMATS) {
      await put(bench, `in.${format}`, { k: ['1', '2'], c: [null, sealed] });
      expect(await bench.decrypt(`in.${format}`, `out.${format}`)).toMatchObject({ unsealedCells: 0, warnings: [] });
      await put(bench, `empty.${format}`, { k: ['1', '2'], c: ['', sealed] });
      const opened = bench.decrypt(`empty.${format}`, `empty.out.${format}`, { csvInputNull: 'NULL' });
      if (format === 'csv') expect(await opened).toMatchObject({ unsealedCells: 0 });
      else expect(await failureOf(opened)).toMatchObject({ code: 'FORMAT_CELL', where: { row: 1 } });
    }
  });

  test.each(FORMATS)('is passed on if that is allowed, counted, with a warning: %s', async (format) => {
    await using bench = await Bench.start();
    await put(bench, `in.${format}`, { c: [sealed, 'paid', FINGERPRINT, 'x'], k: ['1', '2', '3', '4'] });
    const summary = await bench.decrypt(`in.${format}`, `out.${format}`, { allowMixedColumns: true });
    expect(summary).toMatchObject({
      openedCells: 1,
      unsealedCells: 3,
      warnings: [
        'column `c`: 3 cells that are not sealed were passed through; whoever can write to the table may have put them there',
      ],
    });
    expect((await bench.columns(`out.${format}`))['c']).toEqual(['a', 'paid', FINGERPRINT, 'x']);
  });

  test('is passed on in memory as well, if that is allowed', async () => {
    const table = tableOfTexts(['c'], [[sealed], ['paid']]);
    const opened = await decryptColumns(table, { ...TERMS, allowMixedColumns: true });
    expect(textsOfTable(opened)).toEqual([['a'], ['paid']]);
    expect(opened.unsealedCells).toBe(1);
    expect(opened.warnings).toEqual([
      'column `c`: 1 cell that is not sealed was passed through; whoever can write to the table may have put them there',
    ]);
  });
});

describe('F-92 a column that is said to be sealed', () => {
  test.each(FORMATS)('has no text in the place of all its cells: %s', async (format) => {
    await using bench = await Bench.start();
    await put(bench, `in.${format}`, { k: ['1', '2'], c: [null, 'paid'] });
    expect(await bench.decrypt(`in.${format}`, `fine.${format}`)).toMatchObject({ columns: { cleartext: 2 } });
    for (const sealedColumns of [['c'], [' C ']]) {
      const error = await failureOf(bench.decrypt(`in.${format}`, `out.${format}`, { sealedColumns }));
      expect(error).toMatchObject({ code: 'FORMAT_CELL', where: { column: 'c', row: 2 } });
    }
    const allowed = { sealedColumns: ['c'], allowMixedColumns: true };
    expect(await bench.decrypt(`in.${format}`, `out.${format}`, allowed)).toMatchObject({ unsealedCells: 1 });
  });

  test('has no numbers in their place', async () => {
    await using bench = await Bench.start();
    const fields: Field[] = [{ name: 'n', type: { kind: 'int' } }];
    for (const format of ['parquet', 'arrow']) {
      await writeTable(bench.path(`in.${format}`), fields, [
        { rows: 2, columns: [fixedColumn(4, [null, '01000000'])] },
      ]);
      for (const output of ['out.csv', `out.${format}`]) {
        const error = await failureOf(bench.decrypt(`in.${format}`, `not-${output}`, { sealedColumns: ['n'] }));
        expect(error).toMatchObject({ code: 'FORMAT_CELL', where: { column: 'n', row: 2 } });
        const allowed = { sealedColumns: ['n'], allowMixedColumns: true, overwrite: true };
        expect(await bench.decrypt(`in.${format}`, output, allowed)).toMatchObject({ unsealedCells: 1 });
      }
    }
  });

  test('may have nulls only', async () => {
    const table = tableOfTexts(['c'], [[null], [null]]);
    expect(await decryptColumns(table, { ...TERMS, sealedColumns: ['c'] })).toMatchObject({ unsealedCells: 0 });
  });

  test('is refused without a secret as well', async () => {
    const options = { ...TERMS, secret: null, sealedColumns: ['c'] };
    const error = await failureOf(decryptColumns(tableOfTexts(['c'], [['paid']]), options));
    expect(error).toMatchObject({ code: 'FORMAT_CELL', where: { column: 'c', row: 1 } });
  });
});
