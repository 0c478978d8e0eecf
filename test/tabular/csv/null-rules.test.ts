import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nullRuleOf, refineFields } from '#src/tabular/csv/null-rules';
import { SEED, textColumn, textsOf } from '../support.ts';

const value = fc.oneof(
  fc
    .array(fc.constantFrom(' ', '\t', '\r', '\n', '\r\n', 'a', 'NULL', 'b c', '"'), { maxLength: 5 })
    .map((parts) => parts.join('')),
  fc.constantFrom('', 'NULL', ' NULL ', '   ', 'a value that is longer than a vector', '\r\n'),
);

function expected(
  field: string | null,
  trim: boolean,
  separator: string | null,
  nullText: string | readonly string[] | undefined,
): string | null {
  const { blankIsNull, quotedEmptyIsNull, tokens } = nullRuleOf(nullText);
  const blank = blankIsNull ? null : '';
  if (field === null) return blank;
  if (field === '') return quotedEmptyIsNull ? null : '';
  const trimmed = trim ? field.replace(/^[\0-\x20]+|[\0-\x20]+$/g, '') : field;
  if (trimmed === '') return blank;
  const joined = separator === null ? trimmed : trimmed.replaceAll(separator, '\n');
  return tokens.some((token) => joined === Buffer.from(token).toString()) ? null : joined;
}

test('fields are trimmed, joined and null as their column and file ask for', () => {
  fc.assert(
    fc.property(
      fc.array(fc.option(value, { freq: 5 }), { maxLength: 20 }),
      fc.boolean(),
      fc.constantFrom(null, '\r\n', '\r'),
      fc.constantFrom(undefined, '', '""', 'NULL', 'a', ['NULL', 'a'], ['a', ' ', '""']),
      (fields, trim, separator, nullText) => {
        const column = textColumn(fields);
        if (column.layout !== 'bytes') throw new Error('a column of fixed width');
        const refined = refineFields(column, { trim, separator, rule: nullRuleOf(nullText) });
        expect(textsOf({ layout: 'bytes', ...refined })).toEqual(
          fields.map((field) => expected(field, trim, separator, nullText)),
        );
      },
    ),
    { seed: SEED, numRuns: 500 },
  );
});

test('F-80 with several null texts, a field is null that is null with any of them', () => {
  const column = textColumn([null, '', 'NULL', 'null', 'n/a', 'a']);
  if (column.layout !== 'bytes') throw new Error('a column of fixed width');
  const read = (texts: string | readonly string[] | undefined): unknown =>
    textsOf({ layout: 'bytes', ...refineFields(column, { trim: false, separator: null, rule: nullRuleOf(texts) }) });
  expect(read(['NULL', 'n/a'])).toEqual(['', '', null, 'null', null, 'a']);
  expect(read(['NULL', ''])).toEqual([null, '', null, 'null', 'n/a', 'a']);
  expect(read(['""', 'NULL', ' '])).toEqual([null, null, null, 'null', 'n/a', 'a']);
  for (const text of ['', '""', 'NULL']) expect(read([text])).toEqual(read(text));
});
