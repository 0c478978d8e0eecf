import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FIELD_WORDS, IRREGULAR } from '#src/protect/machine/machine';
import type { CsvDialect } from '#src/tabular/csv/csv-structure';
import { findFirstLineBreak } from '#src/tabular/csv/first-line-break';
import { CsvRecordParser } from '#src/tabular/csv/record-parser';
import { csvText } from '../../tabular/csv/csv-texts.ts';
import { runs } from '../../support/runs.ts';
import { SEED } from '../../tabular/support.ts';
import { createTestMachine } from './twin.ts';

type Records = readonly (readonly (string | null)[])[];

/** Most bytes of a text here, with what is read behind it. */
const TEXT_BYTES = 1 << 16;
/** What `splitRecord` returns if the text ends before the record does. */
const INCOMPLETE = 0;
/** Most fields of a record here. */
const MOST_FIELDS = 64;

const machine = createTestMachine(4 * TEXT_BYTES);
const fieldsAt = machine.ioAt;
const textAt = fieldsAt + MOST_FIELDS * FIELD_WORDS * 4;
const valueAt = textAt + TEXT_BYTES;
machine.reserve(valueAt + TEXT_BYTES - machine.ioAt);

/** What is left of other texts may look like anything. */
const LEFT_OVER = '"\n,"\r\n,'.repeat(8);

function put(text: Uint8Array): number {
  machine.bytes.set(text, textAt);
  machine.bytes.set(Buffer.from(LEFT_OVER), textAt + text.length);
  return textAt + text.length;
}

/** The value of a field, in Latin-1; `null` for a blank one without quotes. */
function valueOf(field: number): string | null {
  const words = new Int32Array(machine.bytes.buffer, fieldsAt + field * FIELD_WORDS * 4, FIELD_WORDS);
  const [start, end, flags] = words;
  const copied = machine.exports.copyField(field, valueAt);
  if (flags === 0 && start === end) return null;
  return Buffer.from(machine.bytes.subarray(valueAt, copied)).toString('latin1');
}

/** The records of a text, as their values are, or `null` if one is irregular. */
function split(text: Uint8Array, { delimiter, separator }: CsvDialect, fields: number): Records | null {
  const records: (string | null)[][] = [];
  const end = put(text);
  machine.exports.setDialect(delimiter, separator === '\n' ? 0x0a : 0x0d0a, fields, fieldsAt);
  for (let at = textAt; at < end;) {
    const next = machine.exports.splitRecord(at, end, 1);
    if (next === IRREGULAR) return null;
    expect(next).toBeGreaterThan(at);
    expect(next).toBeLessThanOrEqual(end);
    records.push(Array.from({ length: fields }, (_, field) => valueOf(field)));
    // A text that goes on may end a record anywhere else.
    for (const cut of new Set([at, at + 1, next - 2, next - 1])) {
      if (cut >= at && cut < next) expect(machine.exports.splitRecord(at, cut, 0)).toBe(INCOMPLETE);
    }
    at = next;
  }
  return records;
}

/** The records of a text by the exact reader. The file's separator is LF in values (format F-76). */
function parse(text: Uint8Array, dialect: CsvDialect): Records {
  const parser = new CsvRecordParser(dialect, true);
  return [...parser.push(text), ...parser.end()].map((record) =>
    record.map((field) =>
      field === null ? null : Buffer.from(field).toString('latin1').replaceAll(dialect.separator, '\n'),
    ),
  );
}

/** Whether a text is regular; if it is, the module and the exact reader see the same. */
function isReadAlike(text: Uint8Array, delimiter: number): boolean {
  const separator = findFirstLineBreak(text)?.separator ?? '\n';
  if (separator === '\r') return false;
  const records = parse(text, { delimiter, separator });
  const found = split(text, { delimiter, separator }, Math.max(1, records[0]?.length ?? 1));
  if (found !== null) expect(found).toEqual(records);
  return found !== null;
}

describe('records', () => {
  test('of any text are those of the exact reader, or one is irregular', () => {
    let regular = 0;
    const property = fc.property(csvText, ([text, delimiter]) => {
      if (isReadAlike(new Uint8Array(Buffer.from(text)), delimiter.charCodeAt(0))) regular++;
    });
    fc.assert(property, { seed: SEED, numRuns: runs(8000) });
    expect(regular).toBeGreaterThan(runs(8000) / 8);
  });

  test('of the recorded files are those of the exact reader, or one is irregular', () => {
    const recorded = JSON.parse(readFileSync('test/vectors/csv-dialect.json', 'utf8')) as {
      readonly cases: readonly { readonly file: string }[];
    };
    const texts = recorded.cases.map(({ file }) => new Uint8Array(Buffer.from(file, 'base64')));
    const regular = texts.filter((text) => text.length < TEXT_BYTES && isReadAlike(text, 0x2c));
    expect(regular.length).toBeGreaterThan(60);
  });

  test.each([
    [
      'plain fields, trimmed',
      'a, b\t,\n,,c',
      [
        ['a', 'b', null],
        [null, null, 'c'],
      ],
    ],
    ['quotes that are doubled', '"a""b","""",""\n', [['a"b', '"', '']]],
    ['delimiters and line breaks in quotes', '"a,b","c\nd"\n', [['a,b', 'c\nd']]],
    [
      'the separator in quotes, as LF',
      'a,"\r\nb\r\n\rc"\r\n1,2',
      [
        ['a', '\nb\n\rc'],
        ['1', '2'],
      ],
    ],
    [
      'fields that are longer than a vector',
      `${'x'.repeat(40)},"${'y'.repeat(31)}"\n`,
      [['x'.repeat(40), 'y'.repeat(31)]],
    ],
  ])('has %s', (_, text, records) => {
    const separator = findFirstLineBreak(Buffer.from(text))?.separator ?? '\n';
    expect(split(Buffer.from(text), { delimiter: 0x2c, separator }, records[0]?.length ?? 0)).toEqual(records);
  });

  test.each([
    ['a quote inside a field', 'a"b,c\n'],
    ['white space before a quote', ' "a",c\n'],
    ['white space after a quote', '"a" ,c\n'],
    ['text after a quote', '"a"b,c\n'],
    ['a quote that is never closed', 'a,"c'],
    ['a CR outside quotes', 'a\rb,c\n'],
    ['a comment', '#a,c\n'],
    ['a blank line', '\na,b'],
    ['a field too few', 'a\n'],
    ['a field too many', 'a,b,c\n'],
  ])('with %s are irregular', (_, text) => {
    expect(split(Buffer.from(text), { delimiter: 0x2c, separator: '\n' }, 2)).toBeNull();
  });

  test('traps if the fields are not in the memory of tables', () => {
    expect(() => {
      machine.exports.setDialect(0x2c, 0x0a, 4, machine.keyAt);
    }).toThrow('unreachable');
    split(Buffer.from('abc\n'), { delimiter: 0x2c, separator: '\n' }, 1);
    expect(() => machine.exports.copyField(0, machine.keyAt)).toThrow('unreachable');
  });
});

describe('text', () => {
  const piece = fc.oneof(
    { weight: 4, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => Buffer.from(text)) },
    { weight: 2, arbitrary: fc.constantFrom('a', ' '.repeat(64), 'x'.repeat(100)).map((text) => Buffer.from(text)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '80',
        'c0af',
        'c3',
        'e28',
        'eda080',
        'e080af',
        'f0808080',
        'f48fbfbf',
        'f4908080',
        'f5',
        'f0',
        'f09f98',
        'ff',
      ),
    },
  );
  const bytes = fc
    .array(piece, { maxLength: 8 })
    .map((pieces) => Buffer.concat(pieces.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part))));

  test('is UTF-8 where Node says so', () => {
    const found = new Set<boolean>();
    const property = fc.property(bytes, (text) => {
      expect(machine.exports.isText(textAt, put(text))).toBe(isUtf8(text) ? 1 : 0);
      found.add(isUtf8(text));
    });
    fc.assert(property, { seed: SEED, numRuns: runs(4000) });
    expect(found.size).toBe(2);
  });
});
