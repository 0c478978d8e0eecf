import { decodeUtf8Lenient, valueAt } from '../../bytes/index.ts';
import type { TableReader } from '../../tabular/index.ts';

/**
 * Reads the texts of some columns of a table, in one pass.
 *
 * @param columns indexes of columns of text
 * @param visit called for each value that is not null, with the position in `columns` and the row, from 0
 * @throws {SealroomError} errors of reading the table; what `visit` throws
 */
export async function readTexts(
  reader: TableReader,
  columns: readonly number[],
  signal: AbortSignal | undefined,
  visit: (position: number, text: string, row: number) => void,
): Promise<void> {
  if (columns.length === 0) return;
  let before = 0;
  for await (const batch of reader.batches({ columns, signal })) {
    for (const [position, column] of batch.columns.entries()) {
      if (column.layout !== 'bytes') continue;
      for (let row = 0; row < batch.rows; row += 1) {
        const value = valueAt(column, row);
        if (value !== null) visit(position, decodeUtf8Lenient(value), before + row);
      }
    }
    before += batch.rows;
  }
}
