import { isValid } from '../bytes/index.ts';
import type { TableSchema } from '../schema/index.ts';
import type { ColumnData, Field, TableReader } from '../tabular/index.ts';
import { canonicalBytesOf, clientTypeOf } from './canonical.ts';
import type { Insight } from './plan.ts';

/**
 * Finds the longest value of every sealed column with pad `max`, in a reading of its own: each cell is then sealed once,
 * under its final pad.
 *
 * @param onRows called with the number of rows read so far
 */
//= format F-43
export async function inspectTable(
  schema: TableSchema,
  reader: TableReader,
  sources: readonly number[],
  signal: AbortSignal | undefined,
  onRows: (rows: number) => void,
): Promise<Insight> {
  const targets = schema.columns.flatMap((column, index) =>
    column.kind === 'sealed' && column.pad.kind === 'max'
      ? [{ target: column.targetHeader, source: sources[index] ?? -1 }]
      : [],
  );
  const insight = new Map<string, number | null>();
  if (targets.length === 0) return insight;
  const columns = [...new Set(targets.map((target) => target.source))];
  const longest = columns.map((): number | null => null);
  let rows = 0;
  for await (const batch of reader.batches({ columns, signal })) {
    columns.forEach((source, index) => {
      const column = batch.columns[index];
      const field = reader.fields[source];
      if (column === undefined || field === undefined) throw new Error('a batch without an inspected column');
      longest[index] = longestOf(column, field, longest[index] ?? null);
    });
    rows += batch.rows;
    onRows(rows);
  }
  for (const { target, source } of targets) insight.set(target, longest[columns.indexOf(source)] ?? null);
  return insight;
}

function longestOf(column: ColumnData, field: Field, known: number | null): number | null {
  // A type that cannot be sealed is refused by the plan.
  if (clientTypeOf(field.type) === null) return known;
  const bytes = canonicalBytesOf(column, field.type, 'sealed');
  let longest = known;
  for (let row = 0; row < column.rows; row++) {
    if (!isValid(column.validity, row)) continue;
    const length = (bytes.offsets[row + 1] ?? 0) - (bytes.offsets[row] ?? 0);
    if (longest === null || length > longest) longest = length;
  }
  return longest;
}
