import { SharedTurns } from '../../../workers/index.ts';

/** Why threads stop; there is one reason only. */
const STOPPED = 1;

/**
 * Gives parts to threads, and gives their lines places in a file: in the order of the parts, whichever thread is ahead. All
 * threads of a table share one memory.
 */
export class PartTurns {
  readonly memory: SharedArrayBuffer;
  readonly #turns: SharedTurns;
  /** Where what was claimed ends in the file, in bytes. */
  readonly #end: Float64Array;

  /** @param memory of another thread's turns; default: new ones */
  constructor(memory = new SharedArrayBuffer(SharedTurns.BYTES + Float64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#turns = new SharedTurns(memory);
    this.#end = new Float64Array(memory, SharedTurns.BYTES, 1);
  }

  /** PartTurns whose first place is at `start`. */
  static from(start: number): PartTurns {
    const turns = new PartTurns();
    turns.#end[0] = start;
    return turns;
  }

  /** The next part that no thread has taken. A thread that takes one claims its place soon, or stops all. */
  takePart(): number {
    return this.#turns.take();
  }

  get isStopped(): boolean {
    return this.#turns.isStopped;
  }

  /** Tells all threads to stop: nobody claims any more. */
  stop(): void {
    this.#turns.stop(STOPPED);
  }

  /**
   * Claims the place for the lines of a part, if it is its turn.
   *
   * @param waitMs how long to wait for that
   * @returns the place; `null` if it is not the part's turn, or all threads are to stop
   */
  claim(part: number, bytes: number, waitMs: number): number | null {
    if (!this.#turns.wait(part, waitMs)) return null;
    const place = this.#end[0] ?? 0;
    this.#end[0] = place + bytes;
    this.#turns.pass();
    return place;
  }
}
