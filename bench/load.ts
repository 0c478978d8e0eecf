import { loadavg } from 'node:os';

/** What else the machine does, for a line of figures: `load 2`. */
export function describeLoad(): string {
  return `load ${(loadavg()[0] ?? Number.NaN).toFixed(0)}`;
}
