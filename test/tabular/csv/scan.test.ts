import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_ROW_BYTES } from '#src/columns/limits';
import type { CsvStructure } from '#src/tabular/csv/csv-structure';
import { COMMA } from '#src/tabular/csv/bytes';
import { CsvScanner } from '#src/tabular/csv/scan';
import { Utf8Check } from '#src/tabular/csv/utf8-check';
import { errorOf, SEED } from '../support.ts';
import { runs } from '../../support/runs.ts';

/** Scans bytes that arrive in parts which end at `ends`. */
function scan(content: string | Uint8Array, ends: readonly number[] = []): CsvStructure {
  const bytes = new Uint8Array(Buffer.from(content));
  const scanner = new CsvScanner('in.csv', { delimiter: COMMA, sepBytes: 0 });
  let start = 0;
  for (const end of [...ends, bytes.length]) {
    scanner.push(bytes.subarray(start, end));
    start = end;
  }
  return scanner.end();
}

describe('the scan', () => {
  test('finds the same whatever parts the file arrives in', () => {
    const text = fc
      .array(fc.constantFrom('\ufeff', '"', ',', '\n', '\r', '\r\n', ' ', '#', 'a', 'é', '漢', '😀', '\0'), {
        maxLength: 30,
      })
      .map((parts) => parts.join(''));
    const outcome = (content: string, ends: readonly number[]): unknown => {
      try {
        return scan(content, ends);
      } catch (error) {
        return errorOf(() => {
          throw error;
        }).where;
      }
    };
    fc.assert(
      fc.property(text, fc.array(fc.nat({ max: 60 }), { maxLength: 8 }), (content, cuts) => {
        const { length } = Buffer.from(content);
        const ends = cuts.map((cut) => Math.min(cut, length)).sort((a, b) => a - b);
        expect(outcome(content, ends)).toEqual(outcome(content, []));
        expect(
          outcome(
            content,
            Array.from({ length }, (_, index) => index),
          ),
        ).toEqual(outcome(content, []));
      }),
      { seed: SEED, numRuns: runs(500) },
    );
  });

  test.each([
    ['a\nb\n', '\n'],
    ['a\r\nb', '\r\n'],
    ['a\rb', '\r'],
    ['a\r', '\r'],
    ['a', '\n'],
    ['"x\r\ny",1\n2,3\n', '\r\n'],
    ['"x\ny",1\r\n2,3\r\n', '\n'],
  ])('F-76 takes the first line break for the separator, also inside quotes: %j', (content, separator) => {
    expect(scan(content).separator).toBe(separator);
  });

  test('F-74 drops a byte order mark, and only at the start', () => {
    expect(scan('\ufeffa,b\n')).toMatchObject({
      startsWithMark: true,
      firstRecordStart: 3,
      firstRecordEnd: 6,
      fields: 2,
    });
    expect(scan('a\n\ufeffb\n')).toMatchObject({ startsWithMark: false, records: 2 });
  });

  test.each([
    ['a,b\n1,2\n', 2, 2],
    ['a,b\n1,2', 2, 2],
    ['a\n""\n\n', 1, 2],
    ['a,\n,\n', 2, 2],
    ['\n \na,b\n\t\n1,2\n\n', 2, 2],
    ['"a\n\nb",c\n1,2\n', 2, 2],
    ['a"b,c\nx,y\n', 2, 2],
    ['"open,a\n1,2\n', 1, 1],
    ['#a,b\n1,2\n', 2, 2],
  ])('counts fields and records: %j', (content, fields, records) => {
    expect(scan(content)).toMatchObject({ fields, records });
  });

  test.each([
    ['a,b\n"x\ny","z"\n1\n', 4, 1],
    ['a,b\r\n"x\r\ny",z\r\n1,2,3\r\n', 4, 3],
    ['a,b\n1,2\n\n\n3\n', 5, 1],
    ['a,b\n1,2,\n', 2, 3],
    ['a\n"b",\n', 2, 2],
    ['\n\na,b\n1', 4, 1],
    ['a,b\n1,"open\n2,3\n4,5', 2, 2],
  ])('F-79 refuses a record with another number of fields, on its first line: %j', (content, line, fields) => {
    if (fields === 2 && content.includes('open')) {
      expect(scan(content)).toMatchObject({ openQuoteLine: 2, records: 2 });
      return;
    }
    const error = errorOf(() => scan(content));
    expect(error).toMatchObject({ code: 'DATA_FIELDS', where: { file: 'in.csv', line } });
    expect(error.message).toContain(`got ${String(fields)}`);
  });

  test('says where an open quote begins that swallowed the rest', () => {
    const error = errorOf(() => scan('a,b\n1,2\n"x,3\n4,5\n'));
    expect(error).toMatchObject({
      code: 'DATA_FIELDS',
      where: { line: 3 },
      hint: 'the quote opened on line 3 is never closed',
    });
  });

  test.each(['', '\n', ' \r\n\t\n', '\ufeff\n'])('refuses a file without any record: %j', (content) => {
    expect(errorOf(() => scan(content))).toMatchObject({ code: 'DATA_HEADER', where: { file: 'in.csv' } });
  });

  test.each([
    ['a,b\n1,\xff\n', 2],
    ['a\n"x\ny\n\xe9"\n', 4],
    ['\xff', 1],
    ['a\r1\r\xff\r', 3],
    ['a\r\n1\r\n\xc3', 3],
    ['ok\n\xe2\x82', 2],
  ])('F-74 refuses bytes that are not UTF-8 and names the line: %j', (content, line) => {
    const bytes = Uint8Array.from(Buffer.from(content, 'latin1'));
    for (const ends of [[], Array.from(bytes.keys())]) {
      expect(errorOf(() => scan(bytes, ends))).toMatchObject({
        code: 'DATA_ENCODING',
        where: { file: 'in.csv', line },
      });
    }
  });

  test('F-77 counts lines that start with `#` and keeps them', () => {
    expect(scan('#a,b\n "#",1\n#2,3\n"#4",5\n')).toMatchObject({ hashLine: 1, hashLines: 2, records: 4 });
  });

  test.each([
    ['a\n1\n', null],
    ['a\n"1"\n', null],
    ['a,b\n\n1,2\n', null],
    ['a\n\n1\n', 2],
    ['\na,b\n', 1],
    ['a,b\n \n1,2\n', 2],
    ['a\n1\r\n', 2],
    ['a\r\n1\n', 2],
    ['a\n1\r', 2],
    ['a\n\0\n', 2],
    ['a\n"\0"\n', 2],
  ])('notes what the fast reader would read differently: %j', (content, unusualLine) => {
    expect(scan(content).unusualLine).toBe(unusualLine);
  });

  test.each([
    ['a,b\n 1,2\n', { trims: [true, false], trimConflictLine: null }],
    ['a,b\n1 ,"2 "\n', { trims: [true, false], trimConflictLine: null }],
    ['a\n 1\n" 2"\n', { trims: [true], trimConflictLine: 3 }],
    ['a\n" 2"\n1 \n', { trims: [true], trimConflictLine: 3 }],
    ['a,b\n" "" ",2\n', { trims: [false, false], trimConflictLine: null }],
    ['a\n "x"\n', { blankAroundQuotesLine: 2 }],
    ['a\n"x" \n', { blankAroundQuotesLine: 2 }],
    ['a\nx"y\n', { strayQuoteLine: 2 }],
    ['a\n"x"y\n', { strayQuoteLine: 2 }],
    ['a\n"x\ny"\n', { hasQuotes: true, separatorInQuotes: false }],
    ['a\r\n"x\r\ny"\r\n', { separatorInQuotes: true }],
    ['a\r\n"x\ny"\r\n', { separatorInQuotes: false }],
    ['a\r"x\ry"\r', { separatorInQuotes: true }],
    ['a\n1\n', { hasQuotes: false }],
  ])('notes what decides between the readers: %j', (content, facts) => {
    expect(scan(content)).toMatchObject(facts);
  });

  test('takes 10,000 columns, and a record of 20 MB', () => {
    const header = Array.from({ length: 10_000 }, (_, index) => `c${String(index)}`).join(',');
    expect(scan(`${header}\n${','.repeat(9999)}\n`)).toMatchObject({ fields: 10_000, records: 2 });
    const long = `"${'x\n'.repeat(10_000_000)}"`;
    expect(scan(`a\n${long}\n`)).toMatchObject({ records: 2, longestRecordBytes: long.length });
  });

  test('refuses a record over the limit of a row by its line and field, before all of it was read', () => {
    const scanner = new CsvScanner('in.csv', { delimiter: COMMA, sepBytes: 0 });
    scanner.push(Buffer.from('a,b\n1,2\n3,"'));
    const part = new Uint8Array(1 << 20).fill(0x78);
    const error = errorOf(() => {
      for (let read = 0; read <= MAX_ROW_BYTES; read += part.length) scanner.push(part);
    });
    expect(error).toMatchObject({ code: 'DATA_LENGTH', where: { file: 'in.csv', line: 3 } });
    expect(error.message).toBe('a record is at most 67108864 bytes, and field 2 goes on');
  });

  test('knows how long 2,048 records in a row are at most, wherever they begin', () => {
    const lines = Array.from({ length: 9000 }, (_, row) => `${'x'.repeat(row > 3000 && row < 4500 ? 100 : 1)}\n`);
    const { chunkBytes } = scan(lines.join(''));
    for (let row = 0; row < 9000; row += 100)
      expect(lines.slice(row, row + 2048).join('').length).toBeLessThanOrEqual(chunkBytes);
    expect(chunkBytes).toBeLessThan(lines.join('').length);
    expect(scan('a\nb\n').chunkBytes).toBeGreaterThanOrEqual(2);
  });
});

describe('the check of UTF-8', () => {
  test('agrees with the strict decoder, wherever the bytes are cut', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => new Uint8Array(Buffer.from(text))),
      fc
        .array(fc.constantFrom(0x41, 0x0a, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xed, 0xa0), {
          maxLength: 12,
        })
        .map((list) => Uint8Array.from(list)),
    );
    fc.assert(
      fc.property(bytes, fc.array(fc.nat({ max: 12 }), { maxLength: 4 }), (content, cuts) => {
        const check = new Utf8Check();
        let isFine = true;
        let start = 0;
        for (const end of [...cuts.map((cut) => Math.min(cut, content.length)).sort((a, b) => a - b), content.length]) {
          isFine = isFine && check.push(content.subarray(start, end), 0x0a) === null;
          start = end;
        }
        isFine = isFine && check.end() === null;
        let expected = true;
        try {
          new TextDecoder('utf-8', { fatal: true }).decode(content);
        } catch {
          expected = false;
        }
        expect(isFine).toBe(expected);
      }),
      { seed: SEED, numRuns: runs(1500) },
    );
  });
});
