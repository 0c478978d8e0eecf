import { availableParallelism } from 'node:os';
import { SealroomError } from '../errors/index.ts';

const MAX_THREADS = 256;

/** A table with fewer rows is done before a worker has started. */
const MIN_ROWS_FOR_WORKERS = 20_000;

/**
 * The number of threads for a table: as requested, otherwise one for a small table and one per core for others.
 *
 * @param asked 1 to 256, or undefined for the default
 * @param rows number of rows of the table, or null if unknown
 * @throws {SealroomError} USAGE_OPTION if `asked` is not such a number.
 */
export function threadsFor(asked: number | undefined, rows: number | null): number {
  if (asked === undefined) {
    return rows !== null && rows < MIN_ROWS_FOR_WORKERS ? 1 : Math.min(availableParallelism(), MAX_THREADS);
  }
  if (!Number.isInteger(asked) || asked < 1 || asked > MAX_THREADS) {
    throw new SealroomError(
      'USAGE_OPTION',
      `\`--threads\` must be a whole number from 1 to ${MAX_THREADS}, got ${asked}`,
    );
  }
  return asked;
}
