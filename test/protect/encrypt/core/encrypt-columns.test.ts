import { describe, expect, test } from 'vitest';
import {
  type ColumnTable,
  decryptColumns,
  encryptColumns,
  type EncryptColumnsOptions,
  type EncryptedColumns,
  parseSharedSecret,
  tableOfTexts,
  textsOfTable,
} from 'sealroom';
import { ID, SECRET } from '../../../support/cli.ts';
import { Bench, schemaOf, settingsOf } from '../../../support/tables.ts';
import { failureOf, fixedColumn, textColumn, valuesOf } from '../../../tabular/support.ts';
import { RUNNABLE_KERNELS } from '../../../support/kernels.ts';

const ROWS = 2500;
const TERMS = { settings: settingsOf({}), secret: parseSharedSecret(SECRET), collaborationId: ID };
const SCHEMA = schemaOf('id:fingerprint', 'note:sealed max 0', 'id>copy:sealed', 'id>plain:cleartext');

const TEXTS = Array.from({ length: ROWS }, (_, row) => [
  `id${String(row)}`,
  row % 7 === 0 ? null : `note ${String(row)}`,
]);

function encrypt(
  table: ColumnTable,
  options: Partial<EncryptColumnsOptions> & Pick<EncryptColumnsOptions, 'schema'>,
): Promise<EncryptedColumns> {
  return encryptColumns(table, { ...TERMS, ...options });
}

/** The rows of a table in one batch, and again in many. */
const TABLES = {
  'one batch': tableOfTexts(['ID', 'note'], TEXTS),
  'many batches': {
    fields: tableOfTexts(['ID', 'note'], []).fields,
    batches: Array.from({ length: 50 }, (_, part) => TEXTS.slice(part * 50, part * 50 + 50)).flatMap(
      (rows) => tableOfTexts(['ID', 'note'], rows).batches,
    ),
  },
};

describe.each(Object.entries(TABLES))('a table of %s', (_name, table) => {
  test.each(RUNNABLE_KERNELS)('comes back whole from kernel %s, in another order', async (kernel) => {
    const sealed = await encrypt(table, { schema: SCHEMA, kernel });
    expect(sealed).toMatchObject({ rows: ROWS, nulls: Math.ceil(ROWS / 7) });
    expect(sealed.fields.map(({ name }) => name)).toEqual(['id', 'note', 'copy', 'plain']);
    const opened = await decryptColumns(sealed, { ...TERMS, kernel });
    expect(opened).toMatchObject({
      rows: ROWS,
      columns: { fingerprint: 1, sealed: 2, cleartext: 1 },
      openedCells: 2 * ROWS,
      warnings: [],
    });
    const before = textsOfTable(sealed);
    const after = textsOfTable(opened);
    expect(after.map(([id]) => id)).toEqual(before.map(([id]) => id));
    expect(after.every(([, , copy, plain]) => copy === plain)).toBe(true);
    const order = after.map(([, , id]) => Number((id ?? '').slice(2)));
    expect(order.toSorted((a, b) => a - b)).toEqual(TEXTS.map((_, row) => row));
    expect(order).not.toEqual(TEXTS.map((_, row) => row));
    expect(after.map(([, note]) => note)).toEqual(order.map((row) => TEXTS[row]?.[1]));
    // One pad for all, nulls too.
    expect(new Set(before.map(([, note]) => note?.length)).size).toBe(1);
  });
});

test('gives the fingerprints and lengths that encryptTable gives, which opens its cells', async () => {
  await using bench = await Bench.start();
  const lines = TEXTS.map(([id, note]) => `${id ?? ''},${note ?? ''}`);
  await bench.put('in.csv', ['id,note', ...lines, ''].join('\n'));
  await bench.encrypt('in.csv', 'sealed.csv', SCHEMA, { settings: TERMS.settings });
  const columns = await bench.columns('sealed.csv');
  const ofTable = new Map(columns['plain']?.map((id, row) => [id, row]));
  const sealed = await encrypt(TABLES['one batch'], { schema: SCHEMA });
  for (const [id, note, copy, plain] of textsOfTable(sealed)) {
    const row = ofTable.get(plain ?? '') ?? -1;
    expect(id).toBe(columns['id']?.[row]);
    expect(note).toHaveLength(columns['note']?.[row]?.length ?? -1);
    expect(copy).toHaveLength(columns['copy']?.[row]?.length ?? -1);
  }
  const csv = [
    sealed.fields.map(({ name }) => name).join(','),
    ...textsOfTable(sealed).map((row) => row.join(',')),
    '',
  ];
  await bench.put('memory.csv', csv.join('\n'));
  expect(await bench.decrypt('memory.csv', 'open.csv')).toMatchObject({ rows: ROWS, openedCells: 2 * ROWS });
  const opened = await bench.columns('open.csv');
  expect(opened['copy']).toEqual(opened['plain']);
});

const TYPED: ColumnTable = {
  fields: [
    { name: 'count', type: { kind: 'int' } },
    { name: 'price', type: { kind: 'decimal', precision: 9, scale: 2 } },
    { name: 'at', type: { kind: 'timestamp', unit: 'us', utc: true } },
    { name: 'blob', type: { kind: 'binary' } },
  ],
  batches: [
    {
      rows: 2,
      columns: [
        fixedColumn(4, ['01000000', null]),
        fixedColumn(16, [`d2${'00'.repeat(15)}`, 'ff'.repeat(16)]),
        fixedColumn(8, ['0100000000000000', '0200000000000000']),
        textColumn(['\xff', 'b']),
      ],
    },
  ],
};
const TYPED_SCHEMA = schemaOf('count:sealed', 'price:sealed', 'at:sealed', 'at>when:cleartext', 'blob:cleartext');

test('columns of numbers get their types back, cleartext ones keep theirs', async () => {
  const sealed = await encrypt(TYPED, { schema: TYPED_SCHEMA });
  expect(sealed.fields.map(({ type }) => type.kind)).toEqual(['string', 'string', 'string', 'timestamp', 'binary']);
  const opened = await decryptColumns(sealed, TERMS);
  const [count, price, at, blob] = TYPED.fields.map(({ type }) => type);
  expect(opened.fields.map(({ type }) => type)).toEqual([count, price, at, at, blob]);
  const before = TYPED.batches[0]?.columns.map(valuesOf) ?? [];
  const after = opened.batches.flatMap(({ columns }) => [columns.map(valuesOf)]);
  const rowsOf = (columns: readonly (readonly (string | null)[])[], order: readonly number[]): string[] =>
    [0, 1].map((row) => JSON.stringify(order.map((column) => columns[column]?.[row])));
  expect(rowsOf(after[0] ?? [], [0, 1, 2, 3, 4]).sort()).toEqual(rowsOf(before, [0, 1, 2, 2, 3]).sort());
});

test('all columns are text where text is asked for', async () => {
  const table = { ...TYPED, fields: TYPED.fields.slice(0, 3) };
  const batches = TYPED.batches.map(({ rows, columns }) => ({ rows, columns: columns.slice(0, 3) }));
  const schema = schemaOf('count:sealed', 'price>cents:cleartext', 'at:cleartext');
  const sealed = await encrypt({ ...table, batches }, { schema, asText: true });
  const opened = await decryptColumns(sealed, { ...TERMS, asText: true });
  expect(textsOfTable(opened).sort()).toEqual(
    [
      ['1', '2.10', '1970-01-01 00:00:00.000001'],
      [null, '-0.01', '1970-01-01 00:00:00.000002'],
    ].sort(),
  );
});

test('no buffer of a protected table holds what was protected', async () => {
  const marked = TEXTS.map((_, row) => [`id${String(row)}`, `hidden ${String(row)}`]);
  const settings = settingsOf({ allowDuplicates: false });
  const sealed = await encrypt(tableOfTexts(['id', 'note'], marked), {
    schema: schemaOf('id:fingerprint', 'note:sealed', 'id>plain:cleartext'),
    settings,
  });
  for (const column of sealed.batches.flatMap(({ columns }) => columns)) {
    const bytes = column.layout === 'bytes' ? column.bytes : column.values;
    expect(Buffer.from(bytes.buffer).includes('hidden')).toBe(false);
  }
});

test('an empty table has its columns', async () => {
  const sealed = await encrypt(tableOfTexts(['id', 'note'], []), { schema: SCHEMA });
  expect(sealed).toMatchObject({ rows: 0, nulls: 0 });
  expect(textsOfTable(sealed)).toEqual([]);
  expect(sealed.fields).toHaveLength(4);
  expect(textsOfTable(await decryptColumns(sealed, TERMS))).toEqual([]);
});

test('a schema without header row takes columns by their place', async () => {
  const { parseTableSchema } = await import('sealroom');
  const schema = parseTableSchema(
    JSON.stringify({
      headerRow: false,
      columns: [[{ targetHeader: 'id', type: 'fingerprint' }], [{ targetHeader: 'plain', type: 'cleartext' }]],
    }),
  );
  const sealed = await encrypt(TABLES['one batch'], { schema });
  expect(sealed.fields.map(({ name }) => name)).toEqual(['id', 'plain']);
});

describe('F-60 where duplicates are forbidden', () => {
  const settings = settingsOf({ allowDuplicates: false });
  const schema = schemaOf('a:fingerprint', 'b:fingerprint', 'c:fingerprint');
  const repeated = TEXTS.map((_, row) => [
    String(row),
    row === 2000 || row === 2490 ? 'x' : `b${String(row)}`,
    row === 30 || row === 40 || row === 4999 ? 'y' : row % 2000 === 1999 ? 'z' : `c${String(row)}`,
  ]);

  test('repeated values are refused with the words of encryptTable', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', ['a,b,c', ...repeated.map((row) => row.join(',')), ''].join('\n'));
    const ofTable = await failureOf(bench.encrypt('in.csv', 'out.csv', schema, { settings }));
    const error = await failureOf(
      encrypt(tableOfTexts(['a', 'b', 'c'], repeated), { schema, settings, name: bench.path('in.csv') }),
    );
    expect(error).toMatchObject({ code: 'RULE_DUPLICATES', message: ofTable.message, where: ofTable.where });
    expect(error.hint).toBe(ofTable.hint);
    expect(error.message).toContain('rows 2001 and 2491');
    expect(error.hint).toBe('so do rows of `c`');
  });

  test('a second null is refused, unless nulls are preserved', async () => {
    const rows = TEXTS.map(([id], row) => [id ?? '', String(row), row === 10 || row === 2321 ? null : String(row)]);
    const table = tableOfTexts(['a', 'b', 'c'], rows);
    expect(await failureOf(encrypt(table, { schema, settings }))).toMatchObject({
      code: 'RULE_DUPLICATES',
      where: { file: 'table', column: 'c', row: 2322 },
    });
    const sealed = await encrypt(table, { schema, settings: { ...settings, preserveNulls: true } });
    expect(textsOfTable(sealed).filter(([, , c]) => c === null)).toHaveLength(2);
  });

  test('different values are let through', async () => {
    const sealed = await encrypt(TABLES['many batches'], { schema: schemaOf('id:fingerprint'), settings });
    expect(new Set(textsOfTable(sealed).flat()).size).toBe(ROWS);
  });
});

describe('refuses', () => {
  const table = TABLES['one batch'];
  const cases = {
    'cleartext columns where they are forbidden': [
      { schema: SCHEMA, settings: settingsOf({ allowCleartext: false }) },
      { code: 'RULE_CLEARTEXT' },
    ],
    'a bad collaboration id': [{ schema: SCHEMA, collaborationId: 'x' }, { code: 'USAGE_OPTION' }],
    'a missing column': [
      { schema: schemaOf('other:sealed'), name: 'claims' },
      { code: 'DATA_COLUMN', where: { file: 'claims' } },
    ],
    'a value that has no room in its pad': [
      { schema: schemaOf('id:sealed fixed 5') },
      { code: 'DATA_LENGTH', where: { file: 'table', column: 'id', row: 101 } },
    ],
  } as const;

  test.each(Object.entries(cases))('%s', async (_name, [options, expected]) => {
    expect(await failureOf(encrypt(table, options))).toMatchObject(expected);
  });

  test('batches that do not fit the fields', async () => {
    const wrong = { ...table, fields: [...table.fields, { name: 'more', type: { kind: 'int' as const } }] };
    await expect(encrypt(wrong, { schema: SCHEMA })).rejects.toThrow(TypeError);
    await expect(decryptColumns(wrong, TERMS)).rejects.toThrow(TypeError);
  });

  test('to go on after a stop', async () => {
    const signal = AbortSignal.abort();
    await expect(encrypt(table, { schema: SCHEMA, signal })).rejects.toThrow('aborted');
    const sealed = await encrypt(table, { schema: SCHEMA });
    await expect(decryptColumns(sealed, { ...TERMS, signal })).rejects.toThrow('aborted');
  });
});
