import { type ByteColumn, concatBytes, encodeI32 } from '../../../bytes/index.ts';
import type { Batch, ColumnData } from '../../../columns/index.ts';
import { NONCE_BYTES, NonceMasks, type SealingRoot, type SealTask } from '../../../crypto/index.ts';
import { fillRandom } from '../../../platform/index.ts';
import type { TableMachine } from '../../machine/machine.ts';
import { align } from '../../machine/places.ts';
import { PLACE_BYTES } from '../core/duplicates.ts';
import type { ColumnTask } from '../core/protect-batch.ts';
import { type LinePlanInput, writePlan, type WrittenPlan } from './line-plan.ts';

/** Most bytes of lines that are made at a time, if a line is not longer: so they stay near the processor until they are written. */
const BATCH_BYTES = 1 << 20;
/** Random numbers of 32 bits that are drawn at a time. */
const RANDOMS = 1 << 14;
/** Bytes of an offset, a place or a random number. */
const WORD_BYTES = 4;
/** The words of a plan that say what was measured. */
const LINE_BYTES_WORD = 9;
const FILLERS_WORD = 10;

/** Consecutive rows of a part, in their new order, and what their lines take. */
interface RowRun {
  readonly first: number;
  readonly rows: number;
  readonly lineBytes: number;
  readonly fillers: number;
}

/** A part whose rows have their order and whose lines are measured. */
export interface OpenPart {
  readonly rows: number;
  /** Bytes of all its lines. */
  readonly lineBytes: number;
}

/** The lines of some rows, until the next lines are made. Each view of the machine's memory is valid until the next one is asked for. */
export interface ProtectedLines {
  readonly rows: number;
  bytes(): Uint8Array;
  /** These target columns as they are in the lines. */
  columns(indexes: readonly number[]): Batch;
  /** The positions of the rows in the source table, where they are kept. */
  positions(): ColumnData;
}

/** The input of a {@link LineProtector}. */
export interface LineProtectorInput extends Omit<LinePlanInput, 'useRoot'> {
  readonly root: SealingRoot;
  readonly tasks: readonly ColumnTask[];
}

/** Protects the parts of a table in the memory of a machine: rows in, lines of a CSV file out. */
export class LineProtector implements Disposable {
  readonly #machine: TableMachine;
  readonly #plan: WrittenPlan;
  readonly #masks: NonceMasks | null;
  /** The stored column of each sealed one, of which the masks know the header and the pad. */
  readonly #sealedFrom: Uint8Array;
  readonly #columns: number;
  readonly #randomAt: number;
  readonly #maskAt: number;
  readonly #rowsAt: number;
  #placesAt = 0;
  #runs: readonly RowRun[] = [];

  /** Takes all of the machine's memory from `ioAt` on. The caller wipes it when the protector is done with. */
  constructor(machine: TableMachine, input: LineProtectorInput) {
    const { root, tasks, pads } = input;
    this.#machine = machine;
    this.#columns = tasks.length;
    this.#plan = writePlan(machine, align(machine.ioAt), { ...input, useRoot: (borrow) => root.use(borrow) });
    this.#maskAt = this.#plan.end;
    this.#randomAt = this.#maskAt + NONCE_BYTES;
    this.#rowsAt = this.#randomAt + RANDOMS * WORD_BYTES;
    const sealed = tasks.flatMap((column, index): SealTask[] =>
      column.kind === 'sealed' ? [{ ...column.task, padTargetBytes: pads[index] ?? null }] : [],
    );
    this.#sealedFrom = concatBytes(tasks.flatMap(({ kind, stored }) => (kind === 'sealed' ? [encodeI32(stored)] : [])));
    this.#masks = sealed.length === 0 ? null : new NonceMasks(root, sealed);
  }

  /** Wipes the key of the nonces. */
  [Symbol.dispose](): void {
    this.#masks?.[Symbol.dispose]();
  }

  /**
   * Takes a part: puts its rows into a random order, and measures their lines.
   *
   * @param bytes of the part
   * @param rows of the part
   * @param load writes the part to a buffer of so many bytes
   */
  open(bytes: number, rows: number, load: (target: Uint8Array) => void): OpenPart {
    const machine = this.#machine;
    const { exports } = machine;
    this.#placesAt = align(this.#rowsAt + bytes + machine.slackBytes);
    machine.reserve(this.#placesAt + rows * WORD_BYTES - machine.ioAt);
    load(machine.bytes.subarray(this.#rowsAt, this.#rowsAt + bytes));
    if (exports.findRows(this.#rowsAt, bytes, this.#placesAt) !== rows) throw new Error('a part with other rows');
    const randoms = new Uint32Array(machine.exports.memory.buffer, this.#randomAt, RANDOMS);
    for (let left = rows; left > 1;) {
      left = exports.shuffleRows(
        this.#placesAt,
        left,
        this.#randomAt,
        fillRandom(randoms.subarray(0, 2 * left)).length,
      );
    }
    this.#runs = this.#measure(rows);
    //= format F-93
    const mask = this.#masks?.of([
      this.#sealedFrom,
      machine.bytes.subarray(this.#rowsAt, this.#rowsAt + bytes),
      machine.bytes.subarray(this.#placesAt, this.#placesAt + rows * WORD_BYTES),
    ]);
    if (mask !== undefined) machine.bytes.set(mask, this.#maskAt);
    return { rows, lineBytes: this.#runs.reduce((sum, { lineBytes }) => sum + lineBytes, 0) };
  }

  #measure(rows: number): readonly RowRun[] {
    const { exports } = this.#machine;
    const words = new Int32Array(exports.memory.buffer, this.#plan.at);
    const runs: RowRun[] = [];
    for (let first = 0; first < rows;) {
      const most = Math.min(this.#machine.slots, rows - first);
      const count = exports.measureLines(this.#plan.at, this.#placesAt + first * WORD_BYTES, most, BATCH_BYTES);
      const lineBytes = words[LINE_BYTES_WORD] ?? 0;
      runs.push({ first, rows: count, lineBytes, fillers: words[FILLERS_WORD] ?? 0 });
      first += count;
    }
    return runs;
  }

  /** Makes the lines of the part that was opened last. */
  *lines(): Generator<ProtectedLines> {
    for (const run of this.#runs) yield this.#protect(run);
  }

  #protect({ first, rows, lineBytes, fillers }: RowRun): ProtectedLines {
    const machine = this.#machine;
    const { exports, slackBytes } = machine;
    const placesAt = this.#placesAt + first * WORD_BYTES;
    const partRows = this.#runs.reduce((sum, run) => sum + run.rows, 0);
    const notesAt = align(this.#placesAt + partRows * WORD_BYTES);
    const fillersAt = align(notesAt + rows * this.#columns * exports.noteBytes.value);
    const fillersBytes = fillers * exports.fillerBytes.value;
    const linesAt = align(fillersAt + fillersBytes + slackBytes);
    machine.reserve(linesAt + lineBytes - machine.ioAt);
    //= format F-28
    if (fillersBytes > 0) fillRandom(new Uint8Array(exports.memory.buffer, fillersAt, fillersBytes));
    if (this.#masks !== null) {
      fillRandom(new Uint8Array(exports.memory.buffer, machine.rowNoncesAt, rows * NONCE_BYTES));
      exports.maskNonces(this.#maskAt, rows, first);
    }
    exports.protectLines(this.#plan.at, placesAt, rows, notesAt, fillersAt, linesAt, lineBytes);
    const gatheredAt = align(linesAt + lineBytes + slackBytes);
    return {
      rows,
      bytes: () => machine.bytes.subarray(linesAt, linesAt + lineBytes),
      columns: (indexes) => this.#gather(indexes, { rows, notesAt, gatheredAt, mostBytes: lineBytes }),
      positions: () => {
        machine.reserve(gatheredAt + rows * PLACE_BYTES - machine.ioAt);
        exports.gatherPositions(placesAt, rows, gatheredAt);
        const values = machine.bytes.subarray(gatheredAt, gatheredAt + rows * PLACE_BYTES);
        return { layout: 'fixed', rows, width: PLACE_BYTES, values, validity: null };
      },
    };
  }

  #gather(
    indexes: readonly number[],
    place: { readonly rows: number; readonly notesAt: number; readonly gatheredAt: number; readonly mostBytes: number },
  ): Batch {
    const machine = this.#machine;
    const { rows, notesAt, gatheredAt, mostBytes } = place;
    const offsetsBytes = align((rows + 1) * WORD_BYTES);
    const validityBytes = (rows + 7) >> 3;
    const headBytes = offsetsBytes + align(validityBytes);
    let bytesAt = gatheredAt + indexes.length * headBytes;
    const end = bytesAt + mostBytes;
    machine.reserve(end - machine.ioAt);
    const columns = indexes.map((index, order): ByteColumn => {
      const offsetsAt = gatheredAt + order * headBytes;
      const validityAt = offsetsAt + offsetsBytes;
      const gathered = [offsetsAt, validityAt, bytesAt, end - bytesAt] as const;
      const bytes = machine.exports.gatherColumn(this.#plan.at, index, rows, notesAt, ...gathered);
      const start = bytesAt;
      bytesAt += bytes;
      return {
        rows,
        offsets: new Int32Array(machine.bytes.buffer, offsetsAt, rows + 1),
        bytes: machine.bytes.subarray(start, start + bytes),
        validity: machine.bytes.subarray(validityAt, validityAt + validityBytes),
      };
    });
    return { rows, columns: columns.map((column) => ({ layout: 'bytes', ...column })) };
  }
}
