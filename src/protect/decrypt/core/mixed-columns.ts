import { SealroomError } from '../../../errors/index.ts';
import type { Field } from '../../../columns/index.ts';
import { normaliseHeader } from '../../../schema/index.ts';

/** What is known of a table's columns besides their cells, and what is done about mixed ones. */
export interface MixedColumnOptions {
  /**
   * Headers of columns that are sealed by other evidence than their cells: a sidecar, metadata, a manifest, a room's statement.
   * Compared in lower case and without space around them.
   */
  readonly sealedColumns?: readonly string[] | undefined;
  /**
   * Whether to pass on what is neither sealed nor null in a sealed column, as results of COALESCE or UNION have it. Anyone who
   * can write to the table may have put it there.
   */
  readonly allowMixedColumns?: boolean | undefined;
}

/** The cells of a column that was searched for cells; a column of another type has only unsealed ones, or nulls. */
export interface SealedCount {
  readonly sealed: number;
  /** Cells that are neither sealed nor null, fingerprints among them. */
  readonly unsealed: number;
  /** The 0-based row of the first of them in the table, or `null`. */
  readonly firstUnsealed: number | null;
}

/** Which columns of a table are sealed by other evidence than their cells. */
export function declaredColumns(fields: readonly Field[], sealedColumns: readonly string[]): readonly boolean[] {
  const declared = new Set(sealedColumns.map(normaliseHeader));
  return fields.map(({ name }) => declared.has(normaliseHeader(name)));
}

/** The columns of one table, while the cells in them are counted. */
export class MixedColumns {
  readonly #file: string;
  readonly #fields: readonly Field[];
  readonly #isAllowed: boolean;
  /** Whether each column is sealed by other evidence than its cells. */
  readonly declared: readonly boolean[];

  constructor(
    file: string,
    fields: readonly Field[],
    { sealedColumns = [], allowMixedColumns = false }: MixedColumnOptions,
  ) {
    this.#file = file;
    this.#fields = fields;
    this.#isAllowed = allowMixedColumns;
    this.declared = declaredColumns(fields, sealedColumns);
  }

  /**
   * Checks the columns, as far as their cells were counted.
   *
   * @throws {SealroomError} FORMAT_CELL with file, column and row for the first cell that is neither sealed nor null in a sealed
   *   column, unless mixed columns are allowed.
   */
  //= format F-92
  check(found: readonly SealedCount[]): void {
    if (this.#isAllowed) return;
    found.forEach((count, index) => {
      const { firstUnsealed } = count;
      if (firstUnsealed === null || !this.#isSealed(count, index)) return;
      const where = { file: this.#file, column: this.#fields[index]?.name ?? '', row: firstUnsealed + 1 };
      throw unsealedCellError(where, ', and if the column is mixed on purpose, use `--allow-mixed-columns`');
    });
  }

  /** Whether `check` would accept the columns. */
  accepts(found: readonly SealedCount[]): boolean {
    return this.#isAllowed || !found.some((count, index) => count.unsealed > 0 && this.#isSealed(count, index));
  }

  /** How many cells of sealed columns are neither sealed nor null, and a line about each such column. */
  report(found: readonly SealedCount[]): { readonly unsealedCells: number; readonly warnings: readonly string[] } {
    let unsealedCells = 0;
    const warnings: string[] = [];
    found.forEach((count, index) => {
      const { unsealed } = count;
      if (unsealed === 0 || !this.#isSealed(count, index)) return;
      unsealedCells += unsealed;
      const cells = unsealed === 1 ? 'cell that is not sealed was' : 'cells that are not sealed were';
      warnings.push(
        `column \`${this.#fields[index]?.name ?? ''}\`: ${unsealed.toLocaleString('en')} ${cells} passed through; whoever can write to the table may have put them there`,
      );
    });
    return { unsealedCells, warnings };
  }

  #isSealed({ sealed }: SealedCount, index: number): boolean {
    return sealed > 0 || this.declared[index] === true;
  }
}

/**
 * The error for a cell of a sealed column that is neither sealed nor null.
 *
 * @param wayOut ends the hint
 */
export function unsealedCellError(
  where: { readonly file?: string; readonly column?: string; readonly row: number },
  wayOut = '',
): SealroomError {
  return new SealroomError('FORMAT_CELL', 'a sealed column holds a cell that is not sealed', {
    where,
    hint: `someone may have put it in the place of a sealed cell; if its text stands for null, name it with \`--csv-input-null-value\`${wayOut}`,
  });
}
