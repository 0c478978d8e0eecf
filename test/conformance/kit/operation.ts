import type { Kernel } from 'sealroom/crypto';
import type { DifferenceName } from './differences.ts';
import type { Members } from './json.ts';

/** What the difference rules say of a case before it is run. */
export interface Expectation {
  readonly difference: DifferenceName | null;
  /** `null`: C3R's own outcome, whichever it was. */
  readonly isRefused: boolean | null;
  /** What must come out, where it is not the `result` of the case; `null` where anything may. */
  readonly result?: string | null | undefined;
}

/** What C3R did is expected. */
export const AS_C3R: Expectation = { difference: null, isRefused: null };

/** One operation of reject.json. */
export interface Operation {
  readonly usesKernels: boolean;
  expectation(vector: Members, isAccepted: boolean): Expectation;
  /** Does it, and returns the outcome in the words of the vectors. */
  perform(vector: Members, kernel: Kernel): string | null | Promise<string | null>;
  /** Whether another outcome is as good as the expected one. */
  isEqual?(vector: Members, kernel: Kernel, got: string | null, expected: string | null): boolean;
}
