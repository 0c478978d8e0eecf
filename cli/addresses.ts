import { requireLocalPath } from '../src/files/index.ts';

/** Arguments whose values are no paths: queries, keys, texts of a table, names at AWS; and rooms, which commands look at. All others may be. */
const NO_PATHS: ReadonlySet<string> = new Set([
  'sql',
  'param',
  'key',
  'to',
  'csv-input-null-value',
  'csv-output-null-value',
  'bucket',
  'prefix',
  'room',
  'origin',
]);

/**
 * Refuses the address of another store in the place of a path, for every argument that may be one.
 *
 * @param args by the names of options and positional arguments
 * @throws {SealroomError} IO_ADDRESS
 */
export function requireNoAddresses(args: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(args)) {
    if (NO_PATHS.has(name)) continue;
    for (const text of [value].flat()) if (typeof text === 'string') requireLocalPath(text);
  }
}
