import type { KernelName } from '../crypto/index.ts';

/** What the summaries of an encryption and of a decryption both say. */
export interface RunSummary {
  readonly rows: number;
  readonly inputBytes: number;
  /** 0 for a dry run and for a stream in Parquet. */
  readonly outputBytes: number;
  readonly elapsedMs: number;
  readonly kernel: KernelName;
  /** How many threads worked. */
  readonly threads: number;
  /** Why a CSV table was not on the fast path; `null` if it was, or if this output, format or kernel never is. */
  readonly slowReason: string | null;
  /** What was found out about how the input is to be read, each with the option that says otherwise. */
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}
