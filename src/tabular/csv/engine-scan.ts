import type { ByteSource } from '../../files/index.ts';
import { quotePath } from '../../engine/index.ts';
import type { CsvStructure } from './csv-structure.ts';

// The engine reads a file in buffers. Its scanners that work in parallel begin in the middle and can take the inside of a
// quoted field for a record, so one scanner goes through the file. Where it comes to the end of a buffer it still errs with
// quoted fields if the file has a byte order mark, CRLF line ends, or CR in quotes, which it may take for such. So:
// INVARIANT: such a file is one buffer. Random files with tiny buffers, which test/tabular/csv/borders.test.ts makes, show
// no other case; the number of records is checked for every file.

/** The engine's line limit, a quarter of its buffer; longer lines raise it for their file. */
const LINE_BYTES = 1 << 18;
/** Rows of a chunk of the engine. */
const CHUNK_ROWS = 2048;
/** Files up to this length may be one buffer, which is in memory while they are read. */
export const MOST_BUFFER_BYTES = 128 << 20;

/** Why the engine could err at the borders of its buffers, in words, or `null` if it does not. */
export function borderHazard(facts: CsvStructure): string | null {
  if (!facts.hasQuotes) return null;
  if (facts.startsWithMark) return 'quotes and a byte order mark';
  if (facts.separator !== '\n') return 'quotes and CRLF line ends';
  return facts.crInQuotes ? 'CR inside quotes' : null;
}

/** The engine's line limit for a file, in bytes. */
export function lineLimit(source: ByteSource, facts: CsvStructure): number {
  return Math.max(LINE_BYTES, (borderHazard(facts) !== null ? source.bytes : facts.longestRecordBytes) + 2);
}

/**
 * What the engine may take, in MiB. It keeps the buffers that it has read until then, so it is not given more than it
 * needs: some buffers, and some chunks of rows with the texts in them.
 */
export function memoryLimit(source: ByteSource, facts: CsvStructure): number {
  const buffers = lineLimit(source, facts) * 8;
  const chunk = Math.min(CHUNK_ROWS * facts.longestRecordBytes, source.bytes) + CHUNK_ROWS * 16 * facts.fields;
  return 64 + Math.ceil((buffers + chunk * 4) / 2 ** 20);
}

/**
 * The engine's scan of a CSV file as SQL, with columns `c0`, `c1`, ... of text. The first record is a row like the others:
 * told that it holds headers, the engine takes a line break in one for the end of the record if there is a byte order mark.
 *
 * @param lineBytes the line limit, at least that of the longest record and two more
 */
export function scanSql(source: ByteSource, facts: CsvStructure, lineBytes: number): string {
  const types = Array.from({ length: facts.fields }, (_, index) => `c${String(index)}: 'VARCHAR'`).join(', ');
  return (
    `read_csv(${quotePath(source.path ?? '')}, auto_detect=false, columns={${types}}, header=false, ` +
    `delim=',', quote='"', escape='"', strict_mode=true, nullstr='', allow_quoted_nulls=false, compression='none', ` +
    // Told to expect CRLF, the engine finds no row at all; untold, it takes both line ends.
    `hive_partitioning=false, parallel=false, max_line_size=${String(lineBytes)}, buffer_size=${String(lineBytes * 4)})`
  );
}
