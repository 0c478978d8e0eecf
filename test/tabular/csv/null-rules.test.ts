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
  nullText: string | undefined,
): string | null {
  const { blankIsNull, quotedEmptyIsNull, token } = nullRuleOf(nullText);
  const blank = blankIsNull ? null : '';
  if (field === null) return blank;
  if (field === '') return quotedEmptyIsNull ? null : '';
  const trimmed = trim ? field.replace(/^[\0-\x20]+|[\0-\x20]+$/g, '') : field;
  if (trimmed === '') return blank;
  const joined = separator === null ? trimmed : trimmed.replaceAll(separator, '\n');
  return token !== null && joined === Buffer.from(token).toString() ? null : joined;
}

test('fields are trimmed, joined and null as their column and file ask for', () => {
  fc.assert(
    fc.property(
      fc.array(fc.option(value, { freq: 5 }), { maxLength: 20 }),
      fc.boolean(),
      fc.constantFrom(null, '\r\n', '\r'),
      fc.constantFrom(undefined, '', '""', 'NULL', 'a'),
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
