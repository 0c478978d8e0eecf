import type { MixedColumns } from './mixed-columns.ts';
import { countColumns, type FoundCells, type FoundColumns } from './opener.ts';

const NOTHING_OPENED = 'nothing was opened: the table has no sealed cell, and the output has the values of the input';

/** What a decryption says about the cells that it found. */
export interface CellSummary {
  readonly columns: FoundColumns;
  /** Number of sealed cells that were opened. */
  readonly openedCells: number;
  /** As in `DecryptSummary`. */
  readonly unsealedCells: number;
  readonly warnings: readonly string[];
}

/**
 * Sums up the cells of a table.
 *
 * @param found column by column
 * @param mixed what is known of these columns
 * @param table its rows, and whether its cells could be opened
 */
export function summariseCells(
  found: readonly FoundCells[],
  mixed: MixedColumns,
  table: { readonly rows: number; readonly hasRoot: boolean },
): CellSummary {
  const { unsealedCells, warnings } = mixed.report(found);
  const openedCells = found.reduce((sum, { sealed }) => sum + sealed, 0);
  const isInVain = openedCells === 0 && table.rows > 0 && table.hasRoot;
  return {
    columns: countColumns(found),
    openedCells,
    unsealedCells,
    warnings: isInVain ? [...warnings, NOTHING_OPENED] : warnings,
  };
}
