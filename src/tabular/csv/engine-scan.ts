import type { ByteSource } from '../../files/index.ts';
import { quotePath, quoteText } from '../../engine/index.ts';
import type { CsvStructure } from './csv-structure.ts';

// The engine reads a file in buffers. Its parallel scanners start in the middle and can mistake the inside of a quoted field
// for a record, so a single scanner reads the file. At the end of a buffer, even that one misreads quoted fields if the file
// has a byte order mark, CRLF line ends, or a CR in quotes, which it may mistake for one. So:
// INVARIANT: such a file is one buffer. The random files with tiny buffers of test/tabular/csv/borders.test.ts show no other
// case; the number of records is checked for every file.

/** The engine's line limit in bytes, a quarter of its buffer; raised for a file with longer lines. */
const LINE_BYTES = 1 << 18;
/** Rows in a chunk of the engine. */
const CHUNK_ROWS = 2048;
/** The longest record for the engine, in bytes: its buffers are several times as long. */
export const MOST_RECORD_BYTES = 4 << 20;
/** Most bytes of the records of a chunk, which the engine has in memory at once. */
export const MOST_CHUNK_BYTES = 128 << 20;
/** Files up to this length, in bytes, can be read as one buffer, which is in memory meanwhile. */
export const MOST_BUFFER_BYTES = 128 << 20;

/** Why the engine could misread the file at the borders of its buffers, in words, or `null` if it does not. */
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
 * The engine's memory limit in MiB. The engine keeps buffers that it has read until it reaches the limit, so it gets no more
 * than it needs: some buffers, and some chunks of rows with their texts.
 */
export function memoryLimit(source: ByteSource, facts: CsvStructure): number {
  const buffers = lineLimit(source, facts) * 8;
  const chunk = Math.min(CHUNK_ROWS * facts.longestRecordBytes, source.bytes) + CHUNK_ROWS * 16 * facts.fields;
  return 64 + Math.ceil((buffers + chunk * 4) / 2 ** 20);
}

/**
 * The SQL of the engine's scan of a CSV file, with text columns `c0`, `c1`, .... The first record is a row like the others:
 * when told that it holds headers, the engine ends it at a line break inside a header if there is a byte order mark.
 *
 * @param lineBytes the line limit: at least the length of the longest record plus two
 */
export function scanSql(source: ByteSource, facts: CsvStructure, lineBytes: number): string {
  const types = Array.from({ length: facts.fields }, (_, index) => `c${String(index)}: 'VARCHAR'`).join(', ');
  return (
    `read_csv(${quotePath(source.path ?? '')}, auto_detect=false, columns={${types}}, header=false, ` +
    `delim=${quoteText(String.fromCharCode(facts.delimiter))}, quote='"', escape='"', strict_mode=true, nullstr='', allow_quoted_nulls=false, compression='${source.compression ?? 'none'}', ` +
    // When told to expect CRLF, the engine finds no row at all; otherwise, it accepts both line ends.
    `hive_partitioning=false, parallel=false, max_line_size=${String(lineBytes)}, buffer_size=${String(lineBytes * 4)})`
  );
}
