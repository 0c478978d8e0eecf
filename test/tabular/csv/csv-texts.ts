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
const soup = fc
  .array(
    fc.constantFrom('"', '"', ',', ',', '\n', '\n', '\r', ' ', '#', 'a', 'b', 'é', 'a,b\n', '"a"', '\r\n', '\t', '\0'),
    { maxLength: 24 },
  )
  .map((parts) => parts.join(''));
/** A text, and what separates its fields. */
export const csvText = fc
  .tuple(fc.oneof(written, soup), fc.constantFrom(',', ',', ';', '\t', '|'))
  .map(([text, delimiter]): readonly [string, string] => [text.replaceAll(',', delimiter), delimiter]);
