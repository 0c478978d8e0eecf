import { type ByteColumn, countNulls } from '../../bytes/index.ts';
import { type Batch, type ColumnData, widthOf } from '../../columns/index.ts';
import { encodePrefix, type SealingRoot } from '../../crypto/index.ts';
import { OPENED, type TableMachine, UNCHANGED } from '../machine/machine.ts';
import { align, Places } from '../machine/places.ts';
import type { ColumnMachine, ColumnRules, MachineColumn } from './core/opener.ts';

/** A batch with more bytes of cells is left to the kernels, which have a part of a column in memory at a time. */
const MOST_BATCH_BYTES = 16 << 20;

// The numbers of an opening, and its rules; see `assembly/open-column.ts`.
const OPENING_WORDS = 15;
const COUNTS_AT = 11;
const ARE_OTHER_ROWS = 1;
const IS_ANY_TEXT = 2;
const IS_LENIENT = 4;
const CAN_OPEN = 8;
const PASSES_FINGERPRINTS = 16;
const IS_EMPTY_NULL = 32;

/** Most bytes of the metadata of a type. */
const METADATA_BYTES = 16;

/** Opens the columns of batches in the memory of a machine: JavaScript takes a step for each column, and none for each row. */
export class MachineColumns implements ColumnMachine {
  readonly #machine: TableMachine;
  readonly #rules: number;
  readonly #openingAt: number;
  readonly #metadataAt: number;
  readonly #columnsAt: number;
  /** The memory as integers, and what of it is free for the columns of this batch; `null` if they are too large. */
  #words = new Int32Array();
  #places: Places | null = null;
  #areOtherRows = true;

  /**
   * @param machine takes all of its memory from `ioAt` on
   * @param root `null` if no cell can be opened
   */
  constructor(machine: TableMachine, root: SealingRoot | null, lenientCells: boolean) {
    this.#machine = machine;
    this.#rules = (lenientCells ? IS_LENIENT : 0) | (root === null ? 0 : CAN_OPEN);
    const places = new Places(machine);
    this.#metadataAt = places.take(METADATA_BYTES);
    this.#openingAt = places.take(OPENING_WORDS * 4);
    this.#columnsAt = places.end;
    root?.use((bytes) => {
      machine.bytes.set(bytes, machine.keyAt);
    });
    if (root !== null) machine.exports.setRoot();
  }

  begin({ rows, columns }: Batch): void {
    const machine = this.#machine;
    this.#areOtherRows = true;
    let room = 0;
    for (const column of columns) {
      if (column.layout === 'bytes') room += roomOf(rows, bytesOf(column), machine.slackBytes);
    }
    this.#places = null;
    if (rows < 1 || rows > machine.slots || room > MOST_BATCH_BYTES) return;
    // All at once: what was opened of this batch is still in the memory when it would grow.
    machine.reserve(this.#columnsAt + room - machine.ioAt);
    this.#words = new Int32Array(machine.exports.memory.buffer);
    this.#places = new Places(machine, this.#columnsAt);
  }

  open(column: ByteColumn, { type, isAnyText, isEmptyNull, passesFingerprints }: ColumnRules): MachineColumn | null {
    // Decimals are texts, and numbers of any length.
    if (this.#places === null || type?.kind === 'decimal') return null;
    const { bytes, exports } = this.#machine;
    const { rows } = column;
    const prefix = type === null ? new Uint8Array(1) : encodePrefix(type);
    const width = type === null ? 0 : (widthOf(type) ?? 0);
    const at = this.#put(column, width);
    bytes.set(prefix.subarray(1), this.#metadataAt);
    const rules =
      this.#rules |
      (this.#areOtherRows ? ARE_OTHER_ROWS : 0) |
      (isAnyText ? IS_ANY_TEXT : 0) |
      (isEmptyNull ? IS_EMPTY_NULL : 0) |
      (passesFingerprints ? PASSES_FINGERPRINTS : 0);
    this.#words.set(
      [
        ...[rows, at.offsets, at.validity, at.cells, bytesOf(column), rules],
        ...[prefix[0] ?? 0, this.#metadataAt, prefix.length - 1, width, at.values],
      ],
      this.#openingAt >> 2,
    );
    const outcome = exports.openColumn(this.#openingAt);
    // A column without sealed cells leaves the keys as they are.
    if (outcome === OPENED) this.#areOtherRows = false;
    if (outcome !== UNCHANGED && outcome !== OPENED) return null;
    const countsAt = (this.#openingAt >> 2) + COUNTS_AT;
    const [sealed = 0, fingerprint = 0, unsealed = 0, first = -1] = this.#words.subarray(countsAt, countsAt + 4);
    const counts = { sealed, fingerprint, unsealed, firstUnsealed: first < 0 ? null : first };
    if (outcome === UNCHANGED) return { column: { layout: 'bytes', ...column }, ...counts };
    return { column: this.#take(rows, at, type === null ? null : width), ...counts };
  }

  /** Wipes everything: keys, cells and values. */
  wipe(): void {
    this.#machine.wipe();
  }

  /** Copies the cells of a column into the memory. */
  #put(column: ByteColumn, width: number): ColumnPlaces {
    const places = this.#places;
    if (places === null) throw new Error('a column outside of a batch');
    const { bytes: memory } = this.#machine;
    const { rows, offsets, validity } = column;
    const validityBytes = (rows + 7) >> 3;
    const at = {
      offsets: places.take((rows + 1) * 4),
      validity: places.take(validityBytes),
      cells: places.take(bytesOf(column)),
      values: places.take(rows * width),
    };
    const first = offsets[0] ?? 0;
    const target = this.#words.subarray(at.offsets >> 2, (at.offsets >> 2) + rows + 1);
    target.set(offsets.subarray(0, rows + 1));
    if (first !== 0) for (let row = 0; row <= rows; row++) target[row] = (offsets[row] ?? 0) - first;
    if (validity === null) memory.fill(0xff, at.validity, at.validity + validityBytes);
    else memory.set(validity.subarray(0, validityBytes), at.validity);
    memory.set(column.bytes.subarray(first, offsets[rows]), at.cells);
    return at;
  }

  /** The opened column, where it is. */
  #take(rows: number, at: ColumnPlaces, width: number | null): ColumnData {
    const { bytes: memory } = this.#machine;
    const present = memory.subarray(at.validity, at.validity + ((rows + 7) >> 3));
    const validity = countNulls(present, rows) === 0 ? null : present;
    if (width !== null) {
      return { layout: 'fixed', rows, width, values: memory.subarray(at.values, at.values + rows * width), validity };
    }
    const offsets = this.#words.subarray(at.offsets >> 2, (at.offsets >> 2) + rows + 1);
    const bytes = memory.subarray(at.cells, at.cells + (offsets[rows] ?? 0));
    return { layout: 'bytes', rows, offsets, bytes, validity };
  }
}

/** Where a column is in the memory of a machine. */
interface ColumnPlaces {
  readonly offsets: number;
  readonly validity: number;
  readonly cells: number;
  readonly values: number;
}

function bytesOf({ rows, offsets }: ByteColumn): number {
  return (offsets[rows] ?? 0) - (offsets[0] ?? 0);
}

/** Most bytes that the places of a column take. */
function roomOf(rows: number, bytes: number, slackBytes: number): number {
  const widest = 8;
  return [(rows + 1) * 4, (rows + 7) >> 3, bytes, rows * widest].reduce(
    (sum, size) => sum + align(size + slackBytes),
    0,
  );
}
