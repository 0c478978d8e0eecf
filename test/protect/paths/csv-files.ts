import fc from 'fast-check';
import { textCell } from '../../support/tables.ts';

/** A CSV file, and what is known of it. */
export interface CsvFile {
  readonly bytes: Uint8Array;
  readonly delimiter: string;
  /** Its columns are `h0`, `h1`, .... */
  readonly columns: number;
  /** Its values, row by row, if every reader finds the same; an empty text may be a null. `null` otherwise. */
  readonly values: readonly (readonly string[])[] | null;
}

interface Field {
  readonly value: string;
  readonly style: 'plain' | 'quoted' | 'padded';
}

/** What a file has that others do not have, and how it ends a line. */
const TRAITS = fc.record({
  delimiter: fc.constantFrom(',', ',', ',', ';', '\t', '|'),
  lineBreak: fc.constantFrom('\n', '\n', '\n', '\r\n', '\r\n', '\r', 'mixed'),
  hasMark: fc.constantFrom(false, false, false, true),
  endsWithBreak: fc.boolean(),
  blankLine: fc.constantFrom(null, null, null, '', '  '),
});

/** What is wrong with a row, or only unusual. */
export const FAULTS = [
  ...['stray quote', 'open quote', 'quote behind a space', 'text behind quotes', 'short row', 'long row'],
  ...['delimiter at the end', 'delimiters at all ends', 'bytes that are not UTF-8', 'half a character', 'hash sign'],
  ...['zero byte', 'unquoted CR'],
] as const;
type Fault = (typeof FAULTS)[number] | 'forged cell';

const VALUE = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('', 'a', 'NULL', '17', 'é', '🙂🙂', 'ten or more', 'Straße') },
  {
    weight: 4,
    arbitrary: fc.constantFrom('x, y', 'x; y', 'say "so"', '"', '""', ' edge ', 'two\nlines', '\t', '|', '#a'),
  },
  { weight: 1, arbitrary: fc.constantFrom('two\r\nlines', '\r', '\u00a0', '\ufeff', '\0') },
  { weight: 1, arbitrary: fc.nat(70_000).map((length) => 'long é'.repeat(length / 7)) },
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
);

const FIELD = fc.record<Field>({
  value: VALUE,
  style: fc.constantFrom('plain', 'plain', 'plain', 'plain', 'quoted', 'quoted', 'padded'),
});

/** Whether a value may stand without quotes. */
function isPlain(value: string): boolean {
  return !/["\r\n,;|\t]/.test(value) && value.trim() === value && !value.startsWith('#');
}

function needsQuotes({ value, style }: Field): boolean {
  return style === 'quoted' || !isPlain(value);
}

function writeField(field: Field, encode: (value: string) => string): string {
  const text = encode(field.value);
  if (needsQuotes({ ...field, value: text })) return `"${text.replaceAll('"', '""')}"`;
  return field.style === 'padded' ? ` ${text} ` : text;
}

/** A row with a fault. */
function spoil(row: readonly string[], fault: Fault, delimiter: string): readonly string[] {
  const [first = '', ...rest] = row;
  switch (fault) {
    case 'stray quote':
      return ['x"y', ...rest];
    case 'open quote':
      return ['"x', ...rest];
    case 'quote behind a space':
      return [' "x"', ...rest];
    case 'text behind quotes':
      return ['"x"y', ...rest];
    case 'short row':
      return rest;
    case 'long row':
      return [...row, 'x'];
    case 'delimiter at the end':
    case 'delimiters at all ends':
      return [...row.slice(0, -1), `${row.at(-1) ?? ''}${delimiter}`];
    case 'bytes that are not UTF-8':
      return [`${first.replaceAll('"', '')}\ue000`, ...rest];
    case 'half a character':
      return [`\ue001${first.replaceAll('"', '')}`, ...rest];
    case 'hash sign':
      return [`#${first}`, ...rest];
    case 'zero byte':
      return ['x\0', ...rest];
    case 'unquoted CR':
      return ['x\ry', ...rest];
    case 'forged cell':
      return [textCell('x').replace(/.{9}$/, 'AAAAAAAA='), ...rest];
  }
}

/** The bytes of a text, in which two characters for private use stand for what is not UTF-8. */
function bytesOf(text: string): Uint8Array {
  const latin = Buffer.from(text).toString('latin1');
  const standIn = (character: string): string => Buffer.from(character).toString('latin1');
  return Buffer.from(
    latin.replaceAll(standIn('\ue000'), '\xff\xfe').replaceAll(standIn('\ue001'), '\xf0\x9f'),
    'latin1',
  );
}

/**
 * Files of all kinds. Two thirds have no fault.
 *
 * @param encode what stands for a value in a column
 */
export function csvFiles(
  encode: (value: string, column: number) => string,
  faults: readonly Fault[] = FAULTS,
): fc.Arbitrary<CsvFile> {
  const size = fc.oneof(
    { weight: 8, arbitrary: fc.record({ columns: fc.integer({ min: 1, max: 5 }), rows: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ columns: fc.integer({ min: 60, max: 130 }), rows: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ columns: fc.integer({ min: 1, max: 2 }), rows: fc.nat(400) }) },
  );
  return size.chain(({ columns, rows }) => {
    const row = fc.array(FIELD, { minLength: columns, maxLength: columns });
    return fc
      .record({
        traits: TRAITS,
        records: fc.array(row, { maxLength: rows }),
        fault: fc.option(fc.constantFrom(...faults), { freq: 2, nil: null }),
        place: fc.nat(),
      })
      .map(({ traits, records, fault, place }): CsvFile => {
        const { delimiter, lineBreak, hasMark, endsWithBreak, blankLine } = traits;
        const headers = Array.from({ length: columns }, (_, column) => `h${String(column)}`);
        const written = records.map((fields) =>
          fields.map((field, at) => writeField(field, (value) => encode(value, at))),
        );
        const spoiled = fault === null || written.length === 0 ? -1 : place % written.length;
        const isBad = (index: number): boolean =>
          index === spoiled || (spoiled >= 0 && fault === 'delimiters at all ends');
        const lines = [
          headers,
          ...written.map((each, index) => (fault !== null && isBad(index) ? spoil(each, fault, delimiter) : each)),
        ];
        if (fault === 'delimiters at all ends') lines[0] = spoil(headers, fault, delimiter);
        const texts = lines.map((fields) => fields.join(delimiter));
        if (blankLine !== null) texts.splice(1 + (place % texts.length), 0, blankLine);
        const breakOf = (line: number): string =>
          lineBreak === 'mixed' ? (['\n', '\r\n'][line % 2] ?? '') : lineBreak;
        const isOpen = !endsWithBreak && texts.length > 1;
        const ended = texts.map((text, line) => (isOpen && line === texts.length - 1 ? text : text + breakOf(line)));
        // Readers differ in lines without text, white space around fields, CR, and zero bytes.
        const isCommon =
          spoiled === -1 &&
          blankLine === null &&
          (lineBreak === '\n' || lineBreak === '\r\n') &&
          (columns > 1 || written.every(([field]) => field !== '')) &&
          records.every((fields) =>
            fields.every(({ value, style }) => style !== 'padded' && !/[\r\0\ufeff]/.test(value)),
          );
        return {
          bytes: bytesOf((hasMark ? '\ufeff' : '') + ended.join('')),
          delimiter,
          columns,
          values: isCommon ? records.map((fields) => fields.map(({ value }) => value)) : null,
        };
      });
  });
}
