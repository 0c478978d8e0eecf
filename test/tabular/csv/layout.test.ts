import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDelimiter } from '#src/tabular/csv/delimiters';
import { type CsvLayout, findLayout, type LayoutOptions } from '#src/tabular/csv/layout';
import { openTable, type OpenOptions } from 'sealroom/tabular';
import { errorOf, failureOf, Folder, readTable } from '../support.ts';

const folder = new Folder();

const DEFAULTS: LayoutOptions = { delimiter: undefined, isTsv: false, headerRow: true, columns: undefined };

function layoutOf(text: string, options: Partial<LayoutOptions> = {}): CsvLayout {
  return findLayout({ bytes: new Uint8Array(Buffer.from(text)), isWhole: true }, { ...DEFAULTS, ...options });
}

function delimiterIn(text: string, options: Partial<LayoutOptions> = {}): string {
  return String.fromCharCode(layoutOf(text, options).delimiter);
}

describe('F-120 a delimiter', () => {
  test.each([
    [';', ';'],
    [',', ','],
    ['|', '|'],
    ['tab', '\t'],
    ['TAB', '\t'],
    ['\\t', '\t'],
    ['\t', '\t'],
    ['semicolon', ';'],
    ['comma', ','],
    ['pipe', '|'],
    ['~', '~'],
    ['\x01', '\x01'],
  ])('is given as %j', (text, delimiter) => {
    expect(String.fromCharCode(parseDelimiter(text))).toBe(delimiter);
  });

  test.each(['', ';;', 'a', 'Z', '7', '"', '#', ' ', '\n', '\r', '\0', 'é', '\x7f', 'colon'])('is not %j', (text) => {
    expect(errorOf(() => parseDelimiter(text))).toMatchObject({ code: 'USAGE_OPTION' });
  });
});

describe('F-121 a file without a given delimiter', () => {
  test.each([
    ['semicolons', 'a;b;c\n1;2;3\n', ';'],
    ['tabs', 'a\tb\n1\t2\n', '\t'],
    ['pipes', 'a|b\r\n1|2\r\n', '|'],
    ['semicolons, and commas in numbers', 'name;amount;x\nA;1,5;2,7\nB;2,5;3\n', ';'],
    ['semicolons in some quoted headers', '"a;1";"b"\n"x;y";"z"\n', ';'],
    ['semicolons, and line breaks in quotes', 'a;b\n1;"x\ny"\n2;z\n', ';'],
    ['semicolons, in the header alone', 'a;b\n', ';'],
    ['semicolons, after a mark and blank lines', '\ufeff\n \na;b\n\n1;2\n', ';'],
    ['semicolons, and null fields', 'a;b\n;\n1;\n', ';'],
  ])('of %s has them', (_, text, delimiter) => {
    expect(delimiterIn(text)).toBe(delimiter);
    expect(layoutOf(text).notes).toHaveLength(1);
  });

  test.each([
    ['has commas in its header', 'a,b;c\n1,2;3\n'],
    ['has as many commas in every record', 'a;x,b\n1;2,3\n'],
    ['has one column', 'a\n1;2\n3;4\n'],
    ['has one column whose header holds a semicolon, and not all its values', 'a;b\n1\n2;3\n'],
    ['has one column whose quoted header holds a semicolon', '"a;b"\n1;2\n'],
    ['has one column with tabs at the ends of lines, which C3R trims', 'a\t\n1\t\n\t\n2\t\n'],
    ['has one column with tabs at the starts of lines', '\ta\n\t1\n'],
    ['fits several delimiters', 'a;b|c\n1;2|3\n'],
    ['fits none', 'a,b\n1\n2,3,4\n'],
    ['is empty', ''],
    ['is one word', 'a'],
  ])('that %s is read with commas', (_, text) => {
    expect(layoutOf(text)).toMatchObject({ delimiter: 0x2c, notes: [] });
  });

  test('that has no header row is read with commas if they give the columns of the schema', () => {
    const text = '1;2\n3;4\n';
    expect(delimiterIn(text, { headerRow: false, columns: 1 })).toBe(',');
    expect(delimiterIn(text, { headerRow: false, columns: 2 })).toBe(';');
    expect(delimiterIn(text, { headerRow: false, columns: 3 })).toBe(',');
    expect(delimiterIn(text, { headerRow: false })).toBe(';');
    expect(delimiterIn('1;2,3\n4;5,6\n', { headerRow: false, columns: 2 })).toBe(',');
    expect(delimiterIn('1;2,3\n4;5,6\n', { headerRow: false })).toBe(',');
    expect(delimiterIn('1;2,3;4\n5;6,7;8\n', { headerRow: false, columns: 3 })).toBe(';');
  });

  test('whose first records go on beyond its start is judged by those that end there', () => {
    const bytes = new Uint8Array(Buffer.from('a;b\n1;2\n3;"4\n5'));
    expect(findLayout({ bytes, isWhole: false }, DEFAULTS).delimiter).toBe(0x3b);
    expect(findLayout({ bytes: bytes.subarray(0, 3), isWhole: false }, DEFAULTS).delimiter).toBe(0x2c);
  });

  test('is judged by its first records, and not by later ones', () => {
    expect(delimiterIn(`a;b\n${'1;2\n'.repeat(30)}1\n`)).toBe(';');
  });

  test('that C3R can encrypt is never read with anything but commas', () => {
    // C3R takes no other header, apart from hyphens, even in a column that the schema does not use (F-63, F-67).
    const header = fc.stringMatching(/^[ \t]{0,2}[a-z0-9_][a-z0-9_ ]{0,3}[ \t]{0,2}$/);
    const value = fc.stringMatching(/^[a-z;|\t ]{0,6}$/);
    const table = fc
      .integer({ min: 1, max: 3 })
      .chain((fields) =>
        fc.tuple(
          fc.array(header, { minLength: fields, maxLength: fields }),
          fc.array(fc.array(value, { minLength: fields, maxLength: fields }), { maxLength: 4 }),
        ),
      )
      .map(([headers, rows]) => [headers, ...rows].map((row) => `${row.join(',')}\n`).join(''));
    fc.assert(
      fc.property(table, (text) => {
        expect(delimiterIn(text)).toBe(',');
      }),
      { seed: 14, numRuns: 500 },
    );
  });
});

describe('F-121 a file whose name ends in .tsv', () => {
  test('has tabs, unless the option or a format is given', async () => {
    const path = folder.write('.tsv', 'a,x\tb\n1,y\t2\n');
    const names = async (options: OpenOptions): Promise<string[]> =>
      (await readTable(path, options)).fields.map(({ name }) => name);
    expect(await names({})).toEqual(['a,x', 'b']);
    expect(await names({ csvDelimiter: ',' })).toEqual(['a', 'x\tb']);
    const { fields } = await readTable({ kind: 'file', path, format: 'csv' });
    expect(fields.map(({ name }) => name)).toEqual(['a', 'x\tb']);
    const reader = await openTable(path);
    expect(reader.notes.join()).toMatch(/\.tsv: fields are separated by tabs, as its name says \(`--delimiter` says/);
    await reader.close();
  });
});

describe('F-122 a `sep=` line', () => {
  test.each([
    ['sep=;\na;b,c\n1;2,3\n', ';', 6],
    ['SEP=|\r\na|b\r\n1|2\r\n', '|', 7],
    ['"sep=\t"\ra\tb\r', '\t', 8],
    ['\ufeffsep=,\na;b\n', ',', 6],
  ])('names the delimiter and is no record: %j', (text, delimiter, sepBytes) => {
    expect(layoutOf(text)).toMatchObject({ delimiter: delimiter.charCodeAt(0), sepBytes });
  });

  test.each(['sep=;', 'sep=a\nb\n', 'sep=;;\na\n', ' sep=;\na\n', 'sep=\na\n', 'x\nsep=;\n'])(
    'is not in %j',
    (text) => {
      expect(layoutOf(text).sepBytes).toBe(0);
    },
  );

  test('is a row for C3R, and for us, if the table has no header row and as many columns', () => {
    const columns = (count: number): Partial<LayoutOptions> => ({ headerRow: false, columns: count });
    expect(layoutOf('sep=;\n1;2\n', columns(1)).sepBytes).toBe(0);
    expect(layoutOf('sep=;\n1;2\n', columns(2)).sepBytes).toBe(6);
    expect(layoutOf('sep=,\n1,2\n', columns(2)).sepBytes).toBe(0);
    expect(layoutOf('sep=,\n1,2,3\n', columns(3)).sepBytes).toBe(6);
  });

  test.each(['', '\ufeff'])('is skipped by the reader, and counted in lines: after %j', async (mark) => {
    const table = await readTable(folder.write('.csv', `${mark}sep=;\r\na;b\r\n1;"x,y"\r\n`));
    expect(table.fields.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(table.columns).toEqual([['1'], ['x,y']]);
    const failure = await failureOf(openTable(folder.write('.csv', `${mark}sep=;\na;b\n1;2;3\n`)));
    expect(failure).toMatchObject({ code: 'DATA_FIELDS', where: { line: 3 } });
  });

  test('gives way to the option', () => {
    expect(layoutOf('sep=;\na,b\n', { delimiter: 0x2c })).toMatchObject({ delimiter: 0x2c, sepBytes: 6, notes: [] });
  });
});

describe('a wrong delimiter', () => {
  const SEMICOLONS = 'a;b,c;d\n1;2;3\n4;5;6\n';

  test('is answered with the one that the file seems to have', async () => {
    const path = folder.write('.csv', SEMICOLONS);
    expect(await failureOf(openTable(path, { csvDelimiter: ',' }))).toMatchObject({
      code: 'DATA_FIELDS',
      where: { line: 2 },
      hint: 'its fields seem to be separated by semicolons: give `--delimiter semicolon`',
    });
    const reader = await openTable(path, { csvDelimiter: '|' });
    expect(reader.columnHint).toBe('its fields seem to be separated by semicolons: give `--delimiter semicolon`');
    await reader.close();
  });

  test('is no reason for a hint if no other one fits', async () => {
    for (const [text, words] of [
      ['a,b\n1\n', 'commas'],
      ['a;b\n1;2\n3\n', 'semicolons'],
    ] as const) {
      const open = openTable(folder.write('.csv', text), { csvDelimiter: text.charAt(1) });
      expect(await failureOf(open)).toMatchObject({ hint: `quote fields that contain ${words} or line breaks` });
    }
  });

  test('needs a CSV file', async () => {
    const input = { kind: 'memory', bytes: new Uint8Array(0), format: 'arrow' } as const;
    expect(await failureOf(openTable(input, { csvDelimiter: ';' }))).toMatchObject({
      code: 'USAGE_OPTION',
      message: '`--delimiter` is for CSV files, got arrow',
    });
    expect(await failureOf(openTable(input, { csvEncoding: 'utf-8' }))).toMatchObject({ code: 'USAGE_OPTION' });
  });
});

describe('a line above the header', () => {
  test('that begins with # is named where the columns do not fit', async () => {
    const failure = await failureOf(openTable(folder.write('.csv', '# exported\nname,qty\na,1\n')));
    expect(failure).toMatchObject({
      code: 'DATA_FIELDS',
      where: { line: 2 },
      hint: 'line 1 begins with `#` and is taken for the header: remove it if it is a comment, which C3R would skip',
    });
    const reader = await openTable(folder.write('.csv', '\n# exported, by me\nname,qty\n'));
    expect(reader.columnHint).toMatch(/^line 2 begins with `#` and is taken for the header/);
    await reader.close();
  });
});
