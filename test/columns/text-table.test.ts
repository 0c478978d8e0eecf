import { expect, test } from 'vitest';
import { type Batch, sourceOf, tableOfTexts, textsOfTable } from '#src/columns/index';
import { fixedColumn, textColumn } from '../tabular/support.ts';

const ROWS = [
  ['a', null, ''],
  ['ä😀', '\uFEFFb', null],
];

test('rows of texts survive a table', () => {
  const table = tableOfTexts(['x', 'y', 'z'], ROWS);
  expect(table.fields.map(({ name }) => name)).toEqual(['x', 'y', 'z']);
  expect(textsOfTable(table)).toEqual(ROWS);
  expect(textsOfTable(tableOfTexts(['x'], []))).toEqual([]);
});

test('refuses rows of other lengths, and columns of numbers', () => {
  expect(() => tableOfTexts(['x', 'y'], [['a', 'b'], ['c']])).toThrow(RangeError);
  const table = { fields: [{ name: 'n', type: { kind: 'int' as const } }], batches: [] };
  expect(textsOfTable(table)).toEqual([]);
  const batches = [{ rows: 1, columns: [fixedColumn(4, ['01000000'])] }];
  expect(() => textsOfTable({ ...table, batches })).toThrow(TypeError);
});

test('a source gives the columns that are asked for', async () => {
  const source = sourceOf(tableOfTexts(['x', 'y', 'z'], ROWS), 'memory');
  const batches: Batch[] = [];
  for await (const batch of source.batches({ columns: [2, 0] })) batches.push(batch);
  expect(batches.map(({ columns }) => textsOfTable({ fields: [], batches: [{ rows: 2, columns }] }))).toEqual([
    [
      ['', 'a'],
      [null, 'ä😀'],
    ],
  ]);
});

test('a source refuses batches that do not fit its fields', () => {
  const fields = [{ name: 'x', type: { kind: 'string' as const } }];
  const text = textColumn(['a', 'b']);
  const wrong = [
    { rows: 2, columns: [] },
    { rows: 1, columns: [text] },
    { rows: 2, columns: [text, text] },
    { rows: 2, columns: [fixedColumn(4, ['01000000', '02000000'])] },
    { rows: 2, columns: [{ ...text, validity: new Uint8Array(0) }] },
  ];
  for (const batch of wrong) expect(() => sourceOf({ fields, batches: [batch] }, 'x')).toThrow(TypeError);
});
