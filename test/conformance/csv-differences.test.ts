// The rows of docs/compatibility.md about reading CSV: what sealroom does where C3R 3.0.5 does something else.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openTable, type OpenOptions } from 'sealroom/tabular';
import { columnsOf, failureOf, latin } from '../tabular/support.ts';

const DOCUMENT = readFileSync(new URL('../../docs/compatibility.md', import.meta.url), 'utf8');

interface Table {
  readonly headers: readonly string[];
  readonly columns: readonly (readonly (string | null)[])[];
  readonly warnings: readonly string[];
  readonly columnHint: string | null;
}

function open(content: string | Uint8Array, options: OpenOptions = {}): ReturnType<typeof openTable> {
  return openTable({ kind: 'memory', bytes: new Uint8Array(Buffer.from(content)), format: 'csv' }, options);
}

async function read(content: string | Uint8Array, options: OpenOptions = {}): Promise<Table> {
  const reader = await open(content, options);
  const { fields, warnings, columnHint } = reader;
  const columns = await columnsOf(reader);
  await reader.close();
  return { headers: fields.map(({ name }) => name), columns, warnings, columnHint };
}

/** More than the 1,048,576 characters that C3R has in its buffer. */
const FULL = 'x'.repeat(1_048_576);

/** What the first column of the table says of C3R, and what shows that sealroom does as the second one says. */
const DIFFERENCES: Readonly<Record<string, () => Promise<void>>> = {
  'drops CSV lines that start with `#`, above the header too': async () => {
    const { columns, warnings } = await read('a\n#1\n2\n');
    expect(columns).toEqual([['#1', '2']]);
    expect(warnings[0]).toMatch(/^1 line starts with `#`/);
    expect(await failureOf(open('# by me\na,b\n1,2\n'))).toMatchObject({
      hint: expect.stringMatching(/^line 1 begins with `#` and is taken for the header/) as string,
    });
  },
  'reads commas only, so a file with semicolons, tabs or pipes has one bad header': async () => {
    for (const delimiter of [';', '\t', '|']) {
      const { headers, columns } = await read(`a${delimiter}b\n1${delimiter}x\n`);
      expect([headers, columns]).toEqual([
        ['a', 'b'],
        [['1'], ['x']],
      ]);
    }
    expect((await read('a~b\n1~x\n', { csvDelimiter: '~' })).columns).toEqual([['1'], ['x']]);
  },
  'reads `sep=;` as the header': async () => {
    expect(await read('sep=;\na;b\n1;2\n')).toMatchObject({ headers: ['a', 'b'], columns: [['1'], ['2']] });
  },
  'reads UTF-8 only': async () => {
    expect((await read(Buffer.from('\ufeffa\né\n', 'utf16le'))).columns).toEqual([[latin('é')]]);
    const { columns } = await read(Buffer.from('a\n\x80\n', 'latin1'), { csvEncoding: 'windows-1252' });
    expect(columns).toEqual([[latin('€')]]);
  },
  'reads UTF-16 without a byte order mark as UTF-8 with NULs': async () => {
    expect(await failureOf(open(Buffer.from('name,city\nx,y\n', 'utf16le')))).toMatchObject({
      code: 'DATA_ENCODING',
      hint: 'give `--encoding utf-16le`',
    });
  },
  "looks for the first line break in 1,048,576 characters; if there is none, the system's is used": async () => {
    const { columns } = await read(`"${FULL}",b\r\n1,"x\r\ny"\r\n`);
    expect(columns).toEqual([['1'], ['x\ny']]);
  },
  'ends a record at a bare LF in an unquoted field of a CRLF or CR file where its buffer of 1,048,576 characters ends in the field':
    async () => {
      const { columns } = await read(`a\r\n${FULL}\ny\r\nz\r\n`);
      expect(columns).toEqual([[`${FULL}\ny`, 'z']]);
    },
  'refuses white space after the last line break in a file of several columns': async () => {
    expect((await read('a,b\n1,2\n \t')).columns).toEqual([['1'], ['2']]);
    expect((await read('a\n1\n \t')).columns).toEqual([['1', null]]);
  },
  'takes a line of white space above the header for the header': async () => {
    expect(await read(' \t\na\n1\n')).toMatchObject({ headers: ['a'], columns: [['1']] });
  },
  'keeps the quotes of a header that is quoted behind white space: refuses it on encryption, passes it on with its quotes on decryption':
    async () => {
      expect((await read(' "a",\t"b" \n1,2\n')).headers).toEqual(['a', 'b']);
    },
  'loses NULs in some quoted fields, such as those with `""` inside': async () => {
    expect((await read('a,b\n"x\0""y","\0z"\n')).columns).toEqual([['x\0"y'], ['\0z']]);
  },
};

describe('F-75 F-76 F-77 F-121 F-123 where C3R', () => {
  test.each(Object.keys(DIFFERENCES))('%s, sealroom does not', async (name) => {
    await DIFFERENCES[name]?.();
  });

  test('has a row about reading CSV, there is a test here', () => {
    const rows = [...DOCUMENT.matchAll(/^\| (.+?) +\|.*\| (F-7[4-9]|F-12\d)[ ,|]/gm)].map(([, text = '']) => text);
    expect(rows.toSorted()).toEqual(Object.keys(DIFFERENCES).toSorted());
  });
});
