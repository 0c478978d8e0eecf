import { type Batch, copyColumn } from '../../../columns/index.ts';
import { writeAt, writeFailure } from '../../../files/index.ts';
import { RowHasher } from '../../../signed-tables/index.ts';
import { csvNullMarks } from '../../../tabular/index.ts';
import type { TableMachine } from '../../machine/machine.ts';
import type { Pads } from '../core/plan.ts';
import { rowShape } from '../core/row-format.ts';
import type { EncryptWorkerSetup } from '../worker-setup.ts';
import { takeKeys, type WorkerKeys } from '../worker-keys.ts';
import { LineProtector, type ProtectedLines } from './line-protector.ts';
import { loadPart, type SharedParts, type StoredPart } from './part-store.ts';
import type { PartTurns } from './part-turns.ts';

/** How long a thread waits at once for the turn of its part, in ms. */
const WAIT_MS = 50;

/** What a thread needs to protect the parts of a table, once all rows are dealt. It can be sent to any of them. */
export interface ProtectSetup {
  readonly store: SharedParts;
  readonly parts: readonly StoredPart[];
  readonly pads: Pads;
  /** The memory of the threads' `PartTurns`. */
  readonly turns: SharedArrayBuffer;
  /** The file that lines are written to, and what errors call it; `null` for a dry run. */
  readonly file: { readonly descriptor: number; readonly name: string } | null;
}

/** What was made of the rows of a part, beside its lines. */
export interface ProtectedPart {
  readonly rows: number;
  readonly lineBytes: number;
  /** If duplicates are looked for: the fingerprint columns in order, then the rows' positions; in buffers of their own. */
  readonly fingerprints: readonly Batch[];
  /** If the table is signed: the hashes of the rows, 32 bytes each, in several buffers. */
  readonly hashes: readonly Uint8Array<ArrayBuffer>[];
}

/** Protects parts of a table in one thread. It takes all of the machine's memory from `ioAt` on. */
export class PartProtector {
  readonly #protector: LineProtector;
  readonly #keys: WorkerKeys;
  readonly #store: SharedParts;
  readonly #parts: readonly StoredPart[];
  readonly #hasher: RowHasher | null;
  /** All target columns, and those of fingerprints if duplicates are looked for. */
  readonly #columns: readonly number[];
  readonly #checked: readonly number[] | null;

  constructor(machine: TableMachine, setup: EncryptWorkerSetup, { store, parts, pads }: ProtectSetup) {
    const keys = takeKeys(setup);
    const { root, tasks } = keys;
    const { hasPlaces, signed, widths, csv } = setup;
    this.#keys = keys;
    this.#store = store;
    this.#parts = parts;
    this.#hasher = signed === null ? null : new RowHasher(signed.columns, signed.fields);
    this.#columns = [...tasks.keys()];
    this.#checked = hasPlaces ? this.#columns.filter((index) => tasks[index]?.kind === 'fingerprint') : null;
    this.#protector = new LineProtector(machine, {
      root,
      tasks,
      pads,
      ...rowShape(widths, hasPlaces),
      marks: csvNullMarks(csv?.nullText, tasks.length),
    });
  }

  /** Wipes the keys. The machine's memory is wiped by its owner. */
  close(): void {
    this.#protector[Symbol.dispose]();
    this.#keys[Symbol.dispose]();
  }

  /** Takes a part and puts its rows into their order. Returns the bytes of its lines. */
  open(part: number): number {
    const stored = this.#parts[part];
    if (stored === undefined) throw new Error('a part that there is not');
    return this.#protector.open(stored.bytes, stored.rows, (target) => {
      loadPart(this.#store, stored, target);
    }).lineBytes;
  }

  /** Makes the lines of the part that was opened last, some at a time, and returns what else was made of it. */
  *lines(): Generator<Uint8Array, ProtectedPart> {
    const fingerprints: Batch[] = [];
    const hashes: Uint8Array<ArrayBuffer>[] = [];
    let rows = 0;
    let lineBytes = 0;
    for (const made of this.#protector.lines()) {
      if (this.#checked !== null) fingerprints.push(fingerprintsOf(made, this.#checked));
      if (this.#hasher !== null) hashes.push(this.#hasher.hash(made.columns(this.#columns)));
      const bytes = made.bytes();
      rows += made.rows;
      lineBytes += bytes.length;
      yield bytes;
    }
    return { rows, lineBytes, fingerprints, hashes };
  }
}

function fingerprintsOf(made: ProtectedLines, columns: readonly number[]): Batch {
  const cells = made.columns(columns).columns.map((column) => copyColumn(column));
  return { rows: made.rows, columns: [...cells, copyColumn(made.positions())] };
}

/**
 * Protects the next part that no thread has taken, and writes its lines to their place in the file, some at a time.
 *
 * @returns `null` if no part is left, or all threads are to stop
 * @throws {SealroomError} IO_WRITE.
 */
export function* protectNext(
  protector: PartProtector,
  turns: PartTurns,
  { parts, file }: ProtectSetup,
): Generator<void, ProtectedPart | null> {
  const part = turns.isStopped ? parts.length : turns.takePart();
  if (part >= parts.length) return null;
  const bytes = protector.open(part);
  let place = turns.claim(part, bytes, WAIT_MS);
  while (place === null) {
    if (turns.isStopped) return null;
    yield;
    place = turns.claim(part, bytes, WAIT_MS);
  }
  const lines = protector.lines();
  for (;;) {
    const next = lines.next();
    if (next.done === true) return next.value;
    if (turns.isStopped) return null;
    if (file !== null) writeLines(file, next.value, place);
    place += next.value.length;
    yield;
  }
}

/** Writes lines to their place in the file. */
function writeLines({ descriptor, name }: NonNullable<ProtectSetup['file']>, lines: Uint8Array, place: number): void {
  try {
    writeAt(descriptor, lines, place);
  } catch (error) {
    throw writeFailure(error, name);
  }
}
