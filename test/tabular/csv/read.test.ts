import { appendFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openFile } from '#src/files/byte-source';
import { openCsv } from '#src/tabular/csv/read';
import { nullRuleOf } from '#src/tabular/csv/null-rules';
import { openTable } from 'sealroom/tabular';
import { columnsOf, failureOf, Folder, latin, memorySource, readTable, textsOf } from '../support.ts';

const folder = new Folder();

/** The columns of a text, read by both readers if the fast one may; they must agree. */
async function columnsIn(csv: string, nullText?: string, headerRow = false): Promise<(string | null)[][]> {
  const fast = await readTable(folder.write('.csv', csv), { headerRow, csvInputNull: nullText });
  const exact = await openCsv(memorySource(new Uint8Array(Buffer.from(csv))), { headerRow, nullText });
  expect(fast.columns).toEqual(await columnsOf(exact));
  return fast.columns;
}

async function headersIn(csv: string): Promise<string[]> {
  const { fields } = await readTable(folder.write('.csv', csv), {}, []);
  return fields.map(({ name }) => name);
}

describe('F-80 nulls', () => {
  const ROWS = [
    '',
    '""',
    '" "',
    '  ',
    'x',
    '"x"',
    ' x ',
    '" x "',
    'NULL',
    '"NULL"',
    'null',
    '" foo "',
    ' foo ',
    '"""""',
  ].join('\n,');
  const csv = `,${ROWS}\n`;
  /** Text of each row where it is no null in any case; nulls by the kind of field. */
  const values = (nulls: { blank: boolean; quotedEmpty: boolean; token?: string }): (string | null)[] => [
    nulls.blank ? null : '',
    nulls.quotedEmpty ? null : '',
    ' ',
    nulls.blank ? null : '',
    ...['x', 'x', 'x', ' x ', 'NULL', 'NULL', 'null', ' foo ', 'foo', '"'].map((text) =>
      text === nulls.token ? null : text,
    ),
  ];

  test.each([
    [undefined, { blank: true, quotedEmpty: true }],
    ['', { blank: true, quotedEmpty: false }],
    [' \t', { blank: true, quotedEmpty: false }],
    ['""', { blank: false, quotedEmpty: true }],
    [' "" ', { blank: false, quotedEmpty: true }],
    ['NULL', { blank: false, quotedEmpty: false, token: 'NULL' }],
    ['x', { blank: false, quotedEmpty: false, token: 'x' }],
    [' foo ', { blank: false, quotedEmpty: false, token: ' foo ' }],
    ['\u00a0', { blank: false, quotedEmpty: false }],
  ])('are what the input null text %j says', async (nullText, nulls) => {
    expect((await columnsIn(csv.replace('"""""', '""""'), nullText))[1]).toEqual(values(nulls));
  });

  test('of a text that would be white space for JavaScript only are that text', () => {
    expect(nullRuleOf('\u00a0').tokens).toEqual([new Uint8Array(Buffer.from('\u00a0'))]);
    expect(nullRuleOf('\ufeff').blankIsNull).toBe(false);
  });
});

describe('F-75 fields', () => {
  test.each([
    [' a ,b', ['a', 'b']],
    ['\t\0a\x1f,\u00a0b\u2003', ['a', latin('\u00a0b\u2003')]],
    ['" a ","b"', [' a ', 'b']],
    [' "a" ,\t" b"', ['a', ' b']],
    ['\v"a"\f,b', ['a', 'b']],
    ['a""b,"c""d"', ['a""b', 'c"d']],
    ['"a,b","c\nd"', ['a,b', 'c\nd']],
    ['x"y,z', ['x"y', 'z']],
    ['\\"a,b\\', ['\\"a', 'b\\']],
    ["'a','b'", ["'a'", "'b'"]],
    ['a;b,c|d', ['a;b', 'c|d']],
  ])('of %j are %j', async (line, fields) => {
    expect(await columnsIn(`${line}\n`)).toEqual(fields.map((text) => [text]));
  });
});

describe('F-76 line breaks inside quotes', () => {
  test.each([
    ['\r\n', 'a\r\nb', 'a\nb'],
    ['\r\n', 'a\nb', 'a\nb'],
    ['\r\n', 'a\rb', 'a\rb'],
    ['\n', 'a\r\nb', 'a\r\nb'],
    ['\n', 'a\nb', 'a\nb'],
    ['\n', 'a\rb', 'a\rb'],
    ['\r', 'a\r\nb', 'a\n\nb'],
    ['\r', 'a\nb', 'a\nb'],
    ['\r', 'a\rb', 'a\nb'],
  ])('in a file with %j: %j reads as %j', async (separator, value, expected) => {
    expect(await columnsIn(['k,v', `1,"${value}"`, ''].join(separator))).toEqual([
      ['k', '1'],
      ['v', expected],
    ]);
  });

  test('are found by the null text after they are read', async () => {
    expect((await columnsIn('k,v\r\n1,"a\r\nb"\r\n', 'a\nb'))[1]).toEqual(['v', null]);
  });
});

describe('F-77 lines', () => {
  test('that are blank are skipped anywhere, and those with `#` are kept and warned about', async () => {
    const csv = '\n \n#k,v\n\n\t\n#1,2\n3,#4\n"#5",6\n\n';
    expect(await columnsIn(csv)).toEqual([
      ['#k', '#1', '3', '#5'],
      ['v', '2', '#4', '6'],
    ]);
    const { warnings } = await readTable(folder.write('.csv', csv));
    expect(warnings[0]).toBe(
      'line 3 begins with `#` and is taken for the header: remove it if it is a comment, which C3R would skip',
    );
    expect(warnings[1]).toBe('2 lines start with `#` (first: line 3); kept as data, where C3R drops them as comments');
  });

  test.each([
    ['# a comment\na;b\n1;2\n', true, [/^line 1 begins with `#` and is taken for the header/]],
    ['# a comment\na;b\n1;2\n', false, [/^1 line starts with `#` \(first: line 1\)/]],
    ['a\n#1\n', true, [/^1 line starts with `#` \(first: line 2\)/]],
    ['a\n1\n', true, []],
  ])('that begin with `#` in %j are warned about (header row: %j)', async (csv, headerRow, expected) => {
    const table = await openTable(folder.write('.csv', csv), { headerRow });
    expect(table.warnings).toEqual(expected.map((pattern) => expect.stringMatching(pattern) as string));
    await table.close();
  });

  test('of one column are blank if they hold nothing, and a null if they hold ""', async () => {
    expect(await columnsIn('a\n\n""\n \nb\n')).toEqual([['a', null, 'b']]);
  });
});

describe('F-78 malformed quotes', () => {
  test.each([
    ['"x"y,b', ['"x"y', 'b']],
    ['"a" b ,c', ['"a" b', 'c']],
    [' "a"b"c" ,d', ['"a"b"c"', 'd']],
    ['"a""b"c"",d', ['"a"b"c""', 'd']],
    ['"a,b"c,d', ['"a,b"c', 'd']],
    ['a,"b\nc,d', ['a', 'b\nc,d']],
    ['a,"b""', ['a', 'b"']],
    ['"a"x, "b" ,', ['"a"x', 'b', null]],
  ])('%j reads as %j', async (line, fields) => {
    expect(await columnsIn(line)).toEqual(fields.map((text) => [text]));
  });

  test('may be long', async () => {
    const text = 'x""y,'.repeat(100_000);
    expect(await columnsIn(`"${text}" z ,b"${text.replaceAll(',', ';')}\n`)).toEqual([
      [`"${text.replaceAll('""', '"')}" z`],
      [`b"${text.replaceAll(',', ';')}`],
    ]);
  });

  test('of an open quote are warned about', async () => {
    const { warnings, slowReason } = await openTable(folder.write('.csv', 'a\n"b\nc\n'));
    expect(warnings[0]).toBe('the quote opened on line 2 is never closed; the rest of the file is one value');
    expect(warnings).toHaveLength(1);
    expect(slowReason).toBe('a quote that is never closed on line 2');
  });
});

describe('headers', () => {
  test.each([
    ['a,b\n1,2\n', ['a', 'b']],
    ['\ufeff"a","b"\n1,2\n', ['a', 'b']],
    ['\n\n a ,\tb\n1,2\n', [' a ', '\tb']],
    ['"a\nb",c""\n1,2\n', ['a\nb', 'c""']],
    ['"a\r\nb",c\n1,2\r\n', ['a\nb', 'c\n1', '2']],
    ['"a\nb",c\r\n1,2\r\n', ['a\nb', 'c\r']],
    [' "a" ,b\n1,2\n', ['a', 'b']],
    ['"",b,,a,a\n1,2,3,4,5\n', ['', 'b', '', 'a', 'a']],
    ['é,"漢 😀"\n1,2\n', ['é', '漢 😀']],
    ['a,b', ['a', 'b']],
    ['a\r1\r', ['a']],
  ])('of %j are %j', async (csv, headers) => {
    expect(await headersIn(csv)).toEqual(headers);
  });

  test('F-66 of a file without header row are `_c0`, `_c1`, …', async () => {
    const { fields, rows } = await readTable(folder.write('.csv', 'a,b\n1,2\n'), { headerRow: false });
    expect(fields.map(({ name }) => name)).toEqual(['_c0', '_c1']);
    expect(rows).toBe(2);
  });

  test('alone are a table of no rows', async () => {
    expect(await readTable(folder.write('.csv', 'a,b\n'))).toMatchObject({ rows: 0, columns: [[], []] });
    expect(await readTable(folder.write('.csv', '"a" ,b'))).toMatchObject({ rows: 0, columns: [[], []] });
  });
});

describe('large files', () => {
  test('of values of 3 MB, over many chunks', async () => {
    const value = (row: number): string => `${String(row)}${'é"x\n'.repeat(600_000)}`;
    const csv = ['k,v', ...[1, 2].map((row) => `${String(row)},"${value(row).replaceAll('"', '""')}"`), ''].join('\n');
    const columns = await columnsIn(csv, undefined, true);
    expect(columns[0]).toEqual(['1', '2']);
    expect(columns[1]).toEqual([1, 2].map((row) => latin(value(row))));
  });

  test('of 10,000 columns', async () => {
    const line = (row: number): string =>
      Array.from({ length: 10_000 }, (_, index) => `${String(row)}:${String(index)}`).join(',');
    const path = folder.write('.csv', Array.from({ length: 40 }, (_, row) => `${line(row)}\n`).join(''));
    const { columns } = await readTable(path, {}, [9999, 0, 5000, 5000]);
    const column = (index: number): string[] =>
      Array.from({ length: 39 }, (_, row) => `${String(row + 1)}:${String(index)}`);
    expect(columns).toEqual([column(9999), column(0), column(5000), column(5000)]);
  });

  // Cells whose lines look like records of the file itself. The engine's own parallel reading takes them for such.
  test.each(['\n', '\r\n'])('with cells that look like the file itself: %j', async (separator) => {
    const kinds = ['x,y', '"x","y"', ',', '","', 'a,"b', '"'];
    const rows = Array.from({ length: 300 }, (_, row) => {
      const cell = `${kinds[row % kinds.length] ?? ''}${separator}`.repeat(3000);
      return row % 2 === 0 ? [cell, String(row)] : [String(row), cell];
    });
    const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    const csv = ['k,v', ...rows.map((cells) => cells.map(quote).join(',')), ''].join(separator);
    expect(csv.length).toBeGreaterThan(3_000_000);
    const { columns, warnings } = await readTable(folder.write('.csv', csv));
    expect(warnings).toEqual([]);
    const read = (text: string | undefined): string => (text ?? '').replaceAll(separator, '\n');
    expect(columns[0]).toEqual(rows.map(([first]) => read(first)));
    expect(columns[1]).toEqual(rows.map(([, second]) => read(second)));
  });

  test.each([
    ['a,b\r\n"x",1\r\n', 'quotes and CRLF line ends'],
    ['\ufeffa,b\n"x",1\n', 'quotes and a byte order mark'],
    ['a,b\n"x\ry",1\n', 'CR inside quotes'],
  ])('at whose buffers the engine could err go to the exact reader: %j', async (csv, what) => {
    const large = { ...(await openFile(folder.write('.csv', csv))), bytes: 2 ** 28 };
    const reader = await openCsv(large, { headerRow: true });
    expect(reader.slowReason).toBe(`a large file with ${what}`);
    expect((await columnsOf(reader))[1]).toEqual(['1']);
  });

  test('whose records a scanner in the middle would take for others keep all rows', async () => {
    // Every 5,000th value is long; all others look like the end of a field and the start of another.
    const rows = Array.from({ length: 15_000 }, (_, row) => `",${row % 5000 === 4999 ? 'y'.repeat(1_200_000) : ''}`);
    const csv = rows.map((value, row) => `"${value.replaceAll('"', '""')}",${String(row)}\n`).join('');
    const source = await openFile(folder.write('.csv', csv));
    const reader = await openCsv({ ...source, bytes: 2 ** 28 }, { headerRow: false });
    const columns = await columnsOf(reader);
    await reader.close();
    expect(columns[1]).toEqual(rows.map((_, row) => String(row)));
    expect(columns[0]?.every((value, row) => value === rows[row])).toBe(true);
  });

  test.each([
    ['long values', 1, 3000, 'y'.repeat(50_000)],
    ['many columns', 1600, 2500, 'abcdef'],
  ])('are read whole within the engine’s memory: %s', async (_, columns, rows, value) => {
    const record = `${Array(columns).fill(value).join(',')}\n`;
    const reader = await openTable(folder.write('.csv', record.repeat(rows)), { headerRow: false });
    let seen = 0;
    for await (const batch of reader.batches({ columns: [0, columns - 1] })) seen += batch.rows;
    await reader.close();
    expect(seen).toBe(rows);
    expect(reader.warnings).toEqual([]);
  });

  test('with very long records go to the exact reader, a few rows at a time', async () => {
    const value = 'y'.repeat(5 << 20);
    const reader = await openTable(folder.write('.csv', `a,b\n${`${value},1\n`.repeat(6)}`), { headerRow: true });
    expect(reader.slowReason).toBe('very long records');
    expect(reader.notes).toEqual([
      expect.stringMatching(/^[^/]*\.csv: read by the exact, slower reader: very long records$/),
    ]);
    const batches: number[] = [];
    for await (const { rows } of reader.batches({ columns: [0] })) batches.push(rows);
    expect(batches).toEqual([4, 2]);
    const refused = async (): Promise<void> => {
      for await (const { rows } of reader.batches({ columns: [1, 0], maxValueBytes: 5 << 20 })) batches.push(rows);
      for await (const { rows } of reader.batches({ columns: [1, 0], maxValueBytes: 100 })) batches.push(rows);
    };
    expect(await failureOf(refused())).toMatchObject({ code: 'DATA_LENGTH', where: { row: 1, column: 'a' } });
    await reader.close();
  });

  test('may begin with a byte order mark and a header with a line break', async () => {
    const { fields, columns } = await readTable(folder.write('.csv', '\ufeff"a\nb",c\n1,2\n'));
    expect(fields.map(({ name }) => name)).toEqual(['a\nb', 'c']);
    expect(columns).toEqual([['1'], ['2']]);
  });

  test('keep their order in batches of bounded size', async () => {
    const path = folder.write(
      '.csv',
      `k,v\n${Array.from({ length: 70_000 }, (_, row) => `${String(row)},value ${String(row)}\n`).join('')}`,
    );
    const reader = await openTable(path);
    const seen: (string | null)[] = [];
    for await (const batch of reader.batches({ columns: [0] })) {
      expect(batch.rows).toBeLessThanOrEqual(2048);
      for (const column of batch.columns) seen.push(...textsOf(column));
    }
    await reader.close();
    expect(seen).toEqual(Array.from({ length: 70_000 }, (_, row) => String(row)));
  });
});

describe('a file that changes after it was opened', () => {
  test.each([
    ['grows', (path: string) => appendFileSync(path, '3,4\n')],
    ['shrinks', (path: string) => writeFileSync(path, 'a,b\n')],
  ])('is refused when it %s', async (_, change) => {
    const path = folder.write('.csv', 'a,b\n1,2\n');
    const reader = await openTable(path);
    change(path);
    expect(await failureOf(columnsOf(reader))).toMatchObject({ code: 'DATA_CORRUPT', where: { file: path } });
    await reader.close();
  });
});

describe('reading', () => {
  test('can be repeated, and given up in the middle, by both readers', async () => {
    const line = 'x,y\n'.repeat(30_000);
    for (const csv of [`a,b\n${line}`, `a,b\n "x",y\n${line}`]) {
      const reader = await openTable(folder.write('.csv', csv));
      for (let count = 0; count < 3; count++)
        for await (const batch of reader.batches({ columns: [1] })) if (batch.rows > 0) break;
      const [column] = await columnsOf(reader, [1]);
      expect(column).toHaveLength(reader.rows ?? 0);
      await reader.close();
    }
  });

  test('stops at the signal, in the scan and between batches', async () => {
    const path = folder.write('.csv', `a,b\n${'x,y\n'.repeat(400_000)}`);
    await expect(openTable(path, { signal: AbortSignal.abort() })).rejects.toThrow();
    const abort = new AbortController();
    const reader = await openTable(path);
    const reading = (async () => {
      for await (const batch of reader.batches({ columns: [0], signal: abort.signal }))
        if (batch.rows > 0) abort.abort(new Error('stop here'));
    })();
    await expect(reading).rejects.toThrow('stop here');
    await reader.close();
  });

  test('of what changed since it was opened is refused, and not taken for rows', async () => {
    const bytes = Buffer.from('a,b\nw,x\ny,z\n');
    const reader = await openTable({ kind: 'memory', bytes, format: 'csv' });
    bytes.write(';', bytes.lastIndexOf(','));
    expect(await failureOf(columnsOf(reader))).toMatchObject({ code: 'DATA_FIELDS', where: { file: '-' } });
    await reader.close();
  });
});
