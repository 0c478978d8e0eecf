import type { ManifestTable } from '../../collab/index.ts';

/** A clock by which answers are released. */
export interface ReleaseClock {
  /** Milliseconds since any instant; they never go back. */
  readonly elapsedMs: () => number;
  /** Resolves after so many milliseconds, or when the signal fires. */
  readonly wait: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** The clock of the system. */
export const SYSTEM_CLOCK: ReleaseClock = {
  elapsedMs: () => performance.now(),
  wait: (ms, signal) =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal?.addEventListener('abort', end);
      if (signal?.aborted === true) end();
    }),
};

/** The distance of the instants at which an attempt can end, in ms. */
const GRID_MS = 1000;

/** Whether a rule hides single persons; list rules, and custom rules without constraints, show rows anyway. */
function hidesPersons({ rule }: ManifestTable): boolean {
  if (rule?.kind === 'aggregation') return true;
  if (rule?.kind !== 'custom') return false;
  return (
    rule.outputConstraints.length > 0 || Object.values(rule.comparisonControls).some((columns) => columns !== null)
  );
}

/**
 * The instants at which an attempt may end: whole seconds since it began. What happens between two of them, which may depend on
 * the rows of single persons, cannot be told from when the answer comes.
 */
export class ReleaseGrid {
  readonly #clock: ReleaseClock;
  readonly #startedAt: number;
  readonly #signal: AbortSignal | undefined;

  /** Begins now. @param signal ends waiting at once */
  constructor(clock: ReleaseClock, signal: AbortSignal | undefined) {
    this.#clock = clock;
    this.#startedAt = clock.elapsedMs();
    this.#signal = signal;
  }

  /** Waits for the next instant if one of the tables that were read hides single persons. */
  async reach(tables: readonly ManifestTable[]): Promise<void> {
    if (!tables.some(hidesPersons)) return;
    const elapsed = this.#clock.elapsedMs() - this.#startedAt;
    await this.#clock.wait(Math.ceil(elapsed / GRID_MS) * GRID_MS - elapsed, this.#signal);
  }
}
