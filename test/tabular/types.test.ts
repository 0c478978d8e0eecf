import { copyFile, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { DataType, tableFromIPC } from 'apache-arrow';
import { parquetTypeName } from '#src/tabular/parquet/type-name';
import { parseSharedSecret } from 'sealroom';
import {
  type ClientType,
  createKernel,
  deriveFingerprintKey,
  fingerprintValue,
  parseCollaborationId,
} from 'sealroom/crypto';
import { openTable } from 'sealroom/tabular';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseValue } from '../conformance/kit/values.ts';
import { ID, SECRET } from '../support/cli.ts';
import { Bench, schemaOf, settingsOf } from '../support/tables.ts';
import { failureOf, latin, readTable } from './support.ts';

const FOLDER = new URL('../vectors/types/', import.meta.url);

/** What becomes of a column: see test/vectors/types/README.md. */
type Verdict =
  | { readonly type: string; readonly verdict: 'refused' }
  | {
      readonly type: string;
      readonly verdict: 'carried';
      readonly texts: readonly (string | null)[];
      readonly sealed: boolean;
      readonly fingerprint: Exclude<ClientType['kind'], 'decimal' | 'timestamp' | 'varchar'> | null;
      readonly arrow: string;
      readonly parquet: string;
    };

const VERDICTS = JSON.parse(await readFile(new URL('types.json', FOLDER), 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, Verdict>>>
>;
const FILES = Object.keys(VERDICTS);

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start();
  for (const name of FILES) await copyFile(pathOf(name), bench.path(name));
});

afterAll(() => bench[Symbol.asyncDispose]());

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, FOLDER));
}

function columnsOf(file: string): [string, Verdict][] {
  return Object.entries(VERDICTS[file] ?? {});
}

function carriedIn(file: string): [string, Verdict & { verdict: 'carried' }][] {
  return columnsOf(file).flatMap(([name, verdict]) => (verdict.verdict === 'carried' ? [[name, verdict]] : []));
}

/** The rows of an encrypted table are in any order. */
function sorted(values: readonly (string | null)[] | undefined): (string | null)[] {
  return [...(values ?? [])].sort((first, second) => String(first).localeCompare(String(second)));
}

async function expectTexts(csv: string, file: string, names = carriedIn(file)): Promise<void> {
  const columns = await bench.columns(csv);
  for (const [name, { texts }] of names) {
    const expected = texts.map((text) => (text === null ? null : latin(text)));
    expect(sorted(columns[name]), name).toEqual(sorted(expected));
  }
}

/** The schema that carries columns, and the settings under which a null stays one. */
function cleartext(file: string): ReturnType<typeof schemaOf> {
  return schemaOf(...carriedIn(file).map(([name]) => `${name}:cleartext`));
}

describe.each(FILES)('F-140 F-87 in %s,', (file) => {
  test('every column has a verdict, under the name that the file has for its type', async () => {
    const table = await openTable(pathOf(file));
    await table.close();
    expect(table.fields.map(({ name }) => name).sort()).toEqual(
      columnsOf(file)
        .map(([name]) => name)
        .sort(),
    );
    for (const { name, type, typeName } of table.fields) {
      const verdict = VERDICTS[file]?.[name];
      const found = type.kind === 'unsupported' ? type.engineType : typeName;
      if (found !== undefined) expect(found, name).toBe(verdict?.type);
      expect(type.kind === 'unsupported', name).toBe(verdict?.verdict === 'refused');
    }
  });

  test('what can be carried goes to CSV as text, and nulls as nulls', async () => {
    await bench.encrypt(file, 'out.csv', cleartext(file), { overwrite: true });
    await expectTexts('out.csv', file);
  });

  test('what can be carried goes to Arrow, in the type of the table, and decryption keeps it', async () => {
    await bench.encrypt(file, 'out.arrow', cleartext(file), { overwrite: true });
    await bench.decrypt('out.arrow', 'opened.arrow', { overwrite: true });
    for (const name of ['out.arrow', 'opened.arrow']) {
      const { schema } = tableFromIPC(await readFile(bench.path(name)));
      const types = schema.fields.map((field) => [field.name, arrowName(field.type, field.metadata)]);
      expect(types).toEqual(carriedIn(file).map(([column, { arrow }]) => [column, arrow]));
      await bench.decrypt(name, 'out.csv', { overwrite: true });
      await expectTexts('out.csv', file);
    }
  });

  test('F-89 what can be carried goes to Parquet, in the type of the table, and decryption keeps it', async () => {
    await bench.encrypt(file, 'out.parquet', cleartext(file), { overwrite: true });
    await bench.decrypt('out.parquet', 'opened.parquet', { overwrite: true });
    for (const name of ['out.parquet', 'opened.parquet']) {
      expect(await parquetNames(name)).toEqual(carriedIn(file).map(([column, { parquet }]) => [column, parquet]));
      await bench.decrypt(name, 'out.csv', { overwrite: true });
      await expectTexts('out.csv', file);
    }
  });

  test('what can be sealed opens to the same values, by way of each format', async () => {
    const names = carriedIn(file).filter(([, { sealed }]) => sealed);
    const schema = schemaOf(...names.map(([name]) => `${name}:sealed`));
    for (const format of ['csv', 'parquet', 'arrow']) {
      await bench.encrypt(file, `sealed.${format}`, schema, { overwrite: true });
      await bench.decrypt(`sealed.${format}`, 'out.csv', { overwrite: true });
      await expectTexts('out.csv', file, names);
    }
  });

  test('what can be fingerprinted has the fingerprints of its client type', async () => {
    const names = carriedIn(file).filter(([, { fingerprint }]) => fingerprint !== null);
    const schema = schemaOf(...names.map(([name]) => `${name}:fingerprint`));
    await bench.encrypt(file, 'out.csv', schema, { overwrite: true, settings: settingsOf({ preserveNulls: true }) });
    const columns = await bench.columns('out.csv');
    const kernel = createKernel('noble');
    for (const [name, { fingerprint, texts }] of names) {
      if (fingerprint === null) continue;
      using key = deriveFingerprintKey(parseSharedSecret(SECRET), parseCollaborationId(ID), name, {
        allowJoinsOnColumnsWithDifferentNames: true,
      });
      const expected = texts.map((text) =>
        text === null
          ? null
          : fingerprintValue(kernel, key, { type: { kind: fingerprint }, value: valueOf(fingerprint, text) }),
      );
      expect(sorted(columns[name]), name).toEqual(sorted(expected));
    }
  });

  test('what cannot be protected, or not even carried, is refused under the name that the file has for its type', async () => {
    const outputs = ['none.csv', 'none.parquet', 'none.arrow'];
    let count = 0;
    for (const [name, verdict] of columnsOf(file)) {
      const isCarried = verdict.verdict === 'carried';
      const kinds = [
        ...(isCarried ? [] : ['cleartext']),
        ...(isCarried && verdict.sealed ? [] : ['sealed']),
        ...(isCarried && verdict.fingerprint !== null ? [] : ['fingerprint']),
      ];
      for (const kind of kinds) {
        const output = outputs[count++ % outputs.length] ?? '';
        const error = await failureOf(bench.encrypt(file, output, schemaOf(`${name}>t:${kind}`)));
        expect(error, `${name} ${kind}`).toMatchObject({ code: 'DATA_TYPE', where: { file: bench.path(file) } });
        expect([name, 't']).toContain(error.where.column);
        // What can be sealed is called what C3R calls it where it cannot be fingerprinted.
        if (!isCarried || !verdict.sealed) expect(error.message, `${name} ${kind}`).toContain(` ${verdict.type} `);
      }
    }
    expect((await bench.names()).filter((name) => name.startsWith('none'))).toEqual([]);
  });
});

function valueOf(kind: ClientType['kind'], text: string): ReturnType<typeof parseValue> {
  return kind === 'date' ? Date.parse(text) / 86_400_000 : parseValue(kind, text);
}

/** Arrow's name for the type of a field that the library describes. */
function arrowName(type: DataType, metadata: ReadonlyMap<string, string>): string {
  if (metadata.get('ARROW:extension:name') === 'arrow.uuid') return 'arrow.uuid';
  const unit = 'unit' in type ? (['s', 'ms', 'us', 'ns'][Number(type.unit)] ?? '') : '';
  if (DataType.isDecimal(type)) {
    return `Decimal${String(type.bitWidth)}(${String(type.precision)}, ${String(type.scale)})`;
  }
  if (DataType.isTimestamp(type)) return `Timestamp(${unit}${(type.timezone ?? '') === '' ? '' : ', with zone'})`;
  if (DataType.isTime(type)) return `Time${String(type.bitWidth)}(${unit})`;
  if (DataType.isDate(type)) return type.unit === 0 ? 'Date32' : 'Date64';
  if (DataType.isFixedSizeBinary(type)) return `FixedSizeBinary(${String(type.byteWidth)})`;
  return String(type);
}

/** What a Parquet file calls the types of its columns. */
async function parquetNames(name: string): Promise<[unknown, string][]> {
  const instance = await DuckDBInstance.create(':memory:');
  const duckdb = await instance.connect();
  const result = await duckdb.runAndReadAll(
    `SELECT *, logical_type::VARCHAR AS logical FROM parquet_schema('${bench.path(name)}') OFFSET 1`,
  );
  duckdb.closeSync();
  instance.closeSync();
  return result.getRowObjectsJson().map((row): [unknown, string] => [
    row['name'],
    parquetTypeName({
      name: String(row['name']),
      physical: String(row['type']),
      typeLength: Number(row['type_length']),
      repetition: String(row['repetition_type']),
      converted: typeof row['converted_type'] === 'string' ? row['converted_type'] : '',
      logical: typeof row['logical'] === 'string' ? row['logical'] : '',
      precision: Number(row['precision']),
      scale: Number(row['scale']),
      isGroup: false,
    }),
  ]);
}

describe('F-142 the same Arrow table is read', () => {
  test.each([
    ['all.arrow', 'all-stream.arrow'],
    ['all.arrow', 'all-lz4.arrow'],
    ['all.arrow', 'all-zstd.arrow'],
    ['polars.arrow', 'polars-lz4.arrow'],
    ['polars.arrow', 'polars-zstd.arrow'],
  ])('%s as %s, and its columns by themselves', async (plain, other) => {
    const expected = await readTable(pathOf(plain), {}, await carriedIndexes(plain));
    const indexes = await carriedIndexes(other);
    expect(await readTable(pathOf(other), {}, indexes)).toMatchObject({
      fields: expected.fields,
      columns: expected.columns,
    });
    for (const [position, index] of indexes.entries()) {
      expect((await readTable(pathOf(other), {}, [index])).columns).toEqual([expected.columns[position]]);
    }
  });

  test.each(['long-lz4.feather', 'long-zstd.feather'])('%s, whose buffers are long', async (name) => {
    const { columns } = await readTable(pathOf(name), { opaqueAsText: true });
    const rows = Array.from({ length: 4000 }, (_, row) => row);
    expect(columns[1]).toEqual(rows.map((row) => `text ${String(row % 97)} of ${String(row)}`));
    expect(columns[0]?.map((hex) => Buffer.from(String(hex), 'hex').readInt32LE())).toEqual(rows);
  });
});

async function carriedIndexes(file: string): Promise<number[]> {
  const table = await openTable(pathOf(file));
  await table.close();
  return table.fields.flatMap(({ type }, index) => (type.kind === 'unsupported' ? [] : [index]));
}
