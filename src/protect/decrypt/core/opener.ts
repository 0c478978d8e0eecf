import { type Allocator, type ByteColumn, isValid } from '../../../bytes/index.ts';
import type { Batch, ColumnData } from '../../../columns/index.ts';
import {
  CELL_CLEARTEXT,
  CELL_FINGERPRINT,
  CELL_NULL,
  CELL_SEALED,
  type FixedType,
  renderColumn,
} from '../../../crypto/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import { toNative, toText } from './columns.ts';
import type { SealedCount } from './mixed-columns.ts';
import { type CellKeys, type DecryptTarget, locate, openCells } from './targets.ts';

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
  /** Whether each column is sealed by other evidence than its cells, see `MixedColumns`. */
  readonly declared: readonly boolean[];
  /** Whether an empty text may be a null, as in CSV, where that depends on how the file is read. */
  readonly isEmptyNull: boolean;
}

/** The cells found in a column. */
export interface FoundCells extends SealedCount {
  readonly fingerprint: number;
  /** The cells have other types than the target, and were not opened. */
  readonly isMixed: boolean;
}

/** Number of columns with sealed cells, which were opened, with fingerprint cells, and of all others, both passed through. */
export interface FoundColumns {
  readonly sealed: number;
  readonly fingerprint: number;
  readonly cleartext: number;
}

/** What kinds of columns a table turned out to have, by the cells that were found in them. */
export function countColumns(found: readonly FoundCells[]): FoundColumns {
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

/** What the cells of a column become, and which of them are accepted. */
export interface ColumnRules {
  /** The type of all values, or `null` for text. */
  readonly type: FixedType | null;
  /** Whether text that is passed through is known to be UTF-8, or need not be. */
  readonly isAnyText: boolean;
  /** As in {@link OpenerSetup}. */
  readonly isEmptyNull: boolean;
  readonly passesFingerprints: boolean;
}

/** A column that a machine has opened, and the cells that were found in it. */
export interface MachineColumn extends Omit<FoundCells, 'isMixed'> {
  /** In the memory of the machine until it opens columns of the next batch, or in that of the cells. */
  readonly column: ColumnData;
}

/** Opens whole columns at a time, where nothing in them has to be refused. */
export interface ColumnMachine {
  /** Begins with the columns of a batch. */
  begin(batch: Batch): void;
  /**
   * Opens a column of the batch; `null` if a cell is refused or not opened here, so that the kernel has to say what it is. Rows are counted
   * from the batch's first one.
   */
  open(column: ByteColumn, rules: ColumnRules): MachineColumn | null;
}

/** Opens batches, and counts the cells in them. */
export class Opener {
  readonly #setup: OpenerSetup;
  readonly #keys: CellKeys;
  readonly #memory: Allocator;
  readonly #machine: ColumnMachine | null;
  /** Column by column. */
  readonly found: { -readonly [Name in keyof FoundCells]: FoundCells[Name] }[];

  /** @param machine opens what it can; the kernel opens all columns without one */
  constructor(setup: OpenerSetup, keys: CellKeys, memory: Allocator, machine: ColumnMachine | null = null) {
    this.#setup = setup;
    this.#keys = keys;
    this.#memory = memory;
    this.#machine = machine;
    this.found = setup.targets.map(nothingFound);
  }

  /** Whether a column's cells were of other types than its target's; what was opened since is not to be used. */
  get isMixed(): boolean {
    return this.found.some((found) => found.isMixed);
  }

  /**
   * The opened values of a batch, in buffers of the kernel's, the machine's and the opener's memory, or in those of the batch.
   *
   * @param firstRow rows of the table before the batch
   * @throws {SealroomError} SECRET_MISSING for a sealed cell without a root; FORMAT_* with table, column and row if a cell does not open; RULE_FINGERPRINT if fingerprints are refused;
   *   DATA_ENCODING if text that is passed on is not UTF-8.
   */
  open(batch: Batch, firstRow: number): Batch {
    const { targets, file, columns } = this.#setup;
    this.#machine?.begin(batch);
    return {
      rows: batch.rows,
      columns: batch.columns.map((column, index): ColumnData => {
        const target = targets[index];
        if (target === undefined) return column;
        if (this.#setup.declared[index] === true && (target.mode === 'carry' || target.mode === 'render')) {
          this.#countUnsealed(column, index, firstRow);
        }
        if (target.mode === 'carry') return column;
        if (target.mode === 'render') {
          if (column.layout !== 'fixed') throw new Error('a typed column of byte strings');
          return { layout: 'bytes', ...renderColumn(target.type, column) };
        }
        return locate(file, columns[index] ?? '', firstRow, () => this.#openColumn(column, index, target, firstRow));
      }),
    };
  }

  #openColumn(
    column: ColumnData,
    index: number,
    target: DecryptTarget & { mode: 'text' | 'native' },
    firstRow: number,
  ): ColumnData {
    const found = this.#foundIn(index);
    const { failOnFingerprintColumns, isEmptyNull } = this.#setup;
    // The bytes of a binary column may be no text.
    const isChecked = target.type.kind === 'string' && !this.#setup.isUtf8;
    const rules = { isAnyText: !isChecked, isEmptyNull, passesFingerprints: !failOnFingerprintColumns };
    const type = target.mode === 'native' ? target.type : null;
    const whole = column.layout === 'bytes' ? (this.#machine?.open(column, { ...rules, type }) ?? null) : null;
    if (whole !== null) {
      const { sealed, fingerprint, unsealed, firstUnsealed } = whole;
      const first = firstUnsealed === null ? null : firstRow + firstUnsealed;
      addFound(found, { sealed, fingerprint, unsealed, firstUnsealed: first, isMixed: false });
      return whole.column;
    }
    const opened = openCells(this.#keys, column);
    const { kinds, values } = opened;
    let sealed = 0;
    let isAnyOther = false;
    for (const kind of kinds) {
      if (kind === CELL_SEALED) sealed++;
      else if (kind !== CELL_NULL) isAnyOther = true;
    }
    found.sealed += sealed;
    for (let row = 0; isAnyOther && row < kinds.length; row++) {
      const kind = kinds[row];
      if (kind === CELL_SEALED || kind === CELL_NULL) continue;
      if (kind === CELL_CLEARTEXT && isEmptyNull && values.offsets[row] === values.offsets[row + 1]) continue;
      found.unsealed++;
      found.firstUnsealed ??= firstRow + row;
      if (kind !== CELL_FINGERPRINT) continue;
      found.fingerprint++;
      if (failOnFingerprintColumns) {
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
    if (target.mode === 'text') {
      return toText(opened, { ...this.#keys, isChecked }, this.#memory);
    }
    const native = toNative(target.type, opened, this.#keys);
    if (native === null) found.isMixed = true;
    return native ?? column;
  }

  /** The values of a column that holds no cells, and so none that is sealed. */
  #countUnsealed(column: ColumnData, index: number, firstRow: number): void {
    const found = this.#foundIn(index);
    for (let row = 0; row < column.rows; row++) {
      if (!isValid(column.validity, row)) continue;
      found.unsealed++;
      found.firstUnsealed ??= firstRow + row;
    }
  }

  #foundIn(index: number): Opener['found'][number] {
    const found = this.found[index];
    if (found === undefined) throw new Error('a column outside the table');
    return found;
  }
}

/** Where nothing was found yet. */
export function nothingFound(): Opener['found'][number] {
  return { sealed: 0, fingerprint: 0, unsealed: 0, firstUnsealed: null, isMixed: false };
}

/** Adds the cells of later rows to those of a column. */
export function addFound(
  sum: Opener['found'][number],
  { sealed, fingerprint, unsealed, firstUnsealed, isMixed }: FoundCells,
): void {
  sum.sealed += sealed;
  sum.fingerprint += fingerprint;
  sum.unsealed += unsealed;
  sum.firstUnsealed ??= firstUnsealed;
  sum.isMixed ||= isMixed;
}
