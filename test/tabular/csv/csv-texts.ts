import fc from 'fast-check';

// Two kinds of texts: such as programs and people write them, and such as nobody does.

const content = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      '',
      'a',
      'b c',
      'é',
      '"',
      '""',
      'NULL',
      '#',
      '1',
      'x"y',
      'long enough to be no inline text',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '\n',
      '\r\n',
      '\r',
      ',',
      ' lead',
      'trail ',
      '\t',
      '\0',
      'a\nb',
      'a\r\nb',
      'a\rb',
      ' ',
      '\u00a0',
    ),
  },
);
const quoted = content.map((text) => `"${text.replaceAll('"', '""')}"`);
const plain = content.filter((text) => !/[,\n\r"]/.test(text) || text === 'x"y');
const blank = fc.constantFrom('', '', '', '', '', '', ' ', '\t', '  ', '\v');
const field = fc.oneof(
  { weight: 5, arbitrary: quoted },
  { weight: 5, arbitrary: plain },
  { weight: 1, arbitrary: fc.tuple(blank, fc.oneof(quoted, plain), blank).map((parts) => parts.join('')) },
);

function arrayOf<Value>(arbitrary: fc.Arbitrary<Value>, length: number): fc.Arbitrary<Value[]> {
  return fc.array(arbitrary, { minLength: length, maxLength: length });
}

const written = fc
  .record({
    fields: fc.integer({ min: 1, max: 4 }),
    rows: fc.integer({ min: 0, max: 6 }),
    separator: fc.constantFrom('\n', '\n', '\r\n', '\r'),
    mark: fc.constantFrom('', '', '', '\ufeff'),
    end: fc.boolean(),
  })
  .chain(({ fields, rows, separator, mark, end }) =>
    fc
      .tuple(
        arrayOf(arrayOf(field, fields), rows + 1),
        arrayOf(fc.constantFrom('', '', '', '', '', '', '\n', ' \n', separator), rows + 1),
      )
      .map(([records, between]) => {
        const lines = records.map((record, row) => {
          const lineEnd = end || row < rows ? separator : '';
          return record.join(',') + lineEnd + (between[row] ?? '');
        });
        return mark + lines.join('');
      }),
  );
const regular = fc
  .record({
    fields: fc.integer({ min: 1, max: 4 }),
    rows: fc.integer({ min: 0, max: 12 }),
    separator: fc.constantFrom('\n', '\r\n'),
  })
  .chain(({ fields, rows, separator }) => {
    const clear = fc.oneof(
      quoted,
      fc.constantFrom('', ' ', 'a', ' B ', 'NULL', 'null', 'Ann', 'é', 'long enough for vectors'),
    );
    // A line that has nothing but white space is none.
    const record = arrayOf(clear, fields).filter((parts) => parts.length > 1 || parts[0]?.trim() !== '');
    return arrayOf(record, rows + 1).map((records) => records.map((parts) => parts.join(',') + separator).join(''));
  });
const soup = fc
  .array(
    fc.constantFrom('"', '"', ',', ',', '\n', '\n', '\r', ' ', '#', 'a', 'b', 'é', 'a,b\n', '"a"', '\r\n', '\t', '\0'),
    { maxLength: 24 },
  )
  .map((parts) => parts.join(''));

function delimited(texts: fc.Arbitrary<string>): fc.Arbitrary<readonly [string, string]> {
  return fc
    .tuple(texts, fc.constantFrom(',', ',', ';', '\t', '|'))
    .map(([text, delimiter]): readonly [string, string] => [text.replaceAll(',', delimiter), delimiter]);
}

/** A text, and what separates its fields. */
export const csvText = delimited(fc.oneof(written, soup));
/** The same, of texts most of which every reader reads in the same way. */
export const regularCsvText = delimited(fc.oneof({ weight: 4, arbitrary: regular }, { weight: 1, arbitrary: written }));
