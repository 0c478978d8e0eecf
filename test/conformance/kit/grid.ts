import { Mismatch, show } from './case.ts';

/** A table whose cells are texts that are equal exactly where the cells are. */
export interface Grid {
  readonly headers: readonly string[];
  /** Column by column. */
  readonly columns: readonly (readonly string[])[];
}

/** How many rows a grid has. */
export function rowsOf(grid: Grid): number {
  return grid.columns[0]?.length ?? 0;
}

/** A row as one text; of some columns only, if they are given. */
export function rowText(
  grid: Grid,
  row: number,
  columns: readonly number[] = grid.columns.map((_, column) => column),
): string {
  return columns.map((column) => grid.columns[column]?.[row] ?? '').join(' | ');
}

/** A column by its place; an empty one if there is none. */
export function columnAt(grid: Grid, column: number): readonly string[] {
  return grid.columns[column] ?? [];
}

/** @throws {Mismatch} unless both have the same headers in the same order. */
export function expectSameHeaders(got: Grid, expected: Grid): void {
  const [mine, theirs] = [got.headers.join(','), expected.headers.join(',')];
  if (mine !== theirs) throw new Mismatch(`headers ${show(theirs)}`, show(mine));
}

/** @throws {Mismatch} at the first cell of a column that differs. */
export function expectSameColumn(header: string, got: readonly string[], expected: readonly string[]): void {
  if (got.length !== expected.length) {
    throw new Mismatch(`${String(expected.length)} rows`, `${String(got.length)} rows`);
  }
  const row = got.findIndex((cell, index) => cell !== expected[index]);
  if (row === -1) return;
  throw new Mismatch(`row ${String(row + 1)} of \`${header}\` ${show(expected[row])}`, show(got[row]));
}

/** What of a multiset is not in another one. */
function subtract(from: readonly string[], taken: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const text of taken) counts.set(text, (counts.get(text) ?? 0) + 1);
  return from.filter((text) => {
    const count = counts.get(text) ?? 0;
    counts.set(text, count - 1);
    return count <= 0;
  });
}

/**
 * @param extra rows that only `got` has, where it has any
 * @throws {Mismatch} unless `got` has all the rows of `expected`, as often, in whatever order, and `extra` more.
 */
export function expectSameRows(got: readonly string[], expected: readonly string[], extra = 0): void {
  const [missing] = subtract(expected, got);
  const surplus = subtract(got, expected);
  if (missing !== undefined) throw new Mismatch(`a row ${show(missing)}`, show(surplus[0]));
  if (surplus.length !== extra) {
    throw new Mismatch(
      `${String(expected.length + extra)} rows`,
      `${String(got.length)}, among them ${show(surplus[0])}`,
    );
  }
}
