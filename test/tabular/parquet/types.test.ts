import { readFile } from 'node:fs/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { openTable } from 'sealroom/tabular';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bench, schemaOf } from '../../support/tables.ts';
import { failureOf, hexesOf, hexOfInteger, textColumn, wordsOf, writeTable } from '../support.ts';

// What the readers make of a type is in read.test.ts; here is what becomes of it in an encryption.

let bench: Bench;

/**
 * A type and one of its values in SQL; whether it can be sealed, fingerprinted, carried to Parquet; and its text in CSV, out
 * of a sealed cell as in cleartext (`null`: neither).
 */
const TYPES: readonly (readonly [
  type: string,
  value: string,
  sealed: boolean,
  fingerprint: boolean,
  text: string | null,
])[] = [
  ['VARCHAR', `'é'`, true, true, 'é'],
  ['BOOLEAN', 'true', true, true, 'true'],
  ['SMALLINT', '-7', true, true, '-7'],
  ['INTEGER', '-7', true, true, '-7'],
  ['BIGINT', '-9223372036854775808', true, true, '-9223372036854775808'],
  ['DATE', `'1969-12-31'`, true, true, '1969-12-31'],
  ['FLOAT', `'-0.0'`, true, false, '-0.0'],
  ['DOUBLE', `'-infinity'`, true, false, '-Infinity'],
  ['DECIMAL(4,1)', '-1.5', true, false, '-1.5'],
  ['DECIMAL(9,9)', '0.000000001', true, false, '0.000000001'],
  ['DECIMAL(18,0)', '-999999999999999999', true, false, '-999999999999999999'],
  [
    'DECIMAL(38,10)',
    '-1234567890123456789012345678.0123456789',
    true,
    false,
    '-1234567890123456789012345678.0123456789',
  ],
  ['TIMESTAMP_MS', `'1969-12-31 23:59:59.999'`, true, false, '"1969-12-31 23:59:59.999000"'],
  ['TIMESTAMP', `'2024-02-29 12:00:00.000001'`, true, false, '"2024-02-29 12:00:00.000001"'],
  ['TIMESTAMP_NS', `'2024-02-29 12:00:00.000001999'`, true, false, '"2024-02-29 12:00:00.000001"'],
  ['TIMESTAMPTZ', `'2024-02-29 12:00:00+01'`, true, false, '"2024-02-29 11:00:00.000000"'],
  ['BLOB', `'text'`, false, false, 'text'],
  ['TINYINT', '-7', false, false, '-7'],
  ['UTINYINT', '255', false, false, '255'],
  ['USMALLINT', '65535', false, false, '65535'],
  ['UINTEGER', '4294967295', false, false, '4294967295'],
  ['UBIGINT', '18446744073709551615', false, false, '18446744073709551615'],
  ['TIME', `'12:34:56.000001'`, false, false, '12:34:56.000001'],
  ['UUID', `'00000000-1111-2222-3333-444444444444'`, true, true, '00000000-1111-2222-3333-444444444444'],
  ['JSON', `'{}'`, false, false, '{}'],
  ['INTERVAL', `'2 days'`, false, false, '"2 days"'],
  // DuckDB writes these as other types.
  ['HUGEINT', '12', true, false, '12.0'],
  [`ENUM('a', 'b')`, `'b'`, true, true, 'b'],
  ['BIT', `'101'`, true, true, '101'],
];
const NAMES = TYPES.map((_, index) => `c${String(index)}`);

beforeAll(async () => {
  bench = await Bench.start();
  const instance = await DuckDBInstance.create(':memory:');
  const duckdb = await instance.connect();
  const columns = TYPES.map(
    ([type, value], index) =>
      `CAST(${value} AS ${type}) AS c${String(index)}, CAST(NULL AS ${type}) AS n${String(index)}`,
  );
  const nested = `[1] AS list, {'a': 1} AS struct, MAP {'a': 1} AS map`;
  await duckdb.run(`COPY (SELECT ${columns.join()}, ${nested}, 'x' AS plain) TO '${bench.path('types.parquet')}'`);
  await duckdb.run(`COPY (SELECT '\\xFF'::BLOB AS b) TO '${bench.path('bytes.parquet')}'`);
  duckdb.closeSync();
  instance.closeSync();
});

afterAll(() => bench[Symbol.asyncDispose]());

describe('F-87 a column of', () => {
  test.each(TYPES.map(([type, , sealed, fingerprint], index) => [type, sealed, fingerprint, index] as const))(
    '%s can be sealed: %s, fingerprinted: %s',
    async (_, sealed, fingerprint, index) => {
      const name = `c${String(index)}`;
      for (const [kind, isPossible] of [
        ['sealed', sealed],
        ['fingerprint', fingerprint],
      ] as const) {
        // Whatever the output is, although carried types are text in CSV.
        for (const format of ['parquet', 'csv'] as const) {
          const schema = schemaOf(`${name}>t:${kind}`);
          const output = { kind: 'file', path: bench.path('none'), format } as const;
          const encryption = bench.encrypt('types.parquet', '', schema, { dryRun: true, output });
          if (isPossible) expect((await encryption).rows).toBe(1);
          else expect(await failureOf(encryption)).toMatchObject({ code: 'DATA_TYPE', where: { column: 't' } });
        }
      }
    },
  );

  test('every type goes to CSV as its text, in cleartext and by way of sealed cells, and nulls as nulls', async () => {
    const sealed = TYPES.flatMap(([, , isSealed], index) =>
      isSealed ? [`c${String(index)}>s${String(index)}:sealed`] : [],
    );
    const clear = [...NAMES, ...NAMES.map((name) => name.replace('c', 'n'))].map((name) => `${name}:cleartext`);
    await bench.encrypt('types.parquet', 'all.csv', schemaOf(...clear, ...sealed));
    await bench.decrypt('all.csv', 'all.open.csv');
    const [line] = (await bench.lines('all.open.csv')).slice(1);
    const texts = TYPES.map(([, , , , text]) => text);
    const opened = TYPES.flatMap(([, , isSealed, , text]) => (isSealed ? [text] : []));
    expect(line).toBe([...texts, ...TYPES.map(() => ''), ...opened].join());
  });

  test('every type goes to Parquet as it is, in cleartext and by way of sealed cells, and nulls as nulls', async () => {
    const sealed = TYPES.flatMap(([, , isSealed], index) =>
      isSealed ? [`c${String(index)}>s${String(index)}:sealed`, `n${String(index)}>m${String(index)}:sealed`] : [],
    );
    const clear = [...NAMES, ...NAMES.map((name) => name.replace('c', 'n'))].map((name) => `${name}:cleartext`);
    await bench.encrypt('types.parquet', 'all.parquet', schemaOf(...clear, ...sealed));
    await bench.decrypt('all.parquet', 'all.open.parquet');
    const reading = await bench.read('all.open.parquet');
    const values = await bench.columns('all.open.parquet');
    const before = await readFew('types.parquet');
    TYPES.forEach(([type, , isSealed], index) => {
      const id = String(index);
      const typeOf = (name: string): unknown => reading.fields.find((field) => field.name === name)?.type;
      expect(typeOf(`c${id}`), type).toEqual(before.get(`c${id}`)?.type);
      expect(values[`c${id}`], type).toEqual(before.get(`c${id}`)?.values);
      expect(values[`n${id}`], type).toEqual([null]);
      if (!isSealed) return;
      // A UUID is sealed as its text.
      expect(typeOf(`s${id}`), type).toEqual(type === 'UUID' ? { kind: 'string' } : typeOf(`c${id}`));
      expect(values[`s${id}`], type).toEqual(
        type === 'UUID' ? ['00000000-1111-2222-3333-444444444444'] : values[`c${id}`],
      );
      expect(values[`m${id}`], type).toEqual([null]);
    });
  });

  test('a nested type does no harm unless it is used', async () => {
    expect((await bench.encrypt('types.parquet', 'plain.csv', schemaOf('plain:sealed'))).rows).toBe(1);
    for (const name of ['list', 'struct', 'map']) {
      for (const kind of ['sealed', 'fingerprint', 'cleartext']) {
        const error = await failureOf(bench.encrypt('types.parquet', 'none.parquet', schemaOf(`${name}:${kind}`)));
        expect(error).toMatchObject({ code: 'DATA_TYPE', where: { column: name } });
      }
    }
    expect(await bench.names()).not.toContain('none.parquet');
  });

  test('a type without an Arrow form is refused there by its column', async () => {
    const name = `c${String(TYPES.findIndex(([type]) => type === 'INTERVAL'))}`;
    const error = await failureOf(bench.encrypt('types.parquet', 'none.arrow', schemaOf(`${name}:cleartext`)));
    expect(error).toMatchObject({ code: 'IO_FORMAT', where: { column: name } });
    expect(error.message).toContain('type INTERVAL');
  });
});

/** The columns with values and nulls of a table, each read by itself. */
async function readFew(name: string): Promise<Map<string, { type: unknown; values: unknown }>> {
  const reader = await openTable(bench.path(name));
  const found = new Map<string, { type: unknown; values: unknown }>();
  const indexes = reader.fields.flatMap((field, index) => (/^[cn]\d/.test(field.name) ? [index] : []));
  for await (const batch of reader.batches({ columns: indexes })) {
    indexes.forEach((index, position) => {
      const [field, column] = [reader.fields[index], batch.columns[position]];
      if (field === undefined || column === undefined) throw new Error('a column that is not there');
      const values =
        column.layout === 'fixed'
          ? hexesOf(column)
          : column.validity === null
            ? [Buffer.from(column.bytes).toString('latin1')]
            : [null];
      found.set(field.name, { type: field.type, values });
    });
  }
  await reader.close();
  return found;
}

describe('F-88 binary columns without an annotation', () => {
  test('can be protected only if the caller says that they are text', async () => {
    const blob = `c${String(TYPES.findIndex(([type]) => type === 'BLOB'))}`;
    const schema = schemaOf(`${blob}>s:sealed`, `${blob}>f:fingerprint`, 'c0>same:fingerprint', `${blob}>c:cleartext`);
    const error = await failureOf(bench.encrypt('types.parquet', 'none.parquet', schema));
    expect(error).toMatchObject({ code: 'DATA_TYPE', where: { column: 's' } });
    expect(error.hint).toMatch(/--parquet-binary-as-string/);
    await bench.encrypt('types.parquet', 'blob.parquet', schema, { parquetBinaryAsString: true });
    await bench.decrypt('blob.parquet', 'blob.open.parquet');
    const { fields } = await bench.read('blob.open.parquet');
    expect(fields.map((field) => field.type.kind)).toEqual(['string', 'string', 'string', 'string']);
    expect(await bench.columns('blob.open.parquet')).toMatchObject({ s: ['text'], c: ['text'] });
  });

  test('that are no text are carried to Parquet, and refused in CSV at their row', async () => {
    await bench.encrypt('bytes.parquet', 'bytes.out.parquet', schemaOf('b:cleartext'));
    expect(await bench.columns('bytes.out.parquet')).toEqual({ b: ['\xff'] });
    const error = await failureOf(bench.encrypt('bytes.parquet', 'bytes.csv', schemaOf('b>c:cleartext')));
    expect(error).toMatchObject({ code: 'DATA_ENCODING', where: { column: 'c', row: 1 } });
    const decryption = await failureOf(bench.decrypt('bytes.parquet', 'bytes.csv'));
    expect(decryption).toMatchObject({ code: 'DATA_ENCODING', where: { column: 'b', row: 1 } });
    expect(wordsOf(decryption)).not.toContain('\xff');
    expect(await bench.names()).not.toContain('bytes.csv');
  });
});

describe('values that are easily lost', () => {
  test('many row groups keep all rows, and a truncated file gives none', async () => {
    const count = 20_000;
    const texts = Array.from({ length: count }, (_, row) => String(row));
    await writeTable(
      bench.path('many.parquet'),
      [{ name: 'k', type: { kind: 'string' } }],
      [{ rows: count, columns: [textColumn(texts)] }],
    );
    await bench.encrypt('many.parquet', 'many.out.parquet', schemaOf('k:cleartext'));
    const { k = [] } = await bench.columns('many.out.parquet');
    expect(new Set(k).size).toBe(count);
    const whole = await readFile(bench.path('many.parquet'));
    for (const part of [0, 3, 0.3, 0.7, 0.99]) {
      await bench.put('cut.parquet', whole.subarray(0, part < 1 ? Math.floor(whole.length * part) : part));
      const error = await failureOf(bench.encrypt('cut.parquet', 'none.parquet', schemaOf('k:sealed')));
      expect(error).toMatchObject({ code: 'DATA_CORRUPT', where: { file: bench.path('cut.parquet') } });
    }
    expect(await bench.names()).not.toContain('none.parquet');
  });

  test('zoned milliseconds come back in microseconds, the rest in its unit', async () => {
    const fields = (['ms', 'us', 'ns'] as const).map(
      (unit) => ({ name: unit, type: { kind: 'timestamp', unit, utc: true } }) as const,
    );
    const column = {
      layout: 'fixed',
      rows: 1,
      width: 8,
      values: Buffer.from(hexOfInteger(1500n, 8), 'hex'),
      validity: null,
    } as const;
    await writeTable(bench.path('zoned.arrow'), fields, [{ rows: 1, columns: [column, column, column] }]);
    await bench.encrypt('zoned.arrow', 'zoned.out.parquet', schemaOf('ms:sealed', 'us:sealed', 'ns:sealed'));
    await bench.decrypt('zoned.out.parquet', 'zoned.arrow', { overwrite: true });
    expect((await bench.read('zoned.arrow')).fields).toEqual(fields);
    await bench.decrypt('zoned.out.parquet', 'zoned.parquet');
    expect((await bench.read('zoned.parquet')).fields.map((field) => field.type)).toEqual([
      { kind: 'timestamp', unit: 'us', utc: true },
      { kind: 'timestamp', unit: 'us', utc: true },
      { kind: 'timestamp', unit: 'ns', utc: false },
    ]);
    expect(await bench.columns('zoned.parquet')).toEqual({
      ms: [hexOfInteger(1_500_000n, 8)],
      us: [hexOfInteger(1500n, 8)],
      ns: [hexOfInteger(1500n, 8)],
    });
  });
});
