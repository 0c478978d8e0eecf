import { open, readdir, readFile, readlink, truncate, writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import {
  Binary,
  Bool,
  type Data,
  DataType,
  DateDay,
  DateMillisecond,
  Decimal,
  Dictionary,
  Field as ArrowField,
  FixedSizeBinary,
  Float16,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  Int8,
  LargeBinary,
  LargeUtf8,
  makeData,
  Null,
  RecordBatch,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Table,
  tableFromArrays,
  tableToIPC,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Uint16,
  Uint32,
  Uint64,
  Uint8,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import { BATCH_BYTES } from '#src/columns/limits';
import { openTable } from 'sealroom/tabular';
import type { ColumnType, Field } from 'sealroom/tabular';
import { describe, expect, test } from 'vitest';
import {
  batchOf,
  columnsOf,
  failureOf,
  fixedColumn,
  Folder,
  hexOfInteger,
  latin,
  readTable,
  SEED,
  textColumn,
  wordsOf,
  writeTable,
} from '../support.ts';
import { runs } from '../../support/runs.ts';

const folder = new Folder();

/** Some columns as one record batch; the columns' own lengths count. */
function recordOf(columns: Readonly<Record<string, Data>>): RecordBatch {
  const names = Object.keys(columns);
  const children = Object.values(columns);
  const schema = new Schema(names.map((name, index) => new ArrowField<DataType>(name, typeAt(children, index), true)));
  const data = makeData({
    type: new Struct(schema.fields),
    length: children[0]?.length ?? 0,
    nullCount: 0,
    children,
  });
  return new RecordBatch(schema, data);
}

function typeAt(columns: readonly Data[], index: number): DataType {
  const type = columns[index]?.type;
  if (type === undefined) throw new Error('no such column');
  return type;
}

function streamOf(...batches: RecordBatch[]): Uint8Array {
  return RecordBatchStreamWriter.writeAll(batches).toUint8Array(true);
}

function fileOf(...batches: RecordBatch[]): Uint8Array {
  return RecordBatchFileWriter.writeAll(batches).toUint8Array(true);
}

function utf8Data(values: readonly (string | Uint8Array | null)[]): Data {
  const column = textColumn(values);
  if (column.layout !== 'bytes') throw new Error('text is bytes');
  const { rows: length, bytes: data, offsets: valueOffsets, validity: nullBitmap } = column;
  return makeData({ type: new Utf8(), length, nullBitmap, valueOffsets, data });
}

function numberData(type: DataType, values: ArrayBufferView, length: number): Data {
  const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (DataType.isInt(type)) return makeData({ type, length, data });
  if (DataType.isFloat(type)) return makeData({ type, length, data });
  if (DataType.isDate(type)) return makeData({ type, length, data });
  if (DataType.isTimestamp(type)) return makeData({ type, length, data });
  if (DataType.isDecimal(type)) return makeData({ type, length, data });
  throw new Error('no type of numbers');
}

/** Reads Arrow from a stream. */
async function readStream(bytes: Uint8Array): Promise<(string | null)[][]> {
  const stream = new PassThrough();
  stream.end(bytes);
  const reader = await openTable({ kind: 'stream', stream, format: 'arrow' });
  try {
    return await columnsOf(reader);
  } finally {
    await reader.close();
  }
}

const TWO = [
  recordOf({ s: utf8Data(['a', null, 'é']), n: numberData(new Int32(), Int32Array.of(1, 2, -3), 3) }),
  recordOf({ s: utf8Data(['', 'longer than twelve bytes']), n: numberData(new Int32(), Int32Array.of(4, 5), 2) }),
];
const TWO_COLUMNS = [
  ['a', null, latin('é'), '', 'longer than twelve bytes'],
  [1n, 2n, -3n, 4n, 5n].map((value) => hexOfInteger(value, 4)),
];

describe('what is read', () => {
  test.each([
    ['a stream', streamOf(...TWO)],
    ['a file', fileOf(...TWO)],
  ])('%s in Arrow, from a path and from standard input, any number of times', async (_, bytes) => {
    const reader = await openTable(folder.write('.arrow', bytes));
    expect(reader.fields).toEqual([
      { name: 's', type: { kind: 'string' } },
      { name: 'n', type: { kind: 'int' } },
    ]);
    expect(reader.bytes).toBe(bytes.length);
    expect(await columnsOf(reader)).toEqual(TWO_COLUMNS);
    expect(await columnsOf(reader, [1, 0, 1])).toEqual([TWO_COLUMNS[1], TWO_COLUMNS[0], TWO_COLUMNS[1]]);
    await reader.close();
    expect(await readStream(bytes)).toEqual(TWO_COLUMNS);
  });

  test('a table without rows, and one without columns', async () => {
    const none = recordOf({ s: utf8Data([]), n: numberData(new Int64(), new BigInt64Array(0), 0) });
    for (const bytes of [streamOf(none), fileOf(none), tableToIPC(new Table(none.schema))]) {
      expect((await readTable(folder.write('.arrow', bytes))).columns).toEqual([[], []]);
    }
    expect((await readTable(folder.write('.arrow', tableToIPC(tableFromArrays({}))))).fields).toEqual([]);
  });

  test.each<[string, Data, ColumnType, string[]]>([
    ['Int16', numberData(new Int16(), Int16Array.of(-2, 7), 2), { kind: 'smallint' }, ['feff', '0700']],
    ['Int64', numberData(new Int64(), BigInt64Array.of(-2n), 1), { kind: 'bigint' }, ['feffffffffffffff']],
    ['Float32', numberData(new Float32(), Float32Array.of(-0), 1), { kind: 'float' }, ['00000080']],
    ['Float64', numberData(new Float64(), Float64Array.of(NaN), 1), { kind: 'double' }, ['000000000000f87f']],
    ['DateDay', numberData(new DateDay(), Int32Array.of(-1), 1), { kind: 'date' }, ['ffffffff']],
    [
      'Timestamp in milliseconds with a zone',
      numberData(new TimestampMillisecond('Europe/Zurich'), BigInt64Array.of(5n), 1),
      { kind: 'timestamp', unit: 'ms', utc: true },
      [hexOfInteger(5n, 8)],
    ],
    [
      'Timestamp in microseconds',
      numberData(new TimestampMicrosecond(), BigInt64Array.of(-5n), 1),
      { kind: 'timestamp', unit: 'us', utc: false },
      [hexOfInteger(-5n, 8)],
    ],
    [
      'Timestamp in nanoseconds',
      numberData(new TimestampNanosecond('UTC'), BigInt64Array.of(2n ** 62n), 1),
      { kind: 'timestamp', unit: 'ns', utc: true },
      [hexOfInteger(2n ** 62n, 8)],
    ],
    [
      'Decimal',
      numberData(
        new Decimal(2, 38, 128),
        Uint32Array.of(1, 0, 0, 0, 0xfffffffe, 0xffffffff, 0xffffffff, 0xffffffff),
        2,
      ),
      { kind: 'decimal', precision: 38, scale: 2 },
      [hexOfInteger(1n, 16), hexOfInteger(-2n, 16)],
    ],
  ])('the type %s', async (_, data, type, values) => {
    const content = await readTable(folder.write('.arrow', streamOf(recordOf({ c: data }))));
    expect(content.fields).toEqual([{ name: 'c', type }]);
    expect(content.columns).toEqual([values]);
  });

  test('LargeUtf8, Binary and LargeBinary columns', async () => {
    const valueOffsets = BigInt64Array.of(0n, 1n, 1n, 4n);
    const data = Uint8Array.of(0x61, 0xe2, 0x82, 0xac);
    const large = makeData({ type: new LargeUtf8(), length: 3, valueOffsets, data });
    const bytes = makeData({ type: new LargeBinary(), length: 3, valueOffsets, data });
    const small = makeData({ type: new Binary(), length: 3, valueOffsets: Int32Array.of(0, 1, 2, 4), data });
    const content = await readTable(folder.write('.arrow', streamOf(recordOf({ large, bytes, small }))));
    expect(content.fields.map((field) => field.type.kind)).toEqual(['string', 'binary', 'binary']);
    expect(content.columns).toEqual([
      ['a', '', latin('€')],
      ['a', '', latin('€')],
      ['a', '\xe2', '\x82\xac'],
    ]);
  });

  test('booleans and their nulls', async () => {
    const values = Array.from({ length: 19 }, (_, row) => (row % 5 === 0 ? null : row % 3 === 0));
    const table = new Table({ b: vectorFromArray(values, new Bool()) });
    const content = await readTable(folder.write('.arrow', tableToIPC(table)));
    expect(content.fields[0]?.type).toEqual({ kind: 'boolean' });
    expect(content.columns[0]).toEqual(values.map((value) => (value === null ? null : value ? '01' : '00')));
  });

  test('sliced batches', async () => {
    const length = 40;
    const texts = Array.from({ length }, (_, row) => (row % 7 === 3 ? null : `text ${String(row)}`));
    const flags = Array.from({ length }, (_, row) => (row % 11 === 5 ? null : row % 2 === 0));
    const table = new Table({ s: vectorFromArray(texts, new Utf8()), b: vectorFromArray(flags, new Bool()) });
    for (const [start, end] of [
      [0, 9],
      [3, 30],
      [13, 40],
    ] as const) {
      const content = await readTable(folder.write('.arrow', tableToIPC(table.slice(start, end), 'file')));
      expect(content.columns[0]).toEqual(texts.slice(start, end));
      expect(content.columns[1]).toEqual(
        flags.slice(start, end).map((flag) => (flag === null ? null : flag ? '01' : '00')),
      );
    }
  });

  test('dictionaries of text with nulls, whatever the width of their keys', async () => {
    const values = ['red', null, 'grün', 'red', null, 'blue'];
    for (const keys of [new Int8(), new Uint16(), new Int32()]) {
      const vector = vectorFromArray(values, new Dictionary(new Utf8(), keys as Int32));
      for (const format of ['stream', 'file'] as const) {
        const content = await readTable(folder.write('.arrow', tableToIPC(new Table({ d: vector }), format)));
        expect(content.fields[0]?.type).toEqual({ kind: 'string' });
        expect(content.columns[0]).toEqual(values.map((value) => (value === null ? null : latin(value))));
      }
    }
  });

  test('dictionaries of numbers', async () => {
    const vector = vectorFromArray([1.5, null, 2.5, 1.5], new Dictionary(new Float64(), new Int32()));
    const content = await readTable(folder.write('.arrow', tableToIPC(new Table({ d: vector }))));
    expect(content.fields[0]?.type).toEqual({ kind: 'double' });
    const hex = (value: number): string => Buffer.from(Float64Array.of(value).buffer).toString('hex');
    expect(content.columns[0]).toEqual([hex(1.5), null, hex(2.5), hex(1.5)]);
  });

  test('integers that can only be carried: as they are, or as text for an output that is text', async () => {
    const columns = {
      a: numberData(new Int8(), Int8Array.of(-1, 5), 2),
      b: numberData(new Uint8(), Uint8Array.of(255, 0), 2),
      c: numberData(new Uint16(), Uint16Array.of(65_535, 0), 2),
      d: numberData(new Uint32(), Uint32Array.of(2 ** 32 - 1, 0), 2),
      e: numberData(new Uint64(), BigUint64Array.of(2n ** 64n - 1n, 0n), 2),
    };
    const path = folder.write('.arrow', streamOf(recordOf(columns)));
    const carried = await readTable(path);
    expect(carried.fields.map(({ type }) => type.kind)).toEqual(Array(5).fill('opaque'));
    expect(carried.columns.map((column) => column[0])).toEqual(['ff', 'ff', 'ffff', 'ffffffff', 'ffffffffffffffff']);
    const text = await readTable(path, { opaqueAsText: true });
    expect(text.fields.map(({ type }) => type)).toEqual(carried.fields.map(({ type }) => ({ ...type, width: null })));
    expect(text.columns.map((column) => column[0])).toEqual([
      '-1',
      '255',
      '65535',
      '4294967295',
      '18446744073709551615',
    ]);
  });
});

describe('what is refused', () => {
  test.each([
    ['Float16', new Float16(), Uint16Array.of(1)],
    ['decimals of 256 bits', new Decimal(2, 50, 256), new Uint32Array(8)],
    ['decimals of a negative scale', new Decimal(-2, 5, 128), new Uint32Array(4)],
  ])('%s, but only where they are read', async (_, type, values) => {
    const bytes = streamOf(recordOf({ s: utf8Data(['a']), 'odd one': numberData(type, values, 1) }));
    const path = folder.write('.arrow', bytes);
    expect((await readTable(path, {}, [0])).columns).toEqual([['a']]);
    const error = await failureOf(readTable(path));
    expect(error).toMatchObject({ code: 'DATA_TYPE', where: { file: path, column: 'odd one' } });
    expect(error.message).toMatch(/^columns of Arrow type .+ cannot be carried$/);
  });

  test('nested columns, but only where they are read', async () => {
    const nested = recordOf({ s: utf8Data(['a']), inner: recordOf({ x: utf8Data(['b']) }).data });
    const path = folder.write('.arrow', streamOf(nested));
    expect((await readTable(path, {}, [0])).columns).toEqual([['a']]);
    expect(await failureOf(readTable(path))).toMatchObject({ code: 'DATA_TYPE', where: { column: 'inner' } });
  });

  test.each([
    ['a date with a time of day', new DateMillisecond(), BigInt64Array.of(86_400_000n, 1n)],
    ['a timestamp in seconds that has no milliseconds', new TimestampSecond(), BigInt64Array.of(0n, 2n ** 60n)],
    ['a decimal of 256 bits with more digits than its type', new Decimal(0, 38, 256), new Uint32Array(16).fill(1)],
  ])('%s, at its row', async (_, type, values) => {
    const path = folder.write('.arrow', streamOf(recordOf({ c: numberData(type, values, 2) })));
    const error = await failureOf(readTable(path));
    expect(error).toMatchObject({ code: 'DATA_VALUE', where: { file: path, column: 'c' } });
    expect(error.where.row).toBe(DataType.isDecimal(type) ? 1 : 2);
  });

  test('text that is not UTF-8, at its row', async () => {
    const good = recordOf({ s: utf8Data(Array.from({ length: 5 }, () => 'secret')) });
    const bad = recordOf({ s: utf8Data(['secret', null, Uint8Array.of(0x73, 0xff), 'secret']) });
    for (const bytes of [streamOf(good, bad), fileOf(good, bad)]) {
      const error = await failureOf(readTable(folder.write('.arrow', bytes)));
      expect(error).toMatchObject({ code: 'DATA_ENCODING', where: { column: 's', row: 8 } });
      expect(wordsOf(error)).not.toContain('secret');
    }
  });

  test('a character that is cut in two by the end of a value', async () => {
    const [first, second] = [Uint8Array.of(0x61, 0xc3), Uint8Array.of(0xa9, 0x62)];
    const error = await failureOf(
      readTable(folder.write('.arrow', streamOf(recordOf({ s: utf8Data([first, second]) })))),
    );
    expect(error).toMatchObject({ code: 'DATA_ENCODING', where: { row: 1 } });
  });

  test('a dictionary with one long text for many rows comes in batches of few bytes, and a long value is refused', async () => {
    const long = 'x'.repeat(100_000);
    const dictionary = vectorFromArray([long, 'short'], new Utf8());
    const keys = Int8Array.from({ length: 5000 }, (_, row) => (row % 3 === 0 ? 1 : 0));
    const d = makeData({ type: new Dictionary(new Utf8(), new Int8()), length: 5000, data: keys, dictionary });
    const numbers = makeData({ type: new Int32(), length: 5000, data: Int32Array.from(keys, (_, row) => row) });
    const table = await openTable(folder.write('.arrow', tableToIPC(new Table(recordOf({ d, numbers })), 'stream')));
    let seen = 0;
    let batches = 0;
    for await (const batch of table.batches({ columns: [1, 0] })) {
      const [ints, texts] = batch.columns;
      if (ints === undefined || texts?.layout !== 'bytes') throw new Error('other columns than those of the table');
      expect(texts.bytes.length).toBeLessThanOrEqual(BATCH_BYTES);
      expect(ints.layout === 'fixed' ? new DataView(ints.values.slice().buffer).getInt32(0, true) : null).toBe(seen);
      for (let row = 0; row < batch.rows; row++)
        expect((texts.offsets[row + 1] ?? 0) - (texts.offsets[row] ?? 0)).toBe((seen + row) % 3 === 0 ? 5 : 100_000);
      seen += batch.rows;
      batches++;
    }
    expect(seen).toBe(5000);
    expect(batches).toBeGreaterThan(20);
    const refused = async (): Promise<void> => {
      for await (const { rows } of table.batches({ columns: [0], maxValueBytes: 99_999 })) seen += rows;
    };
    expect(await failureOf(refused())).toMatchObject({ code: 'DATA_LENGTH', where: { row: 2, column: 'd' } });
    await table.close();
  });

  test('a record batch that is larger than what is read at once is refused before it is read', async () => {
    const x = makeData({
      type: new Utf8(),
      length: 1,
      valueOffsets: Int32Array.of(0, 70_000),
      data: new Uint8Array(70_000),
    });
    const stream = Buffer.from(tableToIPC(new Table(recordOf({ x })), 'stream'));
    // The length of the batch's values, in its metadata, becomes a much larger one.
    for (let at = 0; at + 8 <= stream.length - 70_000; at += 4) {
      const length = stream.readBigInt64LE(at);
      if (length > 70_000n && length < 70_200n) stream.writeBigInt64LE(BigInt(385 << 20), at);
    }
    const path = folder.write('.arrow', stream);
    await truncate(path, 400 << 20);
    expect(await failureOf(readTable(path))).toMatchObject({
      code: 'DATA_LENGTH',
      message: expect.stringMatching(/^a record batch is at most 402653184 bytes, got 403701760$/) as string,
    });
  });

  test('F-142 keys of a dictionary that stand for more than a batch may become are refused before they are followed', async () => {
    const width = 1 << 14;
    const values = makeData({ type: new FixedSizeBinary(width), length: 1, data: new Uint8Array(width) });
    const dictionary = new Table(recordOf({ x: values })).getChildAt(0);
    if (dictionary === null) throw new Error('a table without its column');
    const type = new Dictionary(new FixedSizeBinary(width), new Uint8());
    const keys = new Uint8Array(100_000);
    const d = makeData({ type, length: keys.length, data: keys, dictionary });
    expect(await failureOf(readTable(folder.write('.arrow', streamOf(recordOf({ d })))))).toMatchObject({
      code: 'DATA_LENGTH',
      message: 'a record batch is at most 1610612736 bytes, got 1638400000',
    });
  });

  test('F-142 columns without stored values count by what they become', async () => {
    const nothing = makeData({ type: new Null(), length: 1 << 26 });
    const columns = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`n${String(index)}`, nothing]));
    const stream = streamOf(recordOf(columns));
    expect(stream.length).toBeLessThan(10_000);
    expect(await failureOf(readTable(folder.write('.arrow', stream)))).toMatchObject({
      code: 'DATA_LENGTH',
      message: 'a record batch is at most 1610612736 bytes, got 1879048192',
    });
  });

  test('text that is not UTF-8 in a dictionary', async () => {
    const type = new Dictionary(new Utf8(), new Int32());
    const dictionary = new Table(recordOf({ x: utf8Data(['ok', Uint8Array.of(0xff)]) })).getChildAt(0);
    if (dictionary === null) throw new Error('a table without its column');
    const d = makeData({ type, length: 2, data: Int32Array.of(0, 1), dictionary });
    const error = await failureOf(readTable(folder.write('.arrow', streamOf(recordOf({ d })))));
    expect(error.code).toBe('DATA_ENCODING');
  });

  test('bytes of nulls are no text and need not be any', async () => {
    const data = Uint8Array.of(0x61, 0xff, 0xfe, 0x62);
    const valueOffsets = Int32Array.of(0, 1, 3, 4);
    const s = makeData({ type: new Utf8(), length: 3, nullBitmap: Uint8Array.of(0b101), valueOffsets, data });
    expect((await readTable(folder.write('.arrow', streamOf(recordOf({ s }))))).columns).toEqual([['a', null, 'b']]);
  });

  test.each([
    ['an empty file', new Uint8Array(0)],
    ['text', Buffer.from('a,b\n1,2\n')],
    ['a Parquet file', Buffer.from('PAR1aaaaaaaaaaaaPAR1')],
    ['only zeros', new Uint8Array(64)],
    ['only the magic', Buffer.from('ARROW1\0\0ARROW1')],
  ])('%s is no Arrow', async (_, bytes) => {
    const error = await failureOf(readTable(folder.write('.arrow', bytes)));
    expect(error).toMatchObject({ code: 'DATA_CORRUPT' });
    await expect(readStream(bytes)).rejects.toMatchObject({ code: 'DATA_CORRUPT', where: { file: '-' } });
  });

  test('a stream or file cut at any place', async () => {
    for (const whole of [streamOf(...TWO), fileOf(...TWO)]) {
      const path = folder.newPath('.arrow');
      for (let length = 0; length < whole.length; length += 1 + (length % 3)) {
        await writeFile(path, whole.subarray(0, length));
        const error = await failureOf(readTable(path));
        expect(error.code, `cut at ${String(length)} of ${String(whole.length)}`).toBe('DATA_CORRUPT');
      }
    }
  });

  test('a stream that is cut between two messages and ends in zeros', async () => {
    const record = recordOf({ n: numberData(new Int64(), BigInt64Array.of(0n, 2n ** 32n - 1n), 2) });
    const end = 8;
    const path = folder.write('.arrow', streamOf(record).slice(0, -end));
    const error = await failureOf(readTable(path));
    expect(error).toMatchObject({ code: 'DATA_CORRUPT', where: { file: path } });
    expect(error.message).toMatch(/end marker/);
  });

  test('bytes after the end of a stream, such as a second stream', async () => {
    const once = streamOf(...TWO);
    const error = await failureOf(readTable(folder.write('.arrow', Buffer.concat([once, once]))));
    expect(error.code).toBe('DATA_CORRUPT');
  });

  // Damage of a message's description is left out: the library has no bounds there, and may run out of memory.
  test('damaged lengths, offsets and values end in an error or in a table', async () => {
    const whole = streamOf(...TWO);
    const path = folder.newPath('.arrow');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -64, max: 7 }), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const bytes = Uint8Array.from(whole);
        const position = at < 0 ? bytes.length + at : at;
        bytes[position] = (bytes[position] ?? 0) ^ change;
        await writeFile(path, bytes);
        try {
          await readTable(path);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^(DATA_(CORRUPT|ENCODING|LENGTH)|IO_FORMAT)$/) });
        }
      }),
      { seed: SEED, numRuns: runs(300) },
    );
  });

  test('a reading that is stopped', async () => {
    const reader = await openTable(folder.write('.arrow', streamOf(...TWO)));
    const controller = new AbortController();
    const seen: number[] = [];
    const reading = async (): Promise<void> => {
      for await (const batch of reader.batches({ columns: [0], signal: controller.signal })) {
        seen.push(batch.rows);
        controller.abort();
      }
    };
    await expect(reading()).rejects.toThrow(/aborted/);
    expect(seen).toEqual([3]);
    await reader.close();
  });
});

describe('open files', () => {
  async function countOpenFiles(path: string): Promise<number> {
    const links = await Promise.all(
      (await readdir('/proc/self/fd')).map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')),
    );
    return links.filter((link) => link === path).length;
  }

  test.runIf(process.platform === 'linux')('are closed after a reading, half of one, and failures', async () => {
    const whole = streamOf(...TWO);
    const paths = [whole, whole.slice(0, 20), whole.slice(0, -60), fileOf(...TWO).slice(0, -20), new Uint8Array(0)];
    for (const bytes of paths) {
      const path = folder.write('.arrow', bytes);
      await readTable(path).catch(() => undefined);
      expect(await countOpenFiles(path)).toBe(0);
    }
    const path = folder.write('.arrow', whole);
    const reader = await openTable(path);
    expect(await countOpenFiles(path)).toBe(0);
    for await (const batch of reader.batches({ columns: [0] })) {
      expect(batch.rows).toBe(3);
      expect(await countOpenFiles(path)).toBe(1);
      break;
    }
    expect(await countOpenFiles(path)).toBe(0);
    await reader.close();
    const file = await open(path);
    expect(await countOpenFiles(path)).toBe(1);
    await file.close();
  });
});

describe('what is written', () => {
  const fields: Field[] = [
    { name: 'text', type: { kind: 'string' } },
    { name: 'bytes', type: { kind: 'binary' }, typeName: 'Binary' },
    { name: 'flag', type: { kind: 'boolean' } },
    { name: 'small', type: { kind: 'smallint' } },
    { name: 'n', type: { kind: 'int' } },
    { name: 'big', type: { kind: 'bigint' } },
    { name: 'f', type: { kind: 'float' } },
    { name: 'd', type: { kind: 'double' } },
    { name: 'day', type: { kind: 'date' } },
    { name: 'dec', type: { kind: 'decimal', precision: 38, scale: 10 } },
    { name: 'ms', type: { kind: 'timestamp', unit: 'ms', utc: true } },
    { name: 'us', type: { kind: 'timestamp', unit: 'us', utc: false } },
    { name: 'ns', type: { kind: 'timestamp', unit: 'ns', utc: true } },
    { name: 'u8', type: { kind: 'opaque', engineType: 'UTINYINT', width: 1 }, typeName: 'Uint8' },
    { name: 'u64', type: { kind: 'opaque', engineType: 'UBIGINT', width: 8 }, typeName: 'Uint64' },
  ];
  const batch = batchOf(
    textColumn(['a', null, '', 'äöü€😀']),
    textColumn([Uint8Array.of(0xff, 0), null, '', 'x']),
    fixedColumn(1, ['01', null, '00', '01']),
    ...[2, 4, 8, 4, 8, 4, 16, 8, 8, 8, 1, 8].map((width) =>
      fixedColumn(width, ['ff'.repeat(width), null, '00'.repeat(width), '7f'.repeat(width)]),
    ),
  );

  test('every type comes back as it was, with its nulls', async () => {
    const path = folder.newPath('.arrow');
    const size = await writeTable(path, fields, [batch, batch]);
    expect((await readFile(path)).length).toBe(size);
    const content = await readTable(path);
    expect(content.fields).toEqual(fields);
    expect(content.columns[0]).toEqual(['a', null, '', latin('äöü€😀'), 'a', null, '', latin('äöü€😀')]);
    content.columns.slice(3).forEach((column, index) => {
      const width = [2, 4, 8, 4, 8, 4, 16, 8, 8, 8, 1, 8][index] ?? 0;
      expect(column.slice(0, 4)).toEqual(['ff'.repeat(width), null, '00'.repeat(width), '7f'.repeat(width)]);
    });
  });

  test('a table without rows', async () => {
    const path = folder.newPath('.arrow');
    await writeTable(path, fields, []);
    const content = await readTable(path);
    expect(content.fields).toEqual(fields);
    expect(content.columns).toEqual(fields.map(() => []));
  });

  test('a type without an Arrow form is refused by name, and nothing is left', async () => {
    const path = folder.newPath('.arrow');
    const odd: Field[] = [{ name: 'odd', type: { kind: 'opaque', engineType: 'constructor', width: 8 } }];
    expect(await failureOf(writeTable(path, odd, []))).toMatchObject({ code: 'IO_FORMAT', where: { column: 'odd' } });
    await expect(readFile(path)).rejects.toThrow(/ENOENT/);
  });
});
