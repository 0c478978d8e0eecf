import { decodeUtf8Lenient, valueAt } from '../../bytes/index.ts';
import { loadNormalisers, type Normalisation } from '../../normalise/index.ts';
import type { TableReader } from '../../tabular/index.ts';

/** A column of texts, and what its values become before anything else is done with them. */
export interface TextColumn {
  /** Its place in the table. */
  readonly index: number;
  readonly normalisation: Normalisation;
}

/**
 * Reads the texts of some columns of a table, in one pass, each as its column normalises it.
 *
 * @param columns columns of text
 * @param visit called for each value that is not null, with the position in `columns` and the row, from 0
 * @throws {SealroomError} as `loadNormalisers`; errors of reading the table; what `visit` throws
 */
export async function readTexts(
  reader: TableReader,
  columns: readonly TextColumn[],
  signal: AbortSignal | undefined,
  visit: (position: number, text: string, row: number) => void,
): Promise<void> {
  if (columns.length === 0) return;
  const normalisers = await loadNormalisers(columns.map(({ normalisation }) => normalisation));
  const steps = columns.map(({ normalisation }) => normalisers.of(normalisation));
  // A batch has each column once, although several targets may be made of it.
  const indexes = [...new Set(columns.map(({ index }) => index))];
  const places = columns.map(({ index }) => indexes.indexOf(index));
  let before = 0;
  for await (const batch of reader.batches({ columns: indexes, signal })) {
    for (const [position, place] of places.entries()) {
      const column = batch.columns[place];
      const normalise = steps[position] ?? null;
      if (column?.layout !== 'bytes') continue;
      for (let row = 0; row < batch.rows; row += 1) {
        const value = valueAt(column, row);
        if (value === null) continue;
        const text = decodeUtf8Lenient(value);
        const normalised = normalise === null ? text : normalise(text);
        if (typeof normalised === 'string') visit(position, normalised, before + row);
      }
    }
    before += batch.rows;
  }
}
