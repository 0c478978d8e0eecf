import { SharedTurns } from '../../../workers/index.ts';
import { DECLINE_REASONS, type DeclineReason } from './declined.ts';
import { COUNTS } from './line-opener.ts';

/** Why threads stop, as a number: because one has failed; a higher one says why lines were declined. */
const FAILED = 1;
/** Numbers that whoever has the turn may change, 8 bytes each. */
const START = 0;
const WRITTEN = 1;
const ROWS = 2;
const HEAD_NUMBERS = 3;

/** What a range of a file became. */
export interface DoneRange {
  /** Where its first record begins in the file, and where the next range's has to. */
  readonly start: number;
  readonly end: number;
  readonly rows: number;
  readonly lineBytes: number;
  /** As those of a `LineOpener`. */
  readonly counts: Int32Array;
}

/**
 * The ranges of a file that threads open side by side, and their turns: who has opened a range waits until those before it are done,
 * and takes the place of its lines in the output. It is in shared memory.
 */
export class Turns {
  /** To be handed to other threads, which make their own `Turns` of it. */
  readonly memory: SharedArrayBuffer;
  readonly #turns: SharedTurns;
  readonly #sums: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#turns = new SharedTurns(memory);
    this.#sums = new Float64Array(memory, SharedTurns.BYTES);
  }

  /**
   * @param start where the first record begins in the file
   * @param written bytes that the output has already
   */
  static begin(columns: number, start: number, written: number): Turns {
    const numbers = HEAD_NUMBERS + columns * COUNTS;
    const turns = new Turns(new SharedArrayBuffer(SharedTurns.BYTES + numbers * Float64Array.BYTES_PER_ELEMENT));
    turns.#sums[START] = start;
    turns.#sums[WRITTEN] = written;
    return turns;
  }

  /** Takes the next range, from 0 on. */
  take(): number {
    return this.#turns.take();
  }

  /** Waits for the turn of a range, at most so long. False if it has not come, or if all threads are to stop. */
  wait(range: number, timeoutMs: number): boolean {
    return this.#turns.wait(range, timeoutMs);
  }

  /**
   * Ends the turn of a range. Returns the place for its lines in the output, or `null` if its records do not begin where those of the range
   * before it ended.
   */
  pass({ start, end, rows, lineBytes, counts }: DoneRange): number | null {
    const sums = this.#sums;
    if (sums[START] !== start) return null;
    const place = sums[WRITTEN] ?? 0;
    sums[START] = end;
    sums[WRITTEN] = place + lineBytes;
    sums[ROWS] = (sums[ROWS] ?? 0) + rows;
    for (let index = 0; index < counts.length; index++) {
      sums[HEAD_NUMBERS + index] = (sums[HEAD_NUMBERS + index] ?? 0) + (counts[index] ?? 0);
    }
    this.#turns.pass();
    return place;
  }

  /** Ends the work of all threads, with the reason if lines were declined; the first one counts. */
  stop(reason: DeclineReason | null): void {
    this.#turns.stop(reason === null ? FAILED : FAILED + 1 + DECLINE_REASONS.indexOf(reason));
  }

  get isStopped(): boolean {
    return this.#turns.isStopped;
  }

  /** Why lines were declined, or `null`. */
  get reason(): DeclineReason | null {
    return DECLINE_REASONS[this.#turns.stopReason - FAILED - 1] ?? null;
  }

  /** The number of ranges that are done. */
  get done(): number {
    return this.#turns.turn;
  }

  /** Where the records of the ranges that are done end in the file. */
  get end(): number {
    return this.#sums[START] ?? 0;
  }

  /** Bytes of the output so far. */
  get written(): number {
    return this.#sums[WRITTEN] ?? 0;
  }

  get rows(): number {
    return this.#sums[ROWS] ?? 0;
  }

  /** The counts of all columns, as those of a `LineOpener`. */
  get counts(): Float64Array {
    return this.#sums.slice(HEAD_NUMBERS);
  }
}
