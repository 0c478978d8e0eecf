import { isJumpBetween } from './history.ts';

/** Says whether the clock is right although it is more than a day past the last record. */
export interface ClockWitness {
  /**
   * Is asked before each record.
   *
   * @param previousTime of the record before it; ISO 8601, UTC, or '' if there is none
   */
  readonly vouches: (previousTime: string) => boolean;
}

/** Whether a record may come more than a day after the one before it: always, never, or when a witness vouches for the clock. */
export type ClockJumps = boolean | ClockWitness;

/** What a {@link SteadyClock} is made of. */
export interface SteadyClockParts {
  readonly now: () => Date;
  /** Milliseconds since any instant, which never go back. */
  readonly elapsedMs: () => number;
  /** Whether the clock is right as it is when the witness begins, whatever the last record says. */
  readonly isRight: boolean;
}

interface Reading {
  readonly wallMs: number;
  readonly elapsedMs: number;
}

/** How far the clock may move against the time that passed: 5 minutes, for corrections. */
const TOLERANCE_MS = 5 * 60 * 1000;

/**
 * A witness that lives as long as a process that writes a log. It believes the clock as far as it moved by as much as time has passed,
 * since a moment when it was at most a day past the last record. A machine that was suspended may have a clock that moved by more.
 */
export class SteadyClock implements ClockWitness {
  readonly #parts: SteadyClockParts;
  #known: Reading;

  constructor(parts: SteadyClockParts) {
    this.#parts = parts;
    this.#known = this.#read();
  }

  /** Whether the clock may be believed now. The witness goes on from here if the last record says so by itself. */
  vouches(previousTime: string): boolean {
    //= audit A-12
    const here = this.#read();
    if (!isJumpBetween(previousTime, here.wallMs)) {
      this.#known = here;
      return true;
    }
    const { wallMs, elapsedMs } = this.#known;
    const drift = here.wallMs - wallMs - (here.elapsedMs - elapsedMs);
    return Math.abs(drift) <= TOLERANCE_MS && (this.#parts.isRight || !isJumpBetween(previousTime, wallMs));
  }

  #read(): Reading {
    return { wallMs: this.#parts.now().getTime(), elapsedMs: this.#parts.elapsedMs() };
  }
}
