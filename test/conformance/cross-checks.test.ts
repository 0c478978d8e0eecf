// What the schema, the settings and the table must have in common (docs/format.md, F-57 to F-73).
import { describe, expect, test } from 'vitest';
import { decryptText, encryptText, linesOf } from './text-tables.ts';

const ONE = [{ sourceHeader: 'v', targetHeader: 'v', type: 'fingerprint' }];
const CLEARTEXT = [
  { sourceHeader: 'a', targetHeader: 'x', type: 'cleartext' },
  { sourceHeader: 'b', targetHeader: 'y', type: 'cleartext' },
];

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  );
}

describe('schema and settings', () => {
  test('F-61 cleartext columns are named where they are forbidden', async () => {
    const error = await failureOf(
      encryptText('a,b\n1,2\n', { schema: CLEARTEXT, settings: { allowCleartext: false } }),
    );
    expect(error).toMatchObject({ code: 'RULE_CLEARTEXT' });
    expect(String(error)).toMatch(/forbids cleartext columns: `x`, `y`$/);
  });

  test('F-60 repeated values are refused with both rows where duplicates are forbidden', async () => {
    const error = await failureOf(encryptText('v\nx\ny\nx\n', { schema: ONE, settings: { allowDuplicates: false } }));
    expect(error).toMatchObject({ code: 'RULE_DUPLICATES', where: { column: 'v' } });
    expect(String(error)).toContain('rows 1 and 3');
  });

  test('F-60 values that differ in white space at their ends are equal once read', async () => {
    const error = await failureOf(encryptText('v\nx\n x \n', { schema: ONE, settings: { allowDuplicates: false } }));
    expect(error).toMatchObject({ code: 'RULE_DUPLICATES' });
  });

  test.each([
    [false, 1, null],
    [false, 2, 'RULE_DUPLICATES'],
    [true, 2, null],
  ])('F-60 nulls preserved %s: %i nulls in a column without duplicates give %s', async (preserveNulls, nulls, code) => {
    const csv = `k,v\n${'1,\n'.repeat(nulls)}2,x\n`;
    const settings = { allowDuplicates: false, preserveNulls };
    const error = await failureOf(encryptText(csv, { schema: ONE, settings }));
    expect(error === null ? null : error).toEqual(code === null ? null : expect.objectContaining({ code }));
  });

  test('F-7 columns of different headers cannot be joined unless the collaboration allows it', async () => {
    const schema = [
      { sourceHeader: 'v', targetHeader: 'one', type: 'fingerprint' },
      { sourceHeader: 'v', targetHeader: 'two', type: 'fingerprint' },
    ];
    const cellsOf = async (allowed: boolean): Promise<Set<string>> => {
      const settings = { allowJoinsOnColumnsWithDifferentNames: allowed };
      return new Set(
        linesOf(await encryptText('v\nx\n', { schema, settings }))
          .join()
          .split(','),
      );
    };
    expect((await cellsOf(false)).size).toBe(2);
    expect((await cellsOf(true)).size).toBe(1);
  });
});

describe('schema and table', () => {
  test('F-70 a source that the table lacks is named', async () => {
    const error = await failureOf(encryptText('a,c\n1,2\n', { schema: CLEARTEXT }));
    expect(error).toMatchObject({ code: 'DATA_COLUMN' });
    expect(String(error)).toContain('`b`');
  });

  test.each([
    ['1,2\n', 3],
    ['1,2,3\n', 2],
  ])('F-71 the entries of a schema without header row must be as many as the columns of %j', async (csv, entries) => {
    const columns = [[{ targetHeader: 'x', type: 'cleartext' }], ...Array.from({ length: entries - 1 }, () => [])];
    const error = await failureOf(encryptText(csv, { schema: JSON.stringify({ headerRow: false, columns }) }));
    expect(error).toMatchObject({ code: 'DATA_COLUMN' });
  });

  test('F-67 sources are found in any case and with blanks around them', async () => {
    expect(linesOf(await encryptText(' V \nx\n', { schema: ONE }))).toHaveLength(1);
  });

  test('F-67 a header that breaks the naming rule does no harm where it is not used', async () => {
    expect(linesOf(await encryptText('v,e.mail,é,\nx,1,2,3\n', { schema: ONE }))).toHaveLength(1);
  });

  test('F-67 headers that are equal once normalised are refused, also where they are not used', async () => {
    const error = await failureOf(encryptText('v,w,W \nx,1,2\n', { schema: ONE }));
    expect(error).toMatchObject({ code: 'DATA_HEADER' });
  });

  test('F-57 the columns are the targets in the order of the schema', async () => {
    const schema = [
      { sourceHeader: 'b', targetHeader: 'z', type: 'cleartext' },
      { sourceHeader: 'a', targetHeader: 'y', type: 'cleartext' },
      { sourceHeader: 'b', targetHeader: 'x', type: 'cleartext' },
    ];
    expect(await encryptText('a,b,c\n1,2,3\n', { schema })).toBe('z,y,x\n2,1,2\n');
  });
});

describe('rows', () => {
  test('F-58 come in another order each time, whatever is done to the columns', async () => {
    const csv = `a,b\n${Array.from({ length: 200 }, (_, index) => `${String(index)},x\n`).join('')}`;
    const schema = [{ sourceHeader: 'a', targetHeader: 'a', type: 'cleartext' }];
    const [one, two] = [linesOf(await encryptText(csv, { schema })), linesOf(await encryptText(csv, { schema }))];
    expect(one).not.toEqual(two);
    expect(one.toSorted()).toEqual(two.toSorted());
    expect(one).not.toEqual(Array.from({ length: 200 }, (_, index) => String(index)));
  });
});

describe('decryption', () => {
  test('F-68 columns of equal headers keep their values', async () => {
    expect(await decryptText('h,h\n1,2\n')).toBe('h,h\n1,2\n');
  });

  test('F-59 rows and columns keep their order', async () => {
    const rows = Array.from({ length: 300 }, (_, index) => `${String(index)},${String(300 - index)}\n`).join('');
    expect(await decryptText(`a,b\n${rows}`)).toBe(`a,b\n${rows}`);
  });
});
