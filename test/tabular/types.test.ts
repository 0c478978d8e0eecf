import { copyFile, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { DataType, DateUnit, Precision, tableFromIPC, Type } from 'apache-arrow';
import { bufferDecoder } from '#src/tabular/arrow/compression';
import { parquetTypeName } from '#src/tabular/parquet/type-name';
import fc from 'fast-check';
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
import { runs } from '../support/runs.ts';
import { Bench, schemaOf, settingsOf } from '../support/tables.ts';
import { errorOf, failureOf, latin, readTable, SEED } from './support.ts';

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
      /** `null` if Arrow has no such type, or we do not write it. */
      readonly arrow: string | null;
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
    expect(sorted(columns[name]).map(inGeneral), name).toEqual(sorted(expected).map(inGeneral));
  }
}

/** A text without what depends on the type in which a time went through a file: its zone, and zeros of its fraction. */
function inGeneral(text: string | null): string | null {
  return text?.replace(/(?<=:\d\d(\.\d+)?)\+00$|(?<=:\d\d)\.000000$/, '') ?? null;
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
    const names = carriedIn(file).filter(([, { arrow }]) => arrow !== null);
    await bench.encrypt(file, 'out.arrow', schemaOf(...names.map(([name]) => `${name}:cleartext`)), {
      overwrite: true,
    });
    await bench.decrypt('out.arrow', 'opened.arrow', { overwrite: true });
    for (const name of ['out.arrow', 'opened.arrow']) {
      const { schema } = tableFromIPC(await readFile(bench.path(name)));
      const types = schema.fields.map((field) => [field.name, arrowName(field.type as DataType, field.metadata)]);
      expect(types).toEqual(names.map(([column, { arrow }]) => [column, arrow]));
      await bench.decrypt(name, 'out.csv', { overwrite: true });
      await expectTexts('out.csv', file, names);
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
    expect(names.length > 0).toBe(file !== 'odd.parquet');
    if (names.length === 0) return;
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
  if (DataType.isDate(type)) return type.unit === DateUnit.DAY ? 'Date32' : 'Date64';
  if (DataType.isFixedSizeBinary(type)) return `FixedSizeBinary(${String(type.byteWidth)})`;
  if (DataType.isInt(type)) return `${type.isSigned ? 'Int' : 'Uint'}${String(type.bitWidth)}`;
  if (DataType.isFloat(type)) return type.precision === Precision.SINGLE ? 'Float32' : 'Float64';
  return Type[type.typeId];
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
  const textIn = (value: unknown): string => (typeof value === 'string' ? value : '');
  return result.getRowObjectsJson().map((row): [unknown, string] => [
    row['name'],
    parquetTypeName({
      name: textIn(row['name']),
      physical: textIn(row['type']),
      typeLength: Number(row['type_length']),
      repetition: textIn(row['repetition_type']),
      converted: textIn(row['converted_type']),
      logical: textIn(row['logical']),
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

describe('F-141 an Arrow table is refused', () => {
  test.each([
    ['../cases/arrow-big-endian/in.arrow', 'the Arrow table is big-endian, and only little-endian ones can be read'],
    ['version-1.feather', 'the file is in version 1 of Feather, which cannot be read'],
  ])('%s, by name', async (name, message) => {
    const error = await failureOf(readTable(pathOf(name)));
    expect(error).toMatchObject({ code: 'IO_FORMAT', message, where: { file: pathOf(name) } });
  });

  test('F-142 if its compression is none that is known', async () => {
    const error = await failureOf(bufferDecoder(7));
    expect(error).toMatchObject({ code: 'IO_FORMAT', message: 'Arrow batches with compression 7 cannot be read' });
  });

  test('F-142 if a buffer claims another length than it has, or more than a batch may have', async () => {
    const frame = Buffer.from('04224d18604082' + '03000080616263' + '00000000', 'hex');
    const buffer = (length: bigint, content: Uint8Array): Uint8Array => {
      const head = Buffer.alloc(8);
      head.writeBigInt64LE(length);
      return Buffer.concat([head, content]);
    };
    const lz4 = await bufferDecoder(0);
    expect(Buffer.from(lz4(buffer(3n, frame))).toString()).toBe('abc');
    expect(Buffer.from(lz4(buffer(-1n, Buffer.from('raw')))).toString()).toBe('raw');
    for (const length of [2n, 4n, -2n]) expect(() => lz4(buffer(length, frame))).toThrow(RangeError);
    expect(errorOf(() => lz4(buffer(2n ** 40n, frame))).code).toBe('DATA_LENGTH');
  });

  test('F-67 for headers that are equal or missing, if they are used', async () => {
    for (const name of ['no-names.arrow', 'same-names.arrow']) await copyFile(pathOf(name), bench.path(name));
    expect(await failureOf(bench.encrypt('no-names.arrow', 'none.csv', schemaOf('id:sealed')))).toMatchObject({
      code: 'DATA_HEADER',
      message: 'column 1 has a blank header, and there is no `id`',
    });
    expect(await failureOf(bench.encrypt('same-names.arrow', 'none.csv', schemaOf('id:sealed')))).toMatchObject({
      code: 'DATA_HEADER',
      message: 'columns 1 and 2 have the same header `id`',
    });
    expect(await failureOf(bench.decrypt('no-names.arrow', 'none.csv'))).toMatchObject({ code: 'DATA_HEADER' });
  });
});

describe('a damaged Arrow table', () => {
  test.each(['all.arrow', 'all-stream.arrow', 'all-lz4.arrow', 'all-zstd.arrow', 'polars-lz4.arrow'])(
    '%s ends in an error or in a table, wherever the damage is',
    async (name) => {
      const whole = await readFile(pathOf(name));
      await fc.assert(
        fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
          const bytes = Uint8Array.from(whole);
          bytes[at] = (bytes[at] ?? 0) ^ change;
          await bench.put('damaged.arrow', bytes);
          try {
            const table = await openTable(bench.path('damaged.arrow'));
            const columns = table.fields.flatMap(({ type }, index) => (type.kind === 'unsupported' ? [] : [index]));
            for await (const { rows } of table.batches({ columns })) expect(rows).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toMatchObject({
              code: expect.stringMatching(/^(DATA_(CORRUPT|ENCODING|LENGTH|VALUE)|IO_FORMAT)$/) as string,
            });
          }
        }),
        { seed: SEED, numRuns: runs(300) },
      );
    },
  );
});
