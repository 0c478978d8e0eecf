// The CSV dialect of docs/format.md, F-74 to F-82: which bytes of a file are the value that is fingerprinted, and how
// values are written.
import { createKernel, deriveFingerprintKey, fingerprintValue, parseSharedSecret } from 'sealroom/crypto';
import { describe, expect, test } from 'vitest';
import { parseCsv } from './kit/csv-text.ts';
import { SALT, SECRET } from './made-cell.ts';
import { decryptText, encryptText } from './text-tables.ts';

const FINGERPRINT = [
  { sourceHeader: 'v', targetHeader: 'v', type: 'fingerprint' },
  { sourceHeader: 'v', targetHeader: 'c', type: 'cleartext' },
];

/** The fingerprint of a text in column `v`. */
function fingerprintOf(value: string): string {
  const settings = { allowJoinsOnColumnsWithDifferentNames: false };
  using key = deriveFingerprintKey(parseSharedSecret(SECRET), SALT, 'v', settings);
  return fingerprintValue(createKernel('node'), key, { type: { kind: 'string' }, value });
}

/** Field of column `v` in a file of columns `k,v`, and the value that must be hashed. */
const READING: readonly (readonly [what: string, field: string, value: string])[] = [
  ['a plain field', 'x', 'x'],
  ['blanks around an unquoted field', ' \t x \u001f', 'x'],
  ['a control character at its end', 'x\u0001', 'x'],
  ['a no-break space, which is kept', '\u00a0x\u00a0', '\u00a0x\u00a0'],
  ['an em space, which is kept', '\u2003x', '\u2003x'],
  ['an ideographic space, which is kept', '\u3000x', '\u3000x'],
  ['blanks inside quotes, which are kept', '" x "', ' x '],
  ['blanks around quotes, which are not', '  " x "\t ', ' x '],
  ['doubled quotes', '"say ""hi"""', 'say "hi"'],
  ['only doubled quotes', '""""""', '""'],
  ['a comma', '"a,b"', 'a,b'],
  ['a quote inside an unquoted field', 'x"y', 'x"y'],
  ['a doubled quote inside an unquoted field', 'x""y', 'x""y'],
  ['text after a closing quote', '"x"y', '"x"y'],
  ['text after a closing quote and a blank', '"a" b', '"a" b'],
  ['a backslash', '"a\\"', 'a\\'],
  ['a backslash before a separator', 'a\\', 'a\\'],
  ['a line break', '"a\nb"', 'a\nb'],
  ['a CR in a file of LF', '"a\rb"', 'a\rb'],
  ['a CRLF in a file of LF', '"a\r\nb"', 'a\r\nb'],
  ['a hash', '#x', '#x'],
  ['text that is no null', 'null', 'null'],
  ['digits with zeros', '007', '007'],
  ['four bytes of UTF-8', '😀', '😀'],
  ['a NUL in quotes', '"a\u0000b"', 'a\u0000b'],
];

describe('what is read from a field', () => {
  test.each(READING)('F-75, F-78 %s', async (_what, field, value) => {
    const text = await encryptText(`k,v\n1,${field}\n`, { schema: FINGERPRINT });
    const [, record] = parseCsv(text);
    expect(record?.fields.map((cell) => cell.text)).toEqual([fingerprintOf(value), value]);
  });

  test('F-75 all of them in one file', async () => {
    const rows = READING.map(([, field]) => `1,${field}\n`).join('');
    const text = await encryptText(`k,v\n${rows}`, { schema: FINGERPRINT });
    const found = parseCsv(text)
      .slice(1)
      .map(({ fields }) => fields[0]?.text);
    expect(found.toSorted()).toEqual(READING.map(([, , value]) => fingerprintOf(value)).toSorted());
  });

  const BREAKS: readonly (readonly [separator: string, quoted: string, value: string])[] = [
    ['\r\n', '\r\n', '\n'],
    ['\r\n', '\n', '\n'],
    ['\r\n', '\r', '\r'],
    ['\n', '\r\n', '\r\n'],
    ['\n', '\n', '\n'],
    ['\n', '\r', '\r'],
    ['\r', '\r\n', '\n\n'],
    ['\r', '\n', '\n'],
    ['\r', '\r', '\n'],
  ];

  test.each(BREAKS)('F-76 in a file of %j, %j inside quotes reads as %j', async (separator, quoted, value) => {
    const csv = ['k,v', `1,"a${quoted}b"`, '2,x', ''].join(separator);
    const text = await encryptText(csv, { schema: FINGERPRINT });
    const found = parseCsv(text)
      .slice(1)
      .map(({ fields }) => fields[0]?.text);
    expect(found.toSorted()).toEqual([fingerprintOf(`a${value}b`), fingerprintOf('x')].toSorted());
  });

  test('F-76 a line break inside a quoted header decides the separator', async () => {
    const text = await encryptText('"k\n",v\n1,"a\r\nb"\n', { schema: FINGERPRINT });
    expect(parseCsv(text)[1]?.fields[0]?.text).toBe(fingerprintOf('a\r\nb'));
  });

  test('F-76 a bare LF is content of an unquoted field in a file of CRLF', async () => {
    const text = await encryptText('k,v\r\n1,x\n2\r\n2,y\r\n3,"z\r\n"\r\n', { schema: FINGERPRINT });
    const found = parseCsv(text)
      .slice(1)
      .map(({ fields }) => fields[0]?.text);
    expect(found.toSorted()).toEqual(['x\n2', 'y', 'z\n'].map(fingerprintOf).toSorted());
  });

  test('F-76 a file of CRLF without quotes keeps all its rows', async () => {
    const text = await encryptText('k,v\r\n1,x\r\n2,y\r\n', { schema: FINGERPRINT });
    const found = parseCsv(text)
      .slice(1)
      .map(({ fields }) => fields[0]?.text);
    expect(found.toSorted()).toEqual(['x', 'y'].map(fingerprintOf).toSorted());
  });

  test('F-74 a byte order mark is no part of the first header', async () => {
    const text = await encryptText('\uFEFFv\nx\n', { schema: FINGERPRINT });
    expect(parseCsv(text)[1]?.fields[0]?.text).toBe(fingerprintOf('x'));
  });

  test('F-77 blank lines are skipped wherever they are', async () => {
    const text = await encryptText('\n  \nk,v\n\n1,x\n \t \n2,y\n\n', { schema: FINGERPRINT });
    expect(parseCsv(text)).toHaveLength(3);
  });

  test('F-77 a line that starts with # is data', async () => {
    const text = await encryptText('v\n#x\n"#y"\n #z\n', { schema: FINGERPRINT });
    const found = parseCsv(text)
      .slice(1)
      .map(({ fields }) => fields[0]?.text);
    expect(found.toSorted()).toEqual(['#x', '#y', '#z'].map(fingerprintOf).toSorted());
  });

  test('F-79 a comma at the end of a line is one more field', async () => {
    await expect(encryptText('k,v\n1,x,\n', { schema: FINGERPRINT })).rejects.toMatchObject({ code: 'DATA_FIELDS' });
  });

  test('F-78 an open quote runs to the end of the file', async () => {
    const text = await encryptText('k,v\n1,"x\ny,z\n', { schema: FINGERPRINT });
    expect(parseCsv(text)[1]?.fields[0]?.text).toBe(fingerprintOf('x\ny,z\n'));
  });
});

/** Value of a CSV cell, and what is written for it in the second and in the first column. */
const WRITING: readonly (readonly [value: string, second: RegExp, first: RegExp | null])[] = [
  ['a b', /^"a b"$/, null],
  ['"full"', /^"""full"""$/, null],
  ['""', /^""""""$/, null],
  ['a"b,c', /^"a""b,c"$/, null],
  // The reference leaves the quotes of this one out; its reader and all others take both.
  ['q"uote', /^(q"uote|"q""uote")$/, null],
  ['#hash', /^("#hash"|#hash)$/, /^"#hash"$/],
  ['tab\there', /^"tab\there"$/, null],
  ['a\rb', /^"a\rb"$/, null],
  ['form\ffeed', /^"form\ffeed"$/, null],
  [' x ', /^" x "$/, null],
  ['semi;colon', /^"?semi;colon"?$/, null],
  ['no\u00a0break', /^"?no\u00a0break"?$/, null],
  ["it's", /^"?it's"?$/, null],
];

describe('what is written for a value', () => {
  test.each(WRITING)('F-82 %j', async (value, second, first) => {
    const quoted = `"${value.replaceAll('"', '""')}"`;
    const text = await decryptText(`a,b\n${quoted},x\nx,${quoted}\n`);
    const [, firstLine = '', secondLine = ''] = text.split('\n');
    expect(firstLine.replace(/,x$/, '')).toMatch(first ?? second);
    expect(secondLine.replace(/^x,/, '')).toMatch(second);
    const [, one, two] = parseCsv(text);
    expect([one?.fields[0]?.text, two?.fields[1]?.text]).toEqual([value, value]);
  });

  test('F-82 the header row comes first, also where the input has none', async () => {
    const schema = '{"headerRow":false,"columns":[[{"targetHeader":"new name","type":"cleartext"}]]}';
    expect(await encryptText('x\n', { schema })).toBe('"new name"\nx\n');
  });

  test('F-82 a table without rows is its header row', async () => {
    expect(await encryptText('k,v\n', { schema: FINGERPRINT })).toBe('v,c\n');
  });

  test('F-68 headers are neither trimmed nor lowered on decryption', async () => {
    expect(await decryptText('" X ",Y.z,é\n1,2,3\n')).toBe('" X ",Y.z,é\n1,2,3\n');
  });
});
