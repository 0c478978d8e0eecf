import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CsvSerialiser } from '#src/tabular/csv/serialise';
import { createTable } from 'sealroom/tabular';
import type { CreateOptions, Field } from 'sealroom/tabular';
import { batchOf, errorOf, failureOf, Folder, latin, readTable, SEED, textColumn, writeTable } from '../support.ts';
import { runs } from '../../support/runs.ts';

const folder = new Folder();

function fieldsOf(names: readonly string[]): Field[] {
  return names.map((name) => ({ name, type: { kind: 'string' } }));
}

/** The text of a file with one batch of rows. */
async function written(
  names: readonly string[],
  rows: readonly (readonly (string | null)[])[],
  options: CreateOptions = {},
): Promise<string> {
  const path = folder.newPath('.csv');
  const columns = names.map((_, index) => textColumn(rows.map((row) => row[index] ?? null)));
  const size = await writeTable(path, fieldsOf(names), rows.length === 0 ? [] : [batchOf(...columns)], options);
  const text = readFileSync(path, 'utf8');
  expect(size).toBe(Buffer.byteLength(text));
  return text;
}

describe('F-82 a written file', () => {
  test.each([
    ['a b', '"a b"'],
    ['plain', 'plain'],
    ['"full"', '"""full"""'],
    ['""', '""""""'],
    ['a"b,c', '"a""b,c"'],
    ['a\tb', '"a\tb"'],
    ['a\nb', '"a\nb"'],
    ['a\r\nb', '"a\r\nb"'],
    ['\f', '"\f"'],
    [' lead', '" lead"'],
    ['a;b', 'a;b'],
    ["it's", "it's"],
    ['\\', '\\'],
    ['\u00a0', '\u00a0'],
    ['é', 'é'],
  ])('has %j as %s', async (value, field) => {
    expect(await written(['k', 'v'], [['1', value]])).toBe(`k,v\n1,${field}\n`);
  });

  test('quotes `#` at the start of a record only, and headers as values', async () => {
    expect(await written(['#k', 'new name', '#v', 'a"'], [['#1', '#2', '', null]])).toBe(
      '"#k","new name",#v,"a"""\n"#1",#2,"",\n',
    );
  });

  test('of no rows has its headers', async () => {
    expect(await written(['a', 'b'], [])).toBe('a,b\n');
    expect(await written([''], [])).toBe('""\n');
  });
});

describe('F-81 nulls and empty texts', () => {
  test.each([
    [undefined, ',""', '""'],
    ['', ',""', '""'],
    [' ', '" ",""', '" "'],
    ['NULL', 'NULL,', 'NULL'],
    ['\\N', '\\N,', '\\N'],
    ['a b', '"a b",', '"a b"'],
    ['"NULL"', '"NULL",', '"NULL"'],
    ['"', '"""",', '""""'],
    ['""', '"",', '""'],
  ])('under the output null text %j are %s', async (csvOutputNull, line, alone) => {
    expect(await written(['a', 'b'], [[null, '']], { csvOutputNull })).toBe(`a,b\n${line}\n`);
    // A record that is a blank line would be skipped by readers.
    expect(await written(['a'], [[null], ['']], { csvOutputNull })).toMatch(
      new RegExp(`^a\n${alone.replace('\\', '\\\\')}\n"?"?\n$`),
    );
  });
});

describe('what is written', () => {
  const cell = fc.option(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc
        .array(fc.constantFrom('"', ',', '\n', '\r', ' ', '#', 'a', '\t', '\0', '\u00a0'), { maxLength: 6 })
        .map((parts) => parts.join('')),
    ),
    { freq: 5 },
  );
  const table = fc
    .record({ fields: fc.integer({ min: 1, max: 4 }), rows: fc.integer({ min: 0, max: 8 }) })
    .chain(({ fields, rows }) =>
      fc
        .array(fc.array(cell, { minLength: fields, maxLength: fields }), { minLength: rows, maxLength: rows })
        .map((values) => ({ fields, values })),
    );

  // The same text out and in, where there is one; and the pairs that tell nulls from empty texts.
  const PAIRS = [
    { out: undefined, into: '' },
    { out: '', into: '' },
    { out: '\\N', into: '\\N' },
    { out: 'NULL', into: 'NULL' },
  ];

  test.each(PAIRS)('is read back under the null texts %j', async ({ out, into }) => {
    await fc.assert(
      fc.asyncProperty(table, async ({ fields, values }) => {
        const names = Array.from({ length: fields }, (_, index) => `c${String(index)}`);
        const path = folder.newPath('.csv');
        const columns = names.map((_, index) => textColumn(values.map((row) => row[index] ?? null)));
        await writeTable(path, fieldsOf(names), values.length === 0 ? [] : [batchOf(...columns)], {
          csvOutputNull: out,
        });
        const read = await readTable(path, { csvInputNull: into });
        const expected = (value: string | null): string | null => {
          // A record of nothing would be skipped, so a null of a lone column is written as an empty text.
          if (value === null) return fields === 1 && into === '' ? '' : null;
          // A text that is the null text itself is a null when it comes back, as it is with C3R.
          return value === into && into !== '' ? null : latin(value);
        };
        expect(read.columns).toEqual(names.map((_, index) => values.map((row) => expected(row[index] ?? null))));
      }),
      { seed: SEED, numRuns: runs(25) },
    );
  });

  test('is the same for a strict reader', async () => {
    await fc.assert(
      fc.asyncProperty(table, async ({ fields, values }) => {
        const names = Array.from({ length: fields }, (_, index) => `c${String(index)}`);
        const parsed: unknown = parse(await written(names, values), { recordDelimiter: '\n' });
        expect(parsed).toEqual([names, ...values.map((row) => row.map((value) => value ?? ''))]);
      }),
      { seed: SEED, numRuns: runs(50) },
    );
  });

  test('as lines of a serialiser is the same as by batches', async () => {
    const fields = fieldsOf(['a', 'b c']);
    const batch = batchOf(textColumn(['x', null, '"', '']), textColumn(['#', '\n', null, 'y z']));
    const serialiser = new CsvSerialiser(fields, {});
    const lines = serialiser.serialise(batch);
    const [byBatch, byLines] = [folder.newPath('.csv'), folder.newPath('.csv')];
    await writeTable(byBatch, fields, [batch]);
    const writer = await createTable(byLines, fields);
    await writer.writeLines(lines);
    await writer.close();
    expect(readFileSync(byLines, 'utf8')).toBe(readFileSync(byBatch, 'utf8'));
  });

  test('may be many rows in one batch', async () => {
    const values = Array.from({ length: 5000 }, (_, row) => (row % 3 === 0 ? null : `value ${String(row)}`));
    const path = folder.newPath('.csv');
    await writeTable(path, fieldsOf(['v', 'w']), [batchOf(textColumn(values), textColumn(values))]);
    expect((await readTable(path)).columns).toEqual([values, values]);
  });

  test('may be many megabytes in one batch', async () => {
    const values = Array.from({ length: 300 }, (_, row) => `${String(row)}"`.repeat(20_000));
    const path = folder.newPath('.csv');
    await writeTable(path, fieldsOf(['v']), [batchOf(textColumn(values))]);
    expect((await readTable(path)).columns[0]).toEqual(values);
  });
});

describe('a column that is not text', () => {
  test('is refused before anything is written', async () => {
    const fields: Field[] = [{ name: 'n', type: { kind: 'int' } }];
    expect(errorOf(() => new CsvSerialiser(fields, {}))).toMatchObject({ code: 'IO_FORMAT', where: { column: 'n' } });
    const path = folder.newPath('.csv');
    expect((await failureOf(createTable(path, fields))).code).toBe('IO_FORMAT');
    expect(() => readFileSync(path)).toThrow('ENOENT');
  });
});
