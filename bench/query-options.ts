import { parseArgs } from 'node:util';
import { BenchError } from './process.ts';

/** What `npm run bench:query` prints. */
export const QUERY_USAGE = `npm run bench:query -- [options]

How long a query is checked, how long it runs, and how long a room is loaded.

  --rounds N   how often each query of the adversarial file is checked (50)
  --rows N     rows of each of the two tables that are loaded and joined (1000000)
  --repeat N   how often a query runs; the medians are printed (9)
  --help`;

/** What is measured, and how often. */
export interface QueryBenchOptions {
  readonly rounds: number;
  readonly rows: number;
  readonly repeat: number;
}

/**
 * The options of the command line, or `null` for its help.
 *
 * @throws {BenchError} for options that it does not have.
 */
export function parseQueryOptions(argv: readonly string[]): QueryBenchOptions | null {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { rounds: text, rows: text, repeat: text, help: { type: 'boolean' } },
    });
    if (values.help === true) return null;
    const { rounds = '50', rows = '1000000', repeat = '9' } = values;
    return { rounds: count('rounds', rounds), rows: count('rows', rows), repeat: count('repeat', repeat) };
  } catch (error) {
    if (error instanceof BenchError) throw error;
    throw new BenchError(error instanceof Error ? error.message : 'expected other options', 2);
  }
}

function count(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new BenchError(`\`--${name}\` expected a whole number from 1, got \`${text}\``, 2);
}
