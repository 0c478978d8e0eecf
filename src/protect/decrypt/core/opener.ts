import type { Allocator } from '../../../bytes/index.ts';
import type { Batch, ColumnData } from '../../../columns/index.ts';
import { CELL_FINGERPRINT, CELL_SEALED, type Kernel, renderColumn, type SealingRoot } from '../../../crypto/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import { toNative, toText } from './columns.ts';
import { type DecryptTarget, locate, openCells } from './targets.ts';

/** What the cells of a table are opened to. */
export interface OpenerSetup {
  /** The target of each column. */
  readonly targets: readonly DecryptTarget[];
  /** The names of the table and its columns, for errors. */
  readonly file: string;
  readonly columns: readonly string[];
  /** Whether text that is passed through is known to be UTF-8. */
  readonly isUtf8: boolean;
  readonly failOnFingerprintColumns: boolean;
}

/** The cells found in a column. */
export interface FoundCells {
  readonly sealed: number;
  readonly fingerprint: number;
  /** The cells have other types than the target, and were not opened. */
  readonly isMixed: boolean;
}

/** Cells that were found, added up. */
export type FoundSum = Pick<FoundCells, 'sealed' | 'fingerprint'>;

/** Number of columns with sealed cells, which were opened, with fingerprint cells, and of all others, both passed through. */
export interface FoundColumns {
  readonly sealed: number;
  readonly fingerprint: number;
  readonly cleartext: number;
}

/** What kinds of columns a table turned out to have, by the cells that were found in them. */
export function countColumns(found: readonly FoundSum[]): FoundColumns {
  return {
    sealed: found.filter(({ sealed }) => sealed > 0).length,
    fingerprint: found.filter(({ sealed, fingerprint }) => fingerprint > 0 && sealed === 0).length,
    cleartext: found.filter(({ sealed, fingerprint }) => fingerprint === 0 && sealed === 0).length,
  };
}

/** What a user is told of a column that cannot have the type of its cells. */
export function mixedTypesWarning(column: string): string {
  return `column \`${column}\` holds cells of several types and was written as text`;
}

/** Opens batches, and counts the cells in them. */
export class Opener {
  readonly #setup: OpenerSetup;
  readonly #kernel: Kernel;
  readonly #root: SealingRoot | null;
  readonly #memory: Allocator;
  /** Column by column. */
  readonly found: { sealed: number; fingerprint: number; isMixed: boolean }[];

  constructor(setup: OpenerSetup, kernel: Kernel, root: SealingRoot | null, memory: Allocator) {
    this.#setup = setup;
    this.#kernel = kernel;
    this.#root = root;
    this.#memory = memory;
    this.found = setup.targets.map(() => ({ sealed: 0, fingerprint: 0, isMixed: false }));
  }

  /** Whether a column's cells were of other types than its target's; what was opened since is not to be used. */
  get isMixed(): boolean {
    return this.found.some((found) => found.isMixed);
  }

  /**
   * The opened values of a batch, in buffers of the kernel's and of the opener's memory, or in those of the batch.
   *
   * @param firstRow rows of the table before the batch
   * @throws {SealroomError} SECRET_MISSING for a sealed cell without a root; FORMAT_* with table, column and row if a cell does not open; RULE_FINGERPRINT if fingerprints are refused;
   *   DATA_ENCODING if text that is passed on is not UTF-8.
   */
  open(batch: Batch, firstRow: number): Batch {
    const { targets, file, columns } = this.#setup;
    return {
      rows: batch.rows,
      columns: batch.columns.map((column, index): ColumnData => {
        const target = targets[index];
        if (target === undefined || target.mode === 'carry') return column;
        if (target.mode === 'render') {
          if (column.layout !== 'fixed') throw new Error('a typed column of byte strings');
          return { layout: 'bytes', ...renderColumn(target.type, column) };
        }
        return locate(file, columns[index] ?? '', firstRow, () => this.#openColumn(column, index, target));
      }),
    };
  }

  #openColumn(column: ColumnData, index: number, target: DecryptTarget & { mode: 'text' | 'native' }): ColumnData {
    const opened = openCells(this.#kernel, this.#root, column);
    const found = this.found[index];
    if (found === undefined) throw new Error('a column outside the table');
    for (let row = 0; row < opened.kinds.length; row++) {
      if (opened.kinds[row] === CELL_SEALED) found.sealed++;
      else if (opened.kinds[row] === CELL_FINGERPRINT) {
        found.fingerprint++;
        if (this.#setup.failOnFingerprintColumns) {
          throw new SealroomError(
            'RULE_FINGERPRINT',
            'the column holds a fingerprint, which the current settings forbid',
            {
              where: { row },
              hint: 'fingerprints cannot be opened; leave out `--fail-on-fingerprint-columns` to pass them on',
            },
          );
        }
      }
    }
    // The bytes of a binary column may be no text.
    if (target.mode === 'text')
      return toText(opened, target.type.kind === 'string' && !this.#setup.isUtf8, this.#memory);
    const native = toNative(target.type, opened);
    if (native === null) found.isMixed = true;
    return native ?? column;
  }
}
