import { appendToSpill, readFromSpill, type SharedSpill, SharedSpillFile } from '../../../files/index.ts';

/** Most bytes of rows that are kept in memory. */
const MOST_MEMORY_BYTES = 128 << 20;

/** Shared memory is wiped and copied in units of so many bytes; byte by byte takes several times as long. */
const UNIT_BYTES = 8;

/** What a thread needs to use the store of a table's parts; it can be sent to any of them. */
export interface SharedParts {
  readonly memory: SharedArrayBuffer;
  /** How many bytes of it are used: one number of 32 bits. */
  readonly used: SharedArrayBuffer;
  readonly spill: SharedSpill | null;
}

/** Where the rows of a part are. */
export interface StoredPart {
  readonly rows: number;
  readonly bytes: number;
  /** The places of its pieces, and their lengths in bytes. */
  readonly places: Float64Array;
  readonly lengths: Int32Array;
}

/**
 * The rows of a table while they wait for protection, by parts: in shared memory, or in an encrypted file. A table that memory would not hold
 * spills from its first row on, since what threads need to spill takes as much memory as the rows of a smaller table. One that turns out to
 * be larger than expected has rows in both.
 */
export class PartStore {
  readonly #file: SharedSpillFile | null;
  readonly shared: SharedParts;

  private constructor(memoryBytes: number, file: SharedSpillFile | null) {
    this.#file = file;
    this.shared = {
      memory: new SharedArrayBuffer(memoryBytes),
      used: new SharedArrayBuffer(4),
      spill: file?.shared ?? null,
    };
  }

  /**
   * Opens a store.
   *
   * @param expectedBytes of all rows, roughly
   * @param tempDirectory for what memory does not hold
   * @param mostMemoryBytes the most that it takes, a multiple of {@link UNIT_BYTES}
   * @throws {SealroomError} IO_WRITE if rows may spill and the directory cannot be written.
   */
  static async open(
    expectedBytes: number,
    tempDirectory: string,
    mostMemoryBytes = MOST_MEMORY_BYTES,
  ): Promise<PartStore> {
    const wanted = Math.ceil((expectedBytes * 2) / UNIT_BYTES) * UNIT_BYTES;
    const file = wanted > mostMemoryBytes ? await SharedSpillFile.open(tempDirectory) : null;
    return new PartStore(expectedBytes > mostMemoryBytes ? 0 : Math.min(wanted, mostMemoryBytes), file);
  }

  /** Wipes the rows. No thread may use the store any more. */
  async close(): Promise<void> {
    const { memory, used } = this.shared;
    const bytes = Math.min(memory.byteLength, new Int32Array(used)[0] ?? 0);
    new Float64Array(memory, 0, Math.ceil(bytes / UNIT_BYTES)).fill(0);
    await this.#file?.close();
  }
}

/**
 * Stores pieces, which have a multiple of {@link UNIT_BYTES}, one after another and returns the place of the first, or `null` if there is neither memory nor a file for them.
 *
 * @throws {SealroomError} IO_WRITE if there is no room on disk.
 */
export function storePieces(store: SharedParts, pieces: readonly Uint8Array[]): number | null {
  const start = takeMemory(
    store,
    pieces.reduce((sum, piece) => sum + piece.length, 0),
  );
  if (start === null) {
    return store.spill === null ? null : store.memory.byteLength + appendToSpill(store.spill, pieces);
  }
  const memory = new Uint8Array(store.memory);
  let at = start;
  for (const piece of pieces) {
    memory.set(piece, at);
    at += piece.length;
  }
  return start;
}

/** Takes bytes of the memory of a store. Returns their place, or `null` if there are not so many. */
function takeMemory({ memory, used }: SharedParts, bytes: number): number | null {
  const words = new Int32Array(used);
  for (;;) {
    const start = Atomics.load(words, 0);
    if (start + bytes > memory.byteLength) return null;
    // INVARIANT: what a thread has taken is never given back, so no other thread gets it.
    if (Atomics.compareExchange(words, 0, start, start + bytes) === start) return start;
  }
}

/**
 * Copies the rows of a part into `target`, which has its length.
 *
 * @throws {SealroomError} IO_READ if the file was cut short.
 */
export function loadPart(store: SharedParts, { places, lengths }: StoredPart, target: Uint8Array): void {
  const inMemory = store.memory.byteLength;
  let to = 0;
  for (const [index, place] of places.entries()) {
    const piece = target.subarray(to, to + (lengths[index] ?? 0));
    if (place < inMemory) piece.set(new Uint8Array(store.memory, place, piece.length));
    else if (store.spill !== null) readFromSpill(store.spill, place - inMemory, piece);
    to += piece.length;
  }
}
