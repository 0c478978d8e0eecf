import { loadavg } from 'node:os';

/** The mean number of processes that wanted to run in the last minute. */
export function describeLoad(): string {
  return (loadavg()[0] ?? Number.NaN).toFixed(1);
}
