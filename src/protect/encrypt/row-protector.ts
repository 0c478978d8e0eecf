import { Arena, countNulls } from '../../bytes/index.ts';
import { type Batch, type ColumnData, copyColumn } from '../../columns/index.ts';
import { createKernel, type KernelName } from '../../crypto/index.ts';
import { createTableMachine, isTableKernel, type TableMachine } from '../machine/machine.ts';
import type { Pads } from './core/plan.ts';
import { type ProtectedBatch, protectRows, type RowProtection } from './core/protect-rows.ts';
import { rowShape, type RowWidths, spreadValues } from './core/row-format.ts';
import { permuted } from './core/shuffle.ts';
import { LineProtector, type ProtectedLines } from './lines/line-protector.ts';

/** What rows are protected with, but for the kernel. */
type ProtectionInput = Omit<RowProtection, 'kernel'>;

/** Some rows of a table, in the format of `row-format.ts`. */
interface RowsToProtect {
  readonly rows: number;
  readonly bytes: Uint8Array;
}

/** Puts rows into a random order and protects them, in one thread. */
interface RowProtector {
  /**
   * Protects rows, some at a time; each batch is valid until the next one is asked for.
   *
   * @param pads the same ones in all calls
   */
  protect(rows: RowsToProtect, pads: Pads): Generator<ProtectedBatch>;
  /** Wipes what the rows have left behind. */
  close(): void;
}

/** Creates the protector of a thread, whose keys the caller wipes. */
export function createRowProtector(kernel: KernelName, input: ProtectionInput): RowProtector {
  return isTableKernel(kernel)
    ? new MachineProtector(createTableMachine(kernel), input)
    : new KernelProtector(kernel, input);
}

/** Protects rows column by column, with any kernel. */
class KernelProtector implements RowProtector {
  readonly #memory = new Arena();
  readonly #protection: RowProtection;

  constructor(kernel: KernelName, input: ProtectionInput) {
    this.#protection = { ...input, kernel: createKernel(kernel, this.#memory) };
  }

  *protect({ rows, bytes }: RowsToProtect, pads: Pads): Generator<ProtectedBatch> {
    const allocate = (): Arena => {
      this.#memory.reset();
      return this.#memory;
    };
    for (const shuffled of permuted(bytes, rows)) yield* protectRows(this.#protection, pads, shuffled.bytes, allocate);
  }

  close(): void {
    this.#memory.wipe();
  }
}

/** Protects rows in the memory of a machine: no step is taken in JavaScript for each row. */
class MachineProtector implements RowProtector {
  readonly #machine: TableMachine;
  readonly #input: ProtectionInput;
  /** The target columns, and those of them that hold fingerprints. */
  readonly #columns: readonly number[];
  readonly #fingerprints: readonly number[];
  #protector: LineProtector | null = null;

  constructor(machine: TableMachine, input: ProtectionInput) {
    this.#machine = machine;
    this.#input = input;
    this.#columns = [...input.tasks.keys()];
    this.#fingerprints = this.#columns.filter((index) => input.tasks[index]?.kind === 'fingerprint');
  }

  *protect({ rows, bytes }: RowsToProtect, pads: Pads): Generator<ProtectedBatch> {
    this.#protector ??= this.#createProtector(pads);
    this.#protector.open(bytes.length, rows, (target) => {
      target.set(bytes);
    });
    for (const made of this.#protector.lines()) yield this.#gather(made);
  }

  close(): void {
    this.#protector?.[Symbol.dispose]();
    this.#machine.wipe();
  }

  #createProtector(pads: Pads): LineProtector {
    const { root, tasks, widths, hasPlaces } = this.#input;
    return new LineProtector(this.#machine, {
      root,
      tasks,
      pads,
      ...rowShape(widths, hasPlaces),
      // Only columns are taken of the lines.
      marks: [new Uint8Array(), new Uint8Array()],
    });
  }

  #gather(made: ProtectedLines): ProtectedBatch {
    const { tasks, widths, hasPlaces } = this.#input;
    const places = hasPlaces ? copyColumn(made.positions()) : null;
    const { rows, columns } = made.columns(this.#columns);
    const batch: Batch = {
      rows,
      columns: columns.map((column, index) => {
        const task = tasks[index];
        return withWidth(column, task?.kind === 'cleartext' ? (widths[task.stored] ?? null) : null);
      }),
    };
    if (places === null) return { batch, fingerprints: null };
    const cells = this.#fingerprints.flatMap((index) => batch.columns[index] ?? []);
    return { batch, fingerprints: { rows, columns: [...cells.map((column) => copyColumn(column)), places] } };
  }
}

/** A gathered column as its type has it: values of a fixed width have room for the nulls among them. */
function withWidth(column: ColumnData, width: RowWidths[number]): ColumnData {
  if (column.layout !== 'bytes') throw new Error('a column that was not gathered');
  const { rows, offsets, bytes } = column;
  const validity = countNulls(column.validity, rows) === 0 ? null : column.validity;
  return width === null
    ? { layout: 'bytes', rows, offsets, bytes, validity }
    : { layout: 'fixed', rows, width, values: spreadValues(bytes, offsets, width, validity), validity };
}
