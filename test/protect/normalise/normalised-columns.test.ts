import { createHmac, hkdfSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  createRecordSealer,
  encryptColumns,
  normaliseTable,
  openRecord,
  parseSharedSecret,
  parseTableSchema,
  reencryptOriginal,
  sealRecord,
  type TableSchema,
  tableOfTexts,
  textsOfTable,
} from 'sealroom';
import { loadNormalisers, printTableSchema, toPlainSchema } from 'sealroom/schema';
import { ID, SECRET } from '../../support/cli.ts';
import { Bench, settingsOf } from '../../support/tables.ts';
import { failureOf, fixedColumn, hexOfInteger, latin, textColumn, writeTable } from '../../tabular/support.ts';

const TERMS = {
  secret: parseSharedSecret(SECRET),
  collaborationId: ID,
  settings: settingsOf({ preserveNulls: true, allowJoinsOnColumnsWithDifferentNames: false }),
};

function schema(...columns: readonly object[]): TableSchema {
  return parseTableSchema(JSON.stringify({ headerRow: true, columns }));
}

const EMAIL = { name: 'E-Mail Address', normalise: ['email'], nulls: ['NULL', 'n/a', '-'] };
const SCHEMA = schema(
  { sourceHeader: EMAIL, targetHeader: 'email', type: 'fingerprint' },
  { sourceHeader: 'E-Mail Address', targetHeader: 'email_raw', type: 'sealed', pad: { type: 'none' } },
  { sourceHeader: EMAIL, targetHeader: 'email_norm', type: 'sealed', pad: { type: 'max', length: 0 } },
  { sourceHeader: 'id', targetHeader: 'id', type: 'cleartext' },
);

const VALUES = [
  'Ann@Example.com',
  ' ann@example.COM ',
  'NULL',
  'n/a',
  '-',
  'no address',
  null,
  'É@x.fr',
  'e\u0301@X.fr',
];
const ROWS = VALUES.map((value, index) => [value, String(index)]);
const CLEAR = ['ann@example.com', 'ann@example.com', null, null, null, null, null, 'é@x.fr', 'é@x.fr'];

/** Texts as `Bench.columns` reads them: byte by byte. */
const asRead = (texts: readonly (string | null)[]): (string | null)[] =>
  texts.map((text) => (text === null ? null : latin(text)));

/** The cell that C3R makes of a text (F-7, F-26, F-27), by Node's own cryptography. */
function cellOfText(target: string, text: string): string {
  const info = `c3r-hmac-sha256-col-${target}`;
  const key = new Uint8Array(hkdfSync('sha256', Buffer.from(SECRET, 'base64'), ID, info, 32));
  const hash = createHmac('sha256', key).update(Buffer.concat([Buffer.from(text), Buffer.of(2)]));
  return `02:hmac:${hash.digest('base64')}`;
}

const CELLS = CLEAR.map((text) => (text === null ? null : cellOfText('email', text)));

const COUNTS = { values: 8, changed: 4, missing: 3, notUnderstood: 1 };

/** The rows of a table by the column `id`, which is its last. */
function inOrder(rows: readonly (readonly (string | null)[])[]): readonly (readonly (string | null)[])[] {
  return rows.toSorted((a, b) => Number(a.at(-1)) - Number(b.at(-1)));
}

describe('encrypting', () => {
  test('F-102 gives the fingerprints that C3R gives of the normalised text, and seals what is not normalised as it is', async () => {
    await using bench = await Bench.start();
    const lines = VALUES.map((value, index) => `${value === null ? '' : `"${value}"`},${String(index)}`);
    await bench.put('in.csv', ['E-Mail Address,id', ...lines, ''].join('\n'));
    const summary = await bench.encrypt('in.csv', 'out.csv', SCHEMA, { settings: TERMS.settings });
    expect(summary.normalised).toEqual([
      { column: 'email', ...COUNTS },
      { column: 'email_norm', ...COUNTS },
    ]);
    expect(summary.warnings).toEqual([
      '1 of 8 values of `email` could not be normalised and is null',
      '1 of 8 values of `email_norm` could not be normalised and is null',
    ]);
    await bench.decrypt('out.csv', 'open.csv');
    const { email, email_raw: raw, email_norm: norm, id } = await bench.columns('open.csv');
    const rows = inOrder(
      (id ?? []).map((_, row) => [email?.[row] ?? null, raw?.[row] ?? null, norm?.[row] ?? null, id?.[row] ?? null]),
    );
    expect(rows.map(([cell]) => cell)).toEqual(CELLS);
    expect(rows.map(([, text]) => text)).toEqual(asRead(VALUES));
    expect(rows.map(([, , text]) => text)).toEqual(asRead(CLEAR));
  });

  test('F-102 in memory gives the same', async () => {
    const sealed = await encryptColumns(tableOfTexts(['e-mail address', 'ID'], ROWS), { ...TERMS, schema: SCHEMA });
    expect(inOrder(textsOfTable(sealed)).map(([cell]) => cell)).toEqual(CELLS);
    expect(sealed.normalised).toEqual([
      { column: 'email', ...COUNTS },
      { column: 'email_norm', ...COUNTS },
    ]);
  });

  test('F-102 record by record gives the same, and cannot leave it out', async () => {
    const plain = schema(
      { sourceHeader: EMAIL, targetHeader: 'email', type: 'fingerprint' },
      { sourceHeader: EMAIL, targetHeader: 'email_norm', type: 'sealed', pad: { type: 'none' } },
    );
    const normalisers = await loadNormalisers(plain.columns);
    using sealer = createRecordSealer({ ...TERMS, schema: plain, normalisers });
    const records = VALUES.map((value) => sealRecord(sealer, { 'E-Mail Address': value }));
    expect(records.map(({ email }) => email)).toEqual(CELLS);
    expect(records.map((record) => openRecord(sealer, record)['email_norm'])).toEqual(CLEAR);
    expect(() => createRecordSealer({ ...TERMS, schema: plain })).toThrow(
      expect.objectContaining({ code: 'SCHEMA_INVALID', hint: expect.stringContaining('loadNormalisers') }),
    );
    expect(() => sealRecord(sealer, { 'E-Mail Address': 5 })).toThrow(expect.objectContaining({ code: 'DATA_TYPE' }));
  });

  test('F-102 again under a new secret, from the original, gives the columns of the schema', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', 'E-Mail Address,id\nAnn@Example.com,1\n');
    await bench.encrypt('in.csv', 'out.csv', SCHEMA, { settings: TERMS.settings });
    const summary = await reencryptOriginal({
      input: bench.path('out.csv'),
      output: bench.path('new.csv'),
      original: bench.path('in.csv'),
      schema: SCHEMA,
      settings: TERMS.settings,
      collaborationId: ID,
      to: TERMS.secret,
      provenance: { generation: 2, secretId: '00'.repeat(32) },
      origin: null,
    });
    expect(summary.normalised).toMatchObject([
      { column: 'email', changed: 1 },
      { column: 'email_norm', changed: 1 },
    ]);
    expect((await bench.columns('new.csv'))['email']).toEqual([cellOfText('email', 'ann@example.com')]);
  });

  test('F-60 values that are equal once normalised are duplicates', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', 'E-Mail Address,id\nAnn@Example.com,1\nann@example.com,2\n');
    const settings = settingsOf({ allowDuplicates: false });
    const error = await failureOf(bench.encrypt('in.csv', 'out.csv', SCHEMA, { settings }));
    expect(error.code).toBe('RULE_DUPLICATES');
  });

  test('F-114 numbers and dates are normalised as the text of CSV, and are STRING', async () => {
    await using bench = await Bench.start();
    await writeTable(
      bench.path('in.parquet'),
      [
        { name: 'Number', type: { kind: 'int' } },
        { name: 'day', type: { kind: 'date' } },
        { name: 'price', type: { kind: 'double' } },
      ],
      [
        {
          rows: 2,
          columns: [
            fixedColumn(4, [hexOfInteger(491_701n, 4), null]),
            fixedColumn(4, [hexOfInteger(7669n, 4), hexOfInteger(0n, 4)]),
            fixedColumn(8, [Buffer.from(new Float64Array([1e-7]).buffer).toString('hex'), null]),
          ],
        },
      ],
    );
    const typed = schema(
      { sourceHeader: { name: 'number', normalise: ['digits'] }, targetHeader: 'number', type: 'fingerprint' },
      { sourceHeader: { name: 'day', normalise: ['date:DD.MM.YYYY'] }, targetHeader: 'day', type: 'fingerprint' },
      { sourceHeader: { name: 'price', normalise: ['number'] }, targetHeader: 'price', type: 'cleartext' },
    );
    await bench.encrypt('in.parquet', 'out.parquet', typed, { settings: TERMS.settings });
    const columns = await bench.columns('out.parquet');
    expect(new Set(columns['number'])).toEqual(new Set([cellOfText('number', '491701'), null]));
    expect(new Set(columns['day'])).toEqual(
      new Set([cellOfText('day', '1990-12-31'), cellOfText('day', '1970-01-01')]),
    );
    expect(new Set(columns['price'])).toEqual(new Set(['0.0000001', null]));
    expect((await bench.read('out.parquet')).fields.map(({ type }) => type.kind)).toEqual([
      'string',
      'string',
      'string',
    ]);
  });

  test('F-114 a column that cannot be protected cannot be normalised', async () => {
    await using bench = await Bench.start();
    const batch = { rows: 1, columns: [textColumn(['x'])] };
    await writeTable(bench.path('in.parquet'), [{ name: 'a', type: { kind: 'binary' } }], [batch]);
    const binary = schema({ sourceHeader: { name: 'a', normalise: ['trim'] }, targetHeader: 'a', type: 'cleartext' });
    const error = await failureOf(bench.encrypt('in.parquet', 'out.parquet', binary));
    expect([error.code, error.hint]).toEqual(['DATA_TYPE', expect.stringContaining('--parquet-binary-as-string')]);
    await bench.encrypt('in.parquet', 'out.parquet', binary, { parquetBinaryAsString: true });
    expect((await bench.columns('out.parquet'))['a']).toEqual(['x']);
  });
});

describe('for a partner with C3R', () => {
  test('F-116 the table has a column for each way in which a source is used, in clear, and rows keep their order', async () => {
    await using bench = await Bench.start();
    const lines = VALUES.map((value, index) => `${value === null ? '' : `"${value}"`},${String(index)}`);
    await bench.put('in.csv', ['E-Mail Address,id,unused', ...lines.map((line) => `${line},x`), ''].join('\n'));
    const summary = await normaliseTable({
      input: bench.path('in.csv'),
      output: bench.path('out.csv'),
      schema: SCHEMA,
    });
    expect(summary).toMatchObject({ rows: 9, normalised: [{ column: 'e_mail_address', ...COUNTS }] });
    expect(await bench.columns('out.csv')).toEqual({
      e_mail_address: asRead(CLEAR),
      e_mail_address_2: asRead(VALUES),
      id: VALUES.map((_, index) => String(index)),
    });
  });

  test('F-116 its schema gives the same cells, and is one that C3R reads', async () => {
    await using bench = await Bench.start();
    await bench.put(
      'in.csv',
      `E-Mail Address,id\n${ROWS.map(([value, id]) => `"${value ?? ''}",${id ?? ''}`).join('\n')}\n`,
    );
    await normaliseTable({ input: bench.path('in.csv'), output: bench.path('plain.csv'), schema: SCHEMA });
    const plain = toPlainSchema(SCHEMA).schema;
    expect(JSON.parse(printTableSchema(plain))).toMatchObject({
      headerRow: true,
      columns: [
        { sourceHeader: 'e_mail_address', targetHeader: 'email', type: 'fingerprint' },
        { sourceHeader: 'e_mail_address_2', targetHeader: 'email_raw' },
        { sourceHeader: 'e_mail_address', targetHeader: 'email_norm' },
        { sourceHeader: 'id', targetHeader: 'id' },
      ],
    });
    await bench.encrypt('in.csv', 'one.csv', SCHEMA, { settings: TERMS.settings });
    const summary = await bench.encrypt('plain.csv', 'other.csv', plain, { settings: TERMS.settings });
    expect(summary.normalised).toEqual([]);
    const [one, other] = [await bench.columns('one.csv'), await bench.columns('other.csv')];
    expect(other['email']?.toSorted()).toEqual(one['email']?.toSorted());
  });

  test('F-116 a file without header row gets one', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', '030 901820,x\n');
    const positional = parseTableSchema(
      JSON.stringify({
        headerRow: false,
        columns: [[{ sourceHeader: { normalise: ['phone:DE'] }, targetHeader: 'tel', type: 'fingerprint' }], []],
      }),
    );
    await normaliseTable({ input: bench.path('in.csv'), output: bench.path('out.csv'), schema: positional });
    expect(await bench.text('out.csv')).toBe('_c0\n+4930901820\n');
    expect(toPlainSchema(positional).schema).toMatchObject({ headerRow: true, columns: [{ sourceHeader: '_c0' }] });
  });

  test('F-116 text that is not UTF-8 is refused with its row, and nothing is left', async () => {
    await using bench = await Bench.start();
    const batch = { rows: 2, columns: [textColumn(['a', Uint8Array.of(0xff)])] };
    await writeTable(bench.path('in.arrow'), [{ name: 'a', type: { kind: 'binary' } }], [batch]);
    const text = schema({ sourceHeader: 'a', targetHeader: 'a', type: 'cleartext' });
    const input = bench.path('in.arrow');
    const error = await failureOf(normaliseTable({ input, output: bench.path('out.csv'), schema: text }));
    expect(error).toMatchObject({ code: 'DATA_ENCODING', where: { row: 2, column: 'a' } });
    expect(await bench.names()).toEqual(['in.arrow', 'tmp']);
  });
});
