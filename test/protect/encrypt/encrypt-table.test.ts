import { stat } from 'node:fs/promises';
import { HIGH_ASSURANCE } from 'sealroom';
import { describe, expect, test } from 'vitest';
import { Bench, schemaOf, settingsOf } from '../../support/tables.ts';
import { failureOf, fixedColumn, hexOfInteger, textColumn, wordsOf, writeTable } from '../../tabular/support.ts';

/** Numbered rows of CSV; `change` replaces single rows, counted from 1. */
function numberedCsv(rows: number, change: Readonly<Record<number, string>> = {}): string {
  const lines = Array.from(
    { length: rows },
    (_, row) => change[row + 1] ?? `id${String(row + 1)},note ${String(row + 1)}`,
  );
  return ['id,note', ...lines, ''].join('\n');
}

async function openAll(bench: Bench, name: string): Promise<Record<string, (string | null)[]>> {
  await bench.decrypt(name, `open.${name}`, { overwrite: true });
  return bench.columns(`open.${name}`);
}

function sorted(values: readonly (string | null)[] | undefined): (string | null)[] {
  return [...(values ?? [])].sort();
}

describe('columns', () => {
  test('F-57 are the schema’s, in its order: several of one source, none of others', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', 'A,unused, b\n1,x,2\n');
    const schema = schemaOf('b:cleartext', 'a>a2:fingerprint', 'a>a1:sealed', 'a>a3:cleartext', 'b>b2:sealed max 3');
    for (const format of ['csv', 'parquet', 'arrow']) {
      await bench.encrypt('in.csv', `out.${format}`, schema);
      const columns = await bench.columns(`out.${format}`);
      expect(Object.keys(columns)).toEqual(['b', 'a2', 'a1', 'a3', 'b2']);
      expect([columns['b'], columns['a3']]).toEqual([['2'], ['1']]);
      expect(columns['a2']?.[0]).toMatch(/^02:hmac:/);
      expect(columns['a1']?.[0]).toMatch(/^02:enc:/);
      expect(columns['b2']?.[0]).toMatch(/^02:enc:/);
    }
  });

  test('F-53 a table of 10,001 columns is refused, one of 10,000 is not', async () => {
    await using bench = await Bench.start();
    const header = Array.from({ length: 10_001 }, (_, index) => `c${String(index)}`);
    await bench.put('in.csv', `${header.slice(0, -1).join()}\n${header.slice(0, -1).fill('1').join()}\n`);
    expect((await bench.encrypt('in.csv', 'out.csv', schemaOf('c9999:sealed'))).rows).toBe(1);
    await bench.put('in.csv', `${header.join()}\n${header.fill('1').join()}\n`);
    const error = await failureOf(bench.encrypt('in.csv', 'none.csv', schemaOf('c0:sealed')));
    expect(error).toMatchObject({ code: 'DATA_COLUMN', message: 'expected at most 10000 columns, got 10001' });
    expect(await bench.names()).toEqual(['in.csv', 'out.csv', 'tmp']);
  });

  test('can be 1,600', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', 'a\nx\n\ny\n');
    const kinds = ['sealed', 'fingerprint', 'cleartext', 'sealed max 1'];
    const schema = schemaOf(
      ...Array.from({ length: 1600 }, (_, index) => `a>a${String(index)}:${kinds[index % 4] ?? ''}`),
    );
    const summary = await bench.encrypt('in.csv', 'out.parquet', schema);
    expect(summary).toMatchObject({ rows: 2, columns: { sealed: 800, fingerprint: 400, cleartext: 400 } });
    const columns = await openAll(bench, 'out.parquet');
    expect(Object.keys(columns)).toHaveLength(1600);
    expect(sorted(columns['a1599'])).toEqual(['x', 'y']);
  });

  test('F-61 of cleartext are refused where the collaboration forbids them, before anything is read', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', 'no table');
    const schema = schemaOf('a:cleartext', 'b:sealed', 'c:cleartext');
    const error = await failureOf(bench.encrypt('in.csv', 'out.csv', schema, { settings: HIGH_ASSURANCE }));
    expect(error.code).toBe('RULE_CLEARTEXT');
    expect(error.message).toMatch(/: `a`, `c`$/);
    expect(await bench.names()).toEqual(['in.csv', 'tmp']);
  });
});

describe('F-60 duplicates', () => {
  const settings = settingsOf({ allowDuplicates: false });
  const schema = schemaOf('id>other:sealed', 'id:fingerprint', 'note:sealed');

  test('are refused with their column and two exact rows, far into the table', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', numberedCsv(6000, { 17: 'twin,x', 5500: 'twin,y' }));
    const error = await failureOf(bench.encrypt('in.csv', 'out.csv', schema, { settings }));
    expect(error).toMatchObject({ code: 'RULE_DUPLICATES', where: { file: bench.path('in.csv'), column: 'id' } });
    expect(error.message).toMatch(/^rows 17 and 5500 hold the same value/);
    expect(wordsOf(error)).not.toContain('twin');
    expect(await bench.names()).toEqual(['in.csv', 'tmp']);
    expect((await bench.encrypt('in.csv', 'out.csv', schema)).rows).toBe(6000);
  });

  test('are looked for in each fingerprint column, and all columns are named', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', 'id,note\na,1\nb,1\nc,2\na,3\n');
    const both = schemaOf('id>note2:fingerprint', 'id>free:sealed', 'note>id2:fingerprint');
    const error = await failureOf(bench.encrypt('in.csv', 'out.csv', both, { settings }));
    expect(error.where.column).toBe('note2');
    expect(error.message).toMatch(/^rows 1 and 4 /);
    expect(error.hint).toContain('`id2`');
  });

  test('are different values of any kind, and equal ones in sealed columns, no duplicates', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', 'id,note\na,same\nA,same\n"a ",same\n"",same\n');
    expect((await bench.encrypt('in.csv', 'out.csv', schema, { settings })).rows).toBe(4);
  });

  test('of nulls are refused at the second one, with both rows, unless nulls are preserved', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', numberedCsv(6000, { 3: ',x', 5000: ',y', 5001: ',z' }));
    const error = await failureOf(bench.encrypt('in.csv', 'out.csv', schema, { settings }));
    expect(error).toMatchObject({ code: 'RULE_DUPLICATES', where: { column: 'id', row: 5000 } });
    expect(error.message).toMatch(/rows 3 and 5000/);
    expect(await bench.names()).toEqual(['in.csv', 'tmp']);
    const preserving = settingsOf({ allowDuplicates: false, preserveNulls: true });
    expect((await bench.encrypt('in.csv', 'out.csv', schema, { settings: preserving })).rows).toBe(6000);
  });

  test('one null is none', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', numberedCsv(10, { 3: ',x' }));
    expect(await bench.encrypt('in.csv', 'out.csv', schema, { settings })).toMatchObject({ rows: 10, nulls: 2 });
  });
});

describe('settings', () => {
  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])('preserveNulls %s, allowDuplicates %s', async (preserveNulls, allowDuplicates) => {
    await using bench = await Bench.start();
    await bench.put('in.csv', 'a\n1\n2\n""\n');
    const schema = schemaOf('a>s:sealed', 'a>f:fingerprint', 'a>c:cleartext');
    const summary = await bench.encrypt('in.csv', 'out.csv', schema, {
      settings: settingsOf({ preserveNulls, allowDuplicates }),
      csvOutputNull: 'N',
    });
    expect(summary).toMatchObject({ rows: 3, nulls: 3 });
    const rows = (await bench.lines('out.csv')).slice(1).map((line) => line.split(','));
    const [nulls] = rows.filter((row) => row[2] === 'N');
    expect(nulls?.[0]).toMatch(preserveNulls ? /^N$/ : /^02:enc:/);
    expect(nulls?.[1]).toMatch(preserveNulls ? /^N$/ : /^02:hmac:/);
    for (const row of rows.filter((one) => one !== nulls)) {
      expect(row[0]).toMatch(/^02:enc:/);
      expect(row[1]).toMatch(/^02:hmac:/);
    }
  });

  test('equal values have equal fingerprints, nulls never', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', 'a,b\nx,1\nx,2\n,3\n,4\n');
    await bench.encrypt('in.csv', 'out.csv', schemaOf('a:fingerprint', 'b:cleartext'));
    const { a = [], b = [] } = await bench.columns('out.csv');
    const cells = new Map(b.map((key, row) => [key, a[row]]));
    expect(cells.get('1')).toBe(cells.get('2'));
    expect(new Set(cells.values()).size).toBe(3);
  });
});

describe('pad max', () => {
  /** The number of encoded bytes of every cell of a column, zeros included. */
  const lengthsOf = (cells: readonly (string | null)[] | undefined): number[] =>
    [...new Set(cells?.map((cell) => Buffer.from(cell?.slice(7) ?? '', 'base64').length - 62))].sort();

  test('F-43 is the true maximum, wherever it is', async () => {
    await using bench = await Bench.start();
    const longest = 'é'.repeat(30);
    await bench.put(
      'in.csv',
      numberedCsv(6000, {
        ...Object.fromEntries(Array.from({ length: 4500 }, (_, row) => [row + 1, `id${String(row)},`])),
        5999: `z,${longest}`,
      }),
    );
    for (const kernel of ['node', 'noble'] as const) {
      await bench.encrypt('in.csv', 'out.csv', schemaOf('note:sealed max 5'), { kernel, overwrite: true });
      expect(lengthsOf((await bench.columns('out.csv'))['note'])).toEqual([1 + 60 + 5]);
    }
  });

  test('F-43 of a column of nulls is the length of an encoded null', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', 'a,b\n1,\n2,\n');
    await bench.encrypt('in.csv', 'out.csv', schemaOf('b:sealed max 7', 'b>c:sealed max 0'));
    const { b, c } = await bench.columns('out.csv');
    expect([lengthsOf(b), lengthsOf(c)]).toEqual([[8], [1]]);
    expect((await openAll(bench, 'out.csv'))['b']).toEqual([null, null]);
  });

  test('F-43 of typed columns counts their encoded form', async () => {
    await using bench = await Bench.start();
    const fields = [
      { name: 'n', type: { kind: 'int' } },
      { name: 'd', type: { kind: 'decimal', precision: 9, scale: 2 } },
      { name: 'none', type: { kind: 'decimal', precision: 9, scale: 2 } },
    ] as const;
    const decimals = [null, hexOfInteger(-12_345n, 16), hexOfInteger(1n, 16)];
    const columns = [
      fixedColumn(4, [null, '01000000', null]),
      fixedColumn(16, decimals),
      fixedColumn(16, [null, null, null]),
    ];
    await writeTable(bench.path('in.parquet'), fields, [{ rows: 3, columns }]);
    await bench.encrypt('in.parquet', 'out.parquet', schemaOf('n:sealed max 1', 'd:sealed max 2', 'none:sealed max 3'));
    const { n, d, none } = await bench.columns('out.parquet');
    expect([lengthsOf(n), lengthsOf(d), lengthsOf(none)]).toEqual([[1 + 4 + 1], [9 + '-123.45'.length + 2], [9 + 3]]);
    const opened = await openAll(bench, 'out.parquet');
    expect(sorted(opened['d'])).toEqual(sorted(decimals));
  });

  test('refuses a maximum without room, by column', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', `a,b\n1,${'x'.repeat(11_990)}\n`);
    const error = await failureOf(bench.encrypt('in.csv', 'out.csv', schemaOf('a:sealed', 'b>B:sealed max 10')));
    expect(error).toMatchObject({ code: 'DATA_LENGTH', where: { file: bench.path('in.csv'), column: 'b' } });
    expect(await bench.names()).toEqual(['in.csv', 'tmp']);
  });
});

describe('formats', () => {
  const all = ['csv', 'parquet', 'arrow'] as const;

  test.each([
    ['csv', 'parquet'],
    ['parquet', 'csv'],
    ['parquet', 'parquet'],
    ['arrow', 'csv'],
    ['csv', 'arrow'],
    ['arrow', 'arrow'],
  ])('%s to %s', async (from, to) => {
    await using bench = await Bench.start();
    const texts = ['a', 'ö,"', null, 'line\nbreak'];
    await writeTable(
      bench.path(`in.${from}`),
      [{ name: 's', type: { kind: 'string' } }],
      [{ rows: 4, columns: [textColumn(texts)] }],
    );
    await bench.encrypt(`in.${from}`, `out.${to}`, schemaOf('s>x:sealed', 's>f:fingerprint', 's>c:cleartext'));
    const encrypted = await bench.columns(`out.${to}`);
    const opened = await openAll(bench, `out.${to}`);
    expect(opened['f']).toEqual(encrypted['f']);
    expect(opened['x']).toEqual(opened['c']);
    expect(sorted(opened['x'])).toEqual(sorted(texts.map((text) => text && Buffer.from(text).toString('latin1'))));
  });

  test('typed columns become text in CSV, sealed as cleartext', async () => {
    await using bench = await Bench.start();
    const fields = [
      { name: 'b', type: { kind: 'boolean' } },
      { name: 'd', type: { kind: 'date' } },
      { name: 't', type: { kind: 'timestamp', unit: 'ms', utc: true } },
    ] as const;
    const columns = [fixedColumn(1, ['01']), fixedColumn(4, ['00000000']), fixedColumn(8, [hexOfInteger(1n, 8)])];
    await writeTable(bench.path('in.parquet'), fields, [{ rows: 1, columns }]);
    const schema = schemaOf(...['b', 'd', 't'].flatMap((name) => [`${name}:cleartext`, `${name}>${name}s:sealed`]));
    await bench.encrypt('in.parquet', 'out.csv', schema);
    await bench.decrypt('out.csv', 'back.csv');
    const [, line] = await bench.lines('back.csv');
    expect(line).toBe('true,true,1970-01-01,1970-01-01,"1970-01-01 00:00:00.001000","1970-01-01 00:00:00.001000"');
  });

  test('F-91 a stale checksum file is removed', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', 'a\n1\n');
    await bench.put('out.parquet', 'old');
    await bench.put('.out.parquet.crc', 'old');
    await bench.put('.other.parquet.crc', 'kept');
    await bench.encrypt('in.csv', 'out.parquet', schemaOf('a:sealed'), { overwrite: true });
    expect(await bench.names()).toEqual(['.other.parquet.crc', 'in.csv', 'out.parquet', 'tmp']);
  });

  test.each(all)('%s output can be read by its owner only', async (to) => {
    await using bench = await Bench.start();
    await bench.put('in.csv', 'a\n1\n');
    await bench.encrypt('in.csv', `out.${to}`, schemaOf('a:sealed'));
    expect((await stat(bench.path(`out.${to}`))).mode & 0o777).toBe(0o600);
  });

  test.each([
    ['csv', 'parquet'],
    ['parquet', 'csv'],
    ['arrow', 'arrow'],
  ])('a %s table without rows becomes a %s table without rows', async (from, to) => {
    await using bench = await Bench.start();
    const fields = [
      { name: 's', type: { kind: 'string' } },
      { name: 'u', type: { kind: 'string' } },
    ] as const;
    await writeTable(bench.path(`in.${from}`), fields, []);
    const summary = await bench.encrypt(
      `in.${from}`,
      `out.${to}`,
      schemaOf('s:sealed max 1', 'u:fingerprint', 's>c:cleartext'),
      {
        settings: settingsOf({ allowDuplicates: false }),
      },
    );
    expect(summary).toMatchObject({ rows: 0, nulls: 0 });
    expect(await openAll(bench, `out.${to}`)).toEqual({ s: [], u: [], c: [] });
  });
});

describe('cells', () => {
  test('F-52 of 16,383 bytes pass in cleartext, of one more do not', async () => {
    await using bench = await Bench.start();
    for (const to of ['csv', 'parquet']) {
      await bench.put('in.csv', numberedCsv(6000, { 5000: `x,${'é'.repeat(8191)}1` }));
      await bench.encrypt('in.csv', `out.${to}`, schemaOf('note:cleartext'));
      await bench.put('in.csv', numberedCsv(6000, { 5000: `x,${'é'.repeat(8192)}` }));
      const error = await failureOf(bench.encrypt('in.csv', `none.${to}`, schemaOf('id:sealed', 'note>c:cleartext')));
      expect(error).toMatchObject({ code: 'DATA_LENGTH', where: { column: 'c', row: 5000 } });
    }
    expect(await bench.names()).toEqual(['in.csv', 'out.csv', 'out.parquet', 'tmp']);
  });

  test('F-52 of unpadded text end at 12,219 bytes, at their exact row', async () => {
    await using bench = await Bench.start();
    for (const kernel of ['node', 'noble'] as const) {
      await bench.put('in.csv', numberedCsv(3000, { 2900: `x,${'e'.repeat(12_219)}` }));
      await bench.encrypt('in.csv', 'out.csv', schemaOf('note:sealed'), { kernel, overwrite: true });
      const { note = [] } = await bench.columns('out.csv');
      expect(Math.max(...note.map((cell) => cell?.length ?? 0))).toBe(16_383);
      await bench.put('in.csv', numberedCsv(3000, { 2900: `x,${'e'.repeat(12_220)}` }));
      const error = await failureOf(bench.encrypt('in.csv', 'none.csv', schemaOf('note:sealed'), { kernel }));
      expect(error).toMatchObject({ code: 'DATA_LENGTH', where: { column: 'note', row: 2900 } });
      expect(wordsOf(error)).not.toContain('eee');
    }
  });

  test('F-44 that are longer than their pad are refused at their exact row', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', numberedCsv(6000, { 5000: 'x,a secret that is too long' }));
    const error = await failureOf(bench.encrypt('in.csv', 'none.csv', schemaOf('note>n:sealed fixed 20')));
    expect(error).toMatchObject({ code: 'DATA_LENGTH', where: { file: bench.path('in.csv'), column: 'n', row: 5000 } });
    expect(wordsOf(error)).not.toContain('secret that');
    expect(await bench.names()).toEqual(['in.csv', 'tmp']);
  });
});

test('of several values that cannot be protected the first row is named, whatever its column', async () => {
  await using bench = await Bench.start();
  const long = 'x'.repeat(30);
  await bench.put('in.csv', numberedCsv(1600, { 8: `short,${long}`, 1501: `${long},short` }));
  const schema = schemaOf('id>a:sealed fixed 20', 'note>b:sealed fixed 20');
  const error = await failureOf(bench.encrypt('in.csv', 'out.csv', schema));
  expect(error).toMatchObject({ code: 'DATA_LENGTH', where: { column: 'b', row: 8 } });
});

describe('a failure leaves nothing', () => {
  test('when a column is of a type that cannot be protected', async () => {
    await using bench = await Bench.start();
    const fields = [{ name: 'd', type: { kind: 'double' } }] as const;
    await writeTable(bench.path('in.parquet'), fields, [{ rows: 1, columns: [fixedColumn(8, ['00'.repeat(8)])] }]);
    const error = await failureOf(bench.encrypt('in.parquet', 'out.parquet', schemaOf('d:fingerprint')));
    expect(error).toMatchObject({ code: 'DATA_TYPE', where: { file: bench.path('in.parquet'), column: 'd' } });
    expect(await bench.names()).toEqual(['in.parquet', 'tmp']);
  });

  test('when a record late in the file is malformed', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', numberedCsv(6000, { 5000: 'only one' }));
    for (const to of ['csv', 'parquet', 'arrow']) {
      const error = await failureOf(bench.encrypt('in.csv', `out.${to}`, schemaOf('note:sealed')));
      expect(error).toMatchObject({ code: 'DATA_FIELDS', where: { line: 5001 } });
    }
    expect(await bench.names()).toEqual(['in.csv', 'tmp']);
  });

  test.each([
    ['read', 'csv'],
    ['read', 'parquet'],
    ['encrypt', 'csv'],
    ['encrypt', 'parquet'],
    ['encrypt', 'arrow'],
  ])('when it is stopped in the phase %s of %s output', async (phase, to) => {
    await using bench = await Bench.start();
    await bench.put('in.csv', numberedCsv(9000));
    const controller = new AbortController();
    const rows: number[] = [];
    const error = await failureOf(
      bench.encrypt('in.csv', `out.${to}`, schemaOf('id:fingerprint', 'note:sealed max 0'), {
        settings: settingsOf({ allowDuplicates: phase !== 'encrypt' }),
        signal: controller.signal,
        onProgress(progress) {
          if (progress.phase !== phase) return;
          rows.push(progress.rows);
          controller.abort();
        },
      }),
    );
    expect(error.code).toBe('IO_ABORTED');
    expect(rows.length).toBeGreaterThan(0);
    expect(await bench.names()).toEqual(['in.csv', 'tmp']);
  });

  test('and neither does a dry run, which finds what a run would', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', numberedCsv(100));
    const summary = await bench.encrypt('in.csv', 'out.csv', schemaOf('note:sealed'), { dryRun: true });
    expect(summary).toMatchObject({ rows: 100, outputBytes: 0 });
    await bench.put('bad.csv', numberedCsv(100, { 99: 'a,b,c' }));
    expect((await failureOf(bench.encrypt('bad.csv', 'out.csv', schemaOf('note:sealed'), { dryRun: true }))).code).toBe(
      'DATA_FIELDS',
    );
    expect(await bench.names()).toEqual(['bad.csv', 'in.csv', 'tmp']);
  });
});

describe('two runs', () => {
  test('differ in nonces and in order, and agree in fingerprints', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', numberedCsv(500));
    const schema = schemaOf('id>c:cleartext', 'id:fingerprint', 'note:sealed', 'note>note2:sealed');
    await bench.encrypt('in.csv', 'one.csv', schema);
    await bench.encrypt('in.csv', 'two.csv', schema);
    const [one, two] = [await bench.columns('one.csv'), await bench.columns('two.csv')];
    expect(one['c']).not.toEqual(two['c']);
    expect(one['c']).not.toEqual(sorted(one['c']));
    expect(sorted(one['c'])).toEqual(sorted(two['c']));
    expect(sorted(one['id'])).toEqual(sorted(two['id']));
    const nonce = (cell: string | null): string => (cell ?? '').slice(7, 7 + 42);
    const nonces = [...(one['note'] ?? []), ...(two['note'] ?? [])].map(nonce);
    expect(new Set(nonces).size).toBe(1000);
    // The sealed cells of a row share its nonce.
    expect(one['note']?.map(nonce)).toEqual(one['note2']?.map(nonce));
  });

  test('with different kernels give tables that open alike with either', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', numberedCsv(300, { 7: ',', 8: '"",ü' }));
    const schema = schemaOf('id:fingerprint', 'note:sealed max 3', 'id>c:sealed');
    const results: unknown[] = [];
    for (const kernel of ['node', 'noble'] as const) {
      await bench.encrypt('in.csv', `${kernel}.csv`, schema, { kernel });
      for (const other of ['node', 'noble'] as const) {
        await bench.decrypt(`${kernel}.csv`, 'back.csv', { kernel: other, overwrite: true });
        const { c = [], note = [] } = await bench.columns('back.csv');
        results.push(c.map((id, row) => `${String(id)} ${String(note[row])}`).sort());
      }
    }
    for (const result of results) expect(result).toEqual(results[0]);
  });
});
