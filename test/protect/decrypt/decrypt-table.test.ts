import { randomBytes } from 'node:crypto';
import { parseSharedSecret } from 'sealroom';
import type { ClientType } from 'sealroom/crypto';
import { encodeNull, encodePrefix } from 'sealroom/crypto';
import type { ColumnType, Field } from 'sealroom/tabular';
import { describe, expect, test } from 'vitest';
import { Bench, cellOf, schemaOf, textCell } from '../../support/tables.ts';
import { failureOf, fixedColumn, hexOfInteger, latin, textColumn, wordsOf, writeTable } from '../../tabular/support.ts';

const TEXT: ColumnType = { kind: 'string' };
const FINGERPRINT = `02:hmac:${Buffer.alloc(32, 7).toString('base64')}`;

/** An encoded value: the type byte and metadata of `type`, then the value. */
function encodedOf(type: ClientType, value: Uint8Array | string): Uint8Array {
  return Buffer.concat([encodePrefix(type), typeof value === 'string' ? Buffer.from(value, 'hex') : value]);
}

/** The type byte alone, which is a null without metadata. */
function bareNull(type: ClientType): Uint8Array {
  return encodeNull(type).slice(0, 1);
}

function put(
  bench: Bench,
  name: string,
  columns: Readonly<Record<string, readonly (string | Uint8Array | null)[]>>,
  type = TEXT,
): Promise<number> {
  const fields = Object.keys(columns).map((column): Field => ({ name: column, type }));
  const values = Object.values(columns).map(textColumn);
  return writeTable(bench.path(name), fields, [{ rows: values[0]?.rows ?? 0, columns: values }]);
}

describe('rows and columns', () => {
  test('F-59 stay in their order', async () => {
    await using bench = await Bench.start();
    const count = 3000;
    const names = Array.from({ length: count }, (_, row) => `name ${String(row)}`);
    const columns = { z: names.map(textCell), a: names, m: names.map(() => FINGERPRINT) };
    for (const format of ['csv', 'parquet', 'arrow']) {
      await put(bench, `in.${format}`, columns);
      const summary = await bench.decrypt(`in.${format}`, `out.${format}`);
      expect(summary).toMatchObject({
        rows: count,
        openedCells: count,
        columns: { sealed: 1, fingerprint: 1, cleartext: 1 },
      });
      const opened = await bench.columns(`out.${format}`);
      expect(Object.keys(opened)).toEqual(['z', 'a', 'm']);
      expect(opened).toEqual({ z: names, a: names, m: columns.m });
    }
  });

  test('F-59 of a table without rows, and without columns of cells, stay too', async () => {
    await using bench = await Bench.start();
    for (const format of ['parquet', 'arrow']) {
      await put(bench, `in.${format}`, { b: [], a: [] });
      expect(await bench.decrypt(`in.${format}`, `out.${format}`)).toMatchObject({ rows: 0, openedCells: 0 });
      expect(await bench.columns(`out.${format}`)).toEqual({ b: [], a: [] });
    }
  });
});

test('a table without sealed cells needs no secret, and comes out as with one', async () => {
  await using bench = await Bench.start();
  const columns = { k: [FINGERPRINT, null, FINGERPRINT], c: ['é🙂', '', null], v: ['1', '2', '3'] };
  for (const format of ['csv', 'parquet', 'arrow']) {
    await put(bench, `in.${format}`, columns);
    const expected = await bench.decrypt(`in.${format}`, `with.${format}`);
    const summary = await bench.decrypt(`in.${format}`, `without.${format}`, { secret: null });
    // Whoever has a secret expected something to open.
    expect(expected.warnings).toEqual([expect.stringMatching(/^nothing was opened: /)]);
    const { elapsedMs, outputBytes } = summary;
    expect(summary).toEqual({ ...expected, warnings: [], elapsedMs, outputBytes });
    expect(await bench.columns(`without.${format}`)).toEqual(await bench.columns(`with.${format}`));
  }
});

describe('F-51 a binary column', () => {
  const bytes = Uint8Array.of(0xff, 0x00, 0xc3);

  test.each([
    ['a fingerprint', FINGERPRINT],
    ['the beginning of a fingerprint', 'abchmac:'],
    ['a sealed cell of no version', 'abcenc:x'],
    ['text', 'é'],
    ['other bytes', bytes],
  ])('stays binary, byte for byte, if its first value looks like %s', async (_, first) => {
    await using bench = await Bench.start();
    for (const format of ['parquet', 'arrow']) {
      await put(bench, `in.${format}`, { b: [null, first, bytes, null, ''] }, { kind: 'binary' });
      await bench.decrypt(`in.${format}`, `out.${format}`);
      const { fields, columns } = await bench.read(`out.${format}`);
      expect(fields.map(({ type }) => type)).toEqual([{ kind: 'binary' }]);
      expect(columns).toEqual((await bench.read(`in.${format}`)).columns);
    }
  });

  test('is opened if its first value is sealed, and a text column with a fingerprint in front is text', async () => {
    await using bench = await Bench.start();
    const INT = { kind: 'int' } as const;
    await put(bench, 'in.arrow', { b: [null, cellOf(encodedOf(INT, '00000007'))] }, { kind: 'binary' });
    await bench.decrypt('in.arrow', 'out.arrow');
    expect((await bench.read('out.arrow')).fields[0]?.type).toEqual(INT);
    await put(bench, 'text.arrow', { t: [FINGERPRINT, 'é'] });
    await bench.decrypt('text.arrow', 'opened.arrow');
    expect(await bench.read('opened.arrow')).toMatchObject({
      fields: [{ name: 't', type: TEXT }],
      columns: [[FINGERPRINT, latin('é')]],
    });
  });
});

describe('headers', () => {
  const headers = [' X ', 'UPPER', 'é🙂', 'a,b', 'q"q', 'a.b', "it's", 'new\nline', '*'];

  test.each(['csv', 'parquet', 'arrow'])('F-68 stay byte for byte in %s', async (format) => {
    await using bench = await Bench.start();
    await put(bench, `in.${format}`, Object.fromEntries(headers.map((header) => [header, [textCell(header)]])));
    await bench.decrypt(`in.${format}`, `out.${format}`);
    const { fields, columns } = await bench.read(`out.${format}`);
    expect(fields.map((field) => field.name)).toEqual(headers);
    expect(columns.map(([value]) => value)).toEqual(headers.map(latin));
  });

  test('F-68 that are equal keep their columns apart', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', `x,X,x,y\n${textCell('1')},2,${textCell('3')},4\n`);
    await bench.decrypt('in.csv', 'out.csv');
    expect(await bench.text('out.csv')).toBe('x,X,x,y\n1,2,3,4\n');
    await bench.decrypt('in.csv', 'out.arrow');
    expect((await bench.read('out.arrow')).fields.map((field) => field.name)).toEqual(['x', 'X', 'x', 'y']);
    expect((await bench.read('out.arrow')).columns).toEqual([['1'], ['2'], ['3'], ['4']]);
    await bench.decrypt('in.csv', 'out.parquet');
    expect((await bench.read('out.parquet')).columns).toEqual([['1'], ['2'], ['3'], ['4']]);
  });
});

describe('F-90 opened columns get their type back', () => {
  const types: [ClientType & ColumnType, string, string][] = [
    [{ kind: 'boolean' }, '01', '01'],
    [{ kind: 'smallint' }, 'fffe', 'feff'],
    [{ kind: 'int' }, '00000102', '02010000'],
    [{ kind: 'bigint' }, '8000000000000001', '0100000000000080'],
    [{ kind: 'float' }, '80000000', '00000080'],
    [{ kind: 'double' }, '7ff8000000000000', '000000000000f87f'],
    [{ kind: 'date' }, 'ffffffff', 'ffffffff'],
    [{ kind: 'timestamp', unit: 'ms', utc: false }, '0000000000000005', hexOfInteger(5n, 8)],
    [{ kind: 'timestamp', unit: 'us', utc: true }, '0000000000000005', hexOfInteger(5n, 8)],
    [{ kind: 'timestamp', unit: 'ns', utc: false }, '0000000000000005', hexOfInteger(5n, 8)],
    [{ kind: 'decimal', precision: 38, scale: 3 }, Buffer.from('-12.5').toString('hex'), hexOfInteger(-12_500n, 16)],
  ];

  test('with nulls, with and without metadata, and plain nulls', async () => {
    await using bench = await Bench.start();
    const cells = types.map(([type, value]) => [
      cellOf(encodeNull(type)),
      null,
      cellOf(bareNull(type)),
      cellOf(encodedOf(type, value)),
      cellOf(encodeNull(type)),
      cellOf(bareNull(type)),
    ]);
    const columns = Object.fromEntries(types.map((_, index) => [`c${String(index)}`, cells[index] ?? []]));
    await put(bench, 'in.parquet', columns);
    for (const format of ['parquet', 'arrow']) {
      const summary = await bench.decrypt('in.parquet', `out.${format}`);
      expect(summary.warnings).toEqual([]);
      const content = await bench.read(`out.${format}`);
      expect(content.fields.map((field) => field.type)).toEqual(types.map(([type]) => type));
      expect(content.columns).toEqual(types.map(([, , value]) => [null, null, null, value, null, null]));
    }
  });

  test('where the first values lie behind thousands of nulls', async () => {
    await using bench = await Bench.start();
    const nulls = Array.from({ length: 5000 }, () => null);
    const sealedNulls = nulls.map(() => cellOf(bareNull({ kind: 'date' })));
    await put(bench, 'in.parquet', {
      n: [...nulls, cellOf(encodedOf({ kind: 'int' }, '00000007')), null],
      d: [...sealedNulls, null, cellOf(encodedOf({ kind: 'date' }, '00000001'))],
      none: [...nulls, null, null],
    });
    await bench.decrypt('in.parquet', 'out.parquet');
    const { fields, columns } = await bench.read('out.parquet');
    expect(fields.map((field) => field.type.kind).slice(0, 2)).toEqual(['int', 'date']);
    expect(columns.map((column) => column.slice(-3))).toEqual([
      [null, '07000000', null],
      [null, null, '01000000'],
      [null, null, null],
    ]);
  });

  test('but of several types become text, with a warning', async () => {
    await using bench = await Bench.start();
    const rest = Array.from({ length: 3000 }, () => null);
    const int = cellOf(encodedOf({ kind: 'int' }, '00000007'));
    const bigint = cellOf(encodedOf({ kind: 'bigint' }, '0000000000000008'));
    const cents = cellOf(encodedOf({ kind: 'decimal', precision: 9, scale: 2 }, Buffer.from('1.50')));
    const mills = cellOf(encodedOf({ kind: 'decimal', precision: 9, scale: 3 }, Buffer.from('2.125')));
    await put(bench, 'in.parquet', {
      numbers: [int, ...rest, bigint],
      same: [int, ...rest, int],
      money: [cents, ...rest, mills],
      fingerprints: [int, ...rest, FINGERPRINT],
      words: [textCell('x'), ...rest, int],
    });
    const { warnings } = await bench.decrypt('in.parquet', 'out.parquet', { allowMixedColumns: true });
    const { fields, columns } = await bench.read('out.parquet');
    expect(fields.map((field) => field.type.kind)).toEqual(['string', 'int', 'string', 'string', 'string']);
    expect(columns.map((column) => [column[0], column.at(-1)])).toEqual([
      ['7', '8'],
      ['07000000', '07000000'],
      ['1.50', '2.125'],
      ['7', FINGERPRINT],
      ['x', '7'],
    ]);
    expect(warnings.map((warning) => /`(.+)`/.exec(warning)?.[1])).toEqual([
      'numbers',
      'money',
      'fingerprints',
      'fingerprints',
    ]);
    expect(await bench.names()).toEqual(['in.parquet', 'out.parquet', 'tmp']);
  });

  test('but decimals that no table has become text', async () => {
    await using bench = await Bench.start();
    const decimal = (precision: number, scale: number, text: string): string[] => [
      cellOf(encodedOf({ kind: 'decimal', precision, scale }, Buffer.from(text))),
    ];
    await put(bench, 'in.parquet', {
      wide: decimal(39, 0, '1'.repeat(39)),
      negative: decimal(5, -2, '1.23E+4'),
      steep: decimal(2, 5, '0.00012'),
      widest: decimal(38, 38, `0.${'9'.repeat(38)}`),
    });
    await bench.decrypt('in.parquet', 'out.parquet');
    const { fields, columns } = await bench.read('out.parquet');
    expect(fields.map((field) => field.type.kind)).toEqual(['string', 'string', 'string', 'decimal']);
    expect(columns.slice(0, 3)).toEqual([['1'.repeat(39)], ['12300'], ['0.00012']]);
    expect(columns[3]).toEqual([hexOfInteger(10n ** 38n - 1n, 16)]);
  });

  test('and are text in CSV', async () => {
    await using bench = await Bench.start();
    await put(
      bench,
      'in.parquet',
      Object.fromEntries(types.map(([type, value], index) => [`c${String(index)}`, [cellOf(encodedOf(type, value))]])),
    );
    await bench.decrypt('in.parquet', 'out.csv');
    expect((await bench.lines('out.csv'))[1]).toBe(
      'true,-2,258,-9223372036854775807,-0.0,NaN,1969-12-31,' +
        '"1970-01-01 00:00:00.005000","1970-01-01 00:00:00.000005","1970-01-01 00:00:00.000000",-12.5',
    );
  });
});

describe('cells', () => {
  const bench16 = cellOf(encodedOf({ kind: 'int' }, '00000010'));

  test('F-50 next to fingerprints and cleartext in one column', async () => {
    await using bench = await Bench.start();
    const column = [textCell('a'), 'b', FINGERPRINT, null, '', ' 02:enc:', '02:ENC:x', '03:enc', bench16];
    for (const format of ['csv', 'parquet']) {
      await put(bench, `in.${format}`, { column, k: column.map(() => 'k') });
      const summary = await bench.decrypt(`in.${format}`, `out.${format}`, {
        csvInputNull: format === 'csv' ? '' : undefined,
        allowMixedColumns: true,
      });
      expect(summary).toMatchObject({ openedCells: 2, columns: { sealed: 1, fingerprint: 0, cleartext: 1 } });
    }
    const expected = ['a', 'b', FINGERPRINT, null, '', ' 02:enc:', '02:ENC:x', '03:enc', '16'];
    expect((await bench.columns('out.parquet'))['column']).toEqual(expected);
    expect((await bench.lines('out.csv')).slice(1).map((line) => line.slice(0, -2))).toEqual(
      expected.map((value) => (value === null ? '' : value === '' ? '""' : value.includes(' ') ? `"${value}"` : value)),
    );
  });

  test('F-51 are looked for in byte strings only', async () => {
    await using bench = await Bench.start();
    // The bytes of these numbers read `enc:` and `hmac:` where a cell has them.
    const sealed = hexOfInteger(435_643_693_568n, 8);
    const hashed = hexOfInteger(448_511_697_722n, 8);
    const fields: Field[] = [{ name: 'n', type: { kind: 'bigint' } }];
    await writeTable(bench.path('in.parquet'), fields, [{ rows: 2, columns: [fixedColumn(8, [sealed, hashed])] }]);
    const summary = await bench.decrypt('in.parquet', 'out.parquet', { failOnFingerprintColumns: true });
    expect(summary.columns).toEqual({ sealed: 0, fingerprint: 0, cleartext: 1 });
    expect((await bench.columns('out.parquet'))['n']).toEqual([sealed, hashed]);
  });

  test('F-51 open in binary columns without an annotation, and other bytes stay', async () => {
    await using bench = await Bench.start();
    const bytes = Uint8Array.of(0xff, 0, 0xfe);
    const nulls = Array.from({ length: 3000 }, () => null);
    const columns = {
      cells: [...nulls, textCell('a'), null],
      numbers: [...nulls, cellOf(encodedOf({ kind: 'int' }, '00000007')), null],
      bytes: [...nulls, bytes, Uint8Array.of()],
    };
    await put(bench, 'in.parquet', columns, { kind: 'binary' });
    await bench.decrypt('in.parquet', 'out.parquet');
    const { fields, columns: found } = await bench.read('out.parquet');
    expect(fields.map((field) => field.type.kind)).toEqual(['string', 'int', 'binary']);
    expect(found.map((column) => column.slice(-2))).toEqual([
      ['a', null],
      ['07000000', null],
      ['\xff\0\xfe', ''],
    ]);
  });

  test('F-55 of clients 1.x open', async () => {
    await using bench = await Bench.start();
    const old = cellOf(Buffer.concat([Buffer.of(2), Buffer.from('old')]), '01:enc:');
    await put(bench, 'in.parquet', { c: [old, textCell('new')] });
    await bench.decrypt('in.parquet', 'out.parquet');
    expect(await bench.columns('out.parquet')).toEqual({ c: ['old', 'new'] });
  });

  test('F-12 with malformed UTF-8 inside are refused, or open with U+FFFD if asked', async () => {
    await using bench = await Bench.start();
    const spoilt = cellOf(Uint8Array.of(2, 0x61, 0xff, 0xc3));
    for (const format of ['csv', 'parquet']) {
      await put(bench, `two.${format}`, { c: [textCell('a'), spoilt] });
      const error = await failureOf(bench.decrypt(`two.${format}`, `out.${format}`));
      expect(error).toMatchObject({ code: 'FORMAT_VALUE', where: { column: 'c', row: 2 } });
      expect(error.hint).toContain('--lenient-cells');
      await put(bench, `in.${format}`, { c: [spoilt] });
      await bench.decrypt(`in.${format}`, `out.${format}`, { lenientCells: true });
      expect(await bench.columns(`out.${format}`)).toEqual({ c: [latin('a\ufffd\ufffd')] });
    }
  });

  test('that are null are written as the output null text', async () => {
    await using bench = await Bench.start();
    await put(bench, 'in.csv', { a: [cellOf('03'), null, textCell(''), textCell('x')], b: ['1', '2', '3', '4'] });
    await bench.decrypt('in.csv', 'out.csv', { csvOutputNull: 'NULL' });
    expect(await bench.text('out.csv')).toBe('a,b\nNULL,1\nNULL,2\n,3\nx,4\n');
  });
});

describe('a failure leaves nothing and names the exact place', () => {
  const fine = textCell('a very secret text');
  const spoilt = `${fine.slice(0, -8)}AAAAAAA=`;
  const rows = (bad: string): (string | null)[] => [
    ...Array.from({ length: 4998 }, (_, row) => (row % 2 === 0 ? null : fine)),
    bad,
    fine,
  ];

  test.each([
    ['a changed cell', spoilt, 'FORMAT_TAG'],
    [
      'a cell of another secret',
      fine.replace(/^(.{20})./, (_, start: string) => `${start}${fine[20] === 'A' ? 'B' : 'A'}`),
      'FORMAT_TAG',
    ],
    ['a short cell', '02:enc:AAAA', 'FORMAT_CELL'],
    ['a cell of a later version', fine.replace('02', '03'), 'FORMAT_CELL'],
    ['a cell of an unknown type', cellOf('1e'), 'FORMAT_VALUE'],
  ])('%s', async (_, bad, code) => {
    await using bench = await Bench.start();
    for (const format of code === 'FORMAT_TAG' ? ['csv', 'arrow'] : ['parquet']) {
      await put(bench, `in.${format}`, { k: rows(fine), 'Odd one': rows(bad) });
      const error = await failureOf(bench.decrypt(`in.${format}`, `out.${format}`));
      expect(error).toMatchObject({ code, where: { file: bench.path(`in.${format}`), column: 'Odd one', row: 4999 } });
      expect(wordsOf(error)).not.toContain('secret text');
      expect(wordsOf(error)).not.toContain(fine.slice(7, 60));
    }
    expect((await bench.names()).filter((name) => !name.startsWith('in.'))).toEqual(['tmp']);
  });

  test('a wrong secret, a wrong collaboration', async () => {
    await using bench = await Bench.start();
    await put(bench, 'in.csv', { k: ['x', 'y'], c: [null, fine] });
    const secret = parseSharedSecret(randomBytes(32).toString('base64'));
    const collaborationId = '00000000-1111-2222-3333-444444444445';
    for (const options of [{ secret }, { collaborationId }]) {
      for (const output of ['out.csv', 'out.parquet']) {
        const error = await failureOf(bench.decrypt('in.csv', output, options));
        expect(error).toMatchObject({ code: 'FORMAT_TAG', where: { column: 'c', row: 2 } });
      }
    }
    expect(await bench.names()).toEqual(['in.csv', 'tmp']);
  });

  test('a sealed cell where there is no secret', async () => {
    await using bench = await Bench.start();
    await put(bench, 'in.csv', { c: rows(fine) });
    for (const output of ['out.csv', 'out.parquet']) {
      const error = await failureOf(bench.decrypt('in.csv', output, { secret: null }));
      expect(error).toMatchObject({ code: 'SECRET_MISSING', where: { column: 'c', row: 2 } });
    }
    expect(await bench.names()).toEqual(['in.csv', 'tmp']);
  });

  test('F-48 fingerprints where they are forbidden, at their row', async () => {
    await using bench = await Bench.start();
    await put(bench, 'in.csv', { c: rows('zz:hmac:') });
    const fine = await bench.decrypt('in.csv', 'fine.csv', { allowMixedColumns: true });
    expect(fine.columns).toMatchObject({ sealed: 1 });
    for (const output of ['out.csv', 'out.parquet']) {
      const error = await failureOf(bench.decrypt('in.csv', output, { failOnFingerprintColumns: true }));
      expect(error).toMatchObject({ code: 'RULE_FINGERPRINT', where: { column: 'c', row: 4999 } });
    }
    expect(await bench.names()).toEqual(['fine.csv', 'in.csv', 'tmp']);
  });

  test('a stop on the way', async () => {
    await using bench = await Bench.start();
    await put(bench, 'in.csv', { c: Array.from({ length: 9000 }, () => fine) });
    for (const output of ['out.csv', 'out.parquet', 'out.arrow']) {
      const controller = new AbortController();
      const onProgress = (): void => controller.abort();
      const error = await failureOf(bench.decrypt('in.csv', output, { signal: controller.signal, onProgress }));
      expect(error.code).toBe('IO_ABORTED');
    }
    expect(await bench.names()).toEqual(['in.csv', 'tmp']);
  });

  test('and neither does a dry run, which opens every cell', async () => {
    await using bench = await Bench.start();
    await put(bench, 'in.parquet', { c: rows(fine) });
    const summary = await bench.decrypt('in.parquet', 'out.parquet', { dryRun: true });
    expect(summary).toMatchObject({ rows: 5000, openedCells: 2501, outputBytes: 0 });
    await put(bench, 'bad.parquet', { c: rows(spoilt) });
    const error = await failureOf(bench.decrypt('bad.parquet', 'out.parquet', { dryRun: true }));
    expect(error).toMatchObject({ code: 'FORMAT_TAG', where: { row: 4999 } });
    expect(await bench.names()).toEqual(['bad.parquet', 'in.parquet', 'tmp']);
  });
});

test('a table of every type comes back from Parquet by way of sealed cells as it was', async () => {
  await using bench = await Bench.start();
  const fields: Field[] = [
    { name: 's', type: TEXT },
    { name: 'b', type: { kind: 'boolean' } },
    { name: 'i', type: { kind: 'smallint' } },
    { name: 't', type: { kind: 'timestamp', unit: 'us', utc: true } },
    { name: 'd', type: { kind: 'decimal', precision: 5, scale: 5 } },
  ];
  const columns = [
    textColumn(['é', null]),
    fixedColumn(1, [null, '01']),
    fixedColumn(2, ['0080', 'ff7f']),
    fixedColumn(8, [hexOfInteger(-1n, 8), null]),
    fixedColumn(16, [hexOfInteger(-99_999n, 16), hexOfInteger(1n, 16)]),
  ];
  await writeTable(bench.path('in.parquet'), fields, [{ rows: 2, columns }]);
  await bench.encrypt('in.parquet', 'out.parquet', schemaOf(...fields.map(({ name }) => `${name}:sealed max 1`)));
  await bench.decrypt('out.parquet', 'back.parquet');
  const [before, after] = [await bench.read('in.parquet'), await bench.read('back.parquet')];
  expect(after.fields).toEqual(before.fields);
  const rowsOf = (table: typeof before): string[] =>
    [0, 1].map((row) => JSON.stringify(table.columns.map((column) => column[row]))).sort();
  expect(rowsOf(after)).toEqual(rowsOf(before));
});
