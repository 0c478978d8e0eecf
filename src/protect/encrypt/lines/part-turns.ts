/** Words of the shared memory: the next part to be taken, the part whose turn it is, and whether all threads are to stop. */
const NEXT = 0;
const TURN = 1;
const STOPPED = 2;
/** Where the end of what was claimed is, in bytes: a number of 64 bits. */
const END_AT = 16;
const MEMORY_BYTES = 24;

/**
 * Deals parts to threads, and gives their lines places in a file: in the order of the parts, whichever thread is ahead. All
 * threads of a table share one memory.
 */
export class PartTurns {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #end: Float64Array;

  /** @param memory of another thread's turns; default: new ones */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(MEMORY_BYTES)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
    this.#end = new Float64Array(memory, END_AT, 1);
  }

  /** PartTurns whose first place is at `start`. */
  static from(start: number): PartTurns {
    const turns = new PartTurns();
    turns.#end[0] = start;
    return turns;
  }

  /** The next part that no thread has taken. A thread that takes one claims its place soon, or stops all. */
  takePart(): number {
    return Atomics.add(this.#words, NEXT, 1);
  }

  get isStopped(): boolean {
    return Atomics.load(this.#words, STOPPED) === 1;
  }

  /** Tells all threads to stop: nobody claims any more. */
  stop(): void {
    Atomics.store(this.#words, STOPPED, 1);
    Atomics.notify(this.#words, TURN);
  }

  /**
   * Claims the place for the lines of a part, if it is its turn.
   *
   * @param waitMs how long to wait for that
   * @returns the place; `null` if it is not the part's turn, or all threads are to stop
   */
  claim(part: number, bytes: number, waitMs: number): number | null {
    const before = Atomics.load(this.#words, TURN);
    if (before !== part && !this.isStopped) Atomics.wait(this.#words, TURN, before, waitMs);
    if (this.isStopped || Atomics.load(this.#words, TURN) !== part) return null;
    const place = this.#end[0] ?? 0;
    this.#end[0] = place + bytes;
    Atomics.store(this.#words, TURN, part + 1);
    Atomics.notify(this.#words, TURN);
    return place;
  }
}
