import { byteColumnOf, decodeUtf8, encodeUtf8, valueAt } from '../bytes/index.ts';
import type { ColumnTable } from './source.ts';

/**
 * A table of text columns.
 *
 * @param rows one value for each header; `null` is no value, `''` is the empty text
 * @throws {RangeError} if a row has more or fewer.
 */
export function tableOfTexts(headers: readonly string[], rows: readonly (readonly (string | null)[])[]): ColumnTable {
  for (const [index, row] of rows.entries()) {
    if (row.length === headers.length) continue;
    throw new RangeError(
      `row ${String(index + 1)} has ${String(row.length)} values for ${String(headers.length)} headers`,
    );
  }
  const columns = headers.map((_, position) => {
    const values = rows.map((row) => {
      const text = row[position] ?? null;
      return text === null ? null : encodeUtf8(text);
    });
    return { layout: 'bytes' as const, ...byteColumnOf(values) };
  });
  return {
    fields: headers.map((name) => ({ name, type: { kind: 'string' } })),
    batches: [{ rows: rows.length, columns }],
  };
}

/**
 * The rows of a table that has nothing but text columns, as protected tables and those opened with `asText` do.
 *
 * @throws {TypeError} if it has others; {SealroomError} DATA_ENCODING if a value is not UTF-8.
 */
export function textsOfTable({ batches }: ColumnTable): (string | null)[][] {
  return batches.flatMap(({ rows, columns }) =>
    Array.from({ length: rows }, (_, row) =>
      columns.map((column) => {
        if (column.layout !== 'bytes') throw new TypeError('a column that is not text');
        const value = valueAt(column, row);
        return value === null ? null : decodeUtf8(value);
      }),
    ),
  );
}
