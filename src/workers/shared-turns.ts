/** Words of the shared memory: the next number to be taken, the one whose turn it is, and why all threads are to stop. */
const NEXT = 0;
const TURN = 1;
const STOPPED = 2;

/**
 * Gives numbered pieces of work to threads, from 0 on, and lets them end in the order of their numbers, whichever thread is ahead. Each
 * thread has an object of its own over the same memory.
 */
export class SharedTurns {
  /** What the threads share. It is a multiple of eight. */
  static readonly BYTES = 16;
  readonly #words: Int32Array;

  /** @param memory whose first {@link BYTES} are zeros at first */
  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, SharedTurns.BYTES / Int32Array.BYTES_PER_ELEMENT);
  }

  /** The next number that no thread has taken. A thread that takes one passes its turn soon, or stops all. */
  take(): number {
    return Atomics.add(this.#words, NEXT, 1);
  }

  /** The number whose turn it is; as many have passed. */
  get turn(): number {
    return Atomics.load(this.#words, TURN);
  }

  /** Waits for the turn of a number, at most so long. False if it has not come, or if all threads are to stop. */
  wait(number: number, timeoutMs: number): boolean {
    const before = this.turn;
    if (before !== number && !this.isStopped) Atomics.wait(this.#words, TURN, before, timeoutMs);
    return !this.isStopped && this.turn === number;
  }

  /** Passes the turn on. What the thread wrote before is seen by the next one. */
  pass(): void {
    Atomics.add(this.#words, TURN, 1);
    Atomics.notify(this.#words, TURN);
  }

  /** Tells all threads to stop. @param reason a number of the caller, not 0; the first one counts */
  stop(reason: number): void {
    Atomics.compareExchange(this.#words, STOPPED, 0, reason);
    Atomics.notify(this.#words, TURN);
  }

  get isStopped(): boolean {
    return this.stopReason !== 0;
  }

  /** Why all threads are to stop; 0 if they are not. */
  get stopReason(): number {
    return Atomics.load(this.#words, STOPPED);
  }
}
