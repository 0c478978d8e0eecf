import { type CastingContext, CsvError, type Options, parse } from 'csv-parse';
import { parse as parseSync } from 'csv-parse/sync';
import { SealroomError } from '../../errors.ts';
import type { Batch, ColumnData } from '../batch.ts';
import type { ByteSource } from '../byte-source.ts';
import type { CsvFacts } from './scan.ts';

/** Rows per batch. */
const BATCH_ROWS = 2048;
const QUOTE = 0x22;
const SPACE = 0x20;

/** What csv-parse's casting hook makes of a field: its text, and whether it was quoted. */
interface FieldText {
  readonly text: string;
  readonly isQuoted: boolean;
}

/**
 * Reads a CSV file field by field, telling quoted fields from unquoted ones: the exact reader, for files on which the
 * fast one could differ from the reference. Fields come as they stand, unquoted ones trimmed; blank ones are null.
 */
export async function* readExact(
  source: ByteSource,
  facts: CsvFacts,
  columns: readonly number[],
  skipFirst: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<Batch> {
  refuseMixture(source, facts);
  const parser = parse({ ...dialect(facts), cast: (text, context) => fieldText(text, context) });
  const feeding = feed(parser, source, facts, signal);
  let rows: FieldText[][] = [];
  let isFirst = true;
  try {
    for await (const record of parser as AsyncIterable<FieldText[]>) {
      const skipped = (isFirst && skipFirst) || isBlank(record, facts);
      if (!isBlank(record, facts)) isFirst = false;
      if (skipped) continue;
      rows.push(record);
      if (rows.length === BATCH_ROWS) {
        yield toBatch(rows, columns);
        rows = [];
      }
    }
    await feeding;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // The scan has passed the file, so the library sees a malformation that the scan does not know; its text has data.
    throw new SealroomError('DATA_FIELDS', `a field is malformed (${error.code.toLowerCase().replaceAll('_', ' ')})`, {
      where: { file: source.name, line: typeof error['lines'] === 'number' ? error['lines'] : undefined },
    });
  } finally {
    parser.destroy();
  }
  if (rows.length > 0) yield toBatch(rows, columns);
}

/**
 * The fields of the first record of a file.
 *
 * @param record the record's bytes, without its separator
 * @param trim whether unquoted names lose white space at their ends
 */
export function parseFirstRecord(record: Uint8Array, facts: CsvFacts): readonly string[] {
  const input = Buffer.from(escapeBytes(record));
  if (facts.openQuoteLine !== null && facts.records === 1) throw new Error('an open quote in the header');
  const records = parseSync(input, { ...dialect(facts), cast: false }) as string[][];
  const [fields] = records;
  if (fields === undefined) throw new Error('a first record without fields');
  return fields.map((field) => Buffer.from(restoreBytes(field)).toString('utf8'));
}

function dialect(facts: CsvFacts): Options {
  const blanksAroundQuotes = facts.blankAroundQuotesLine !== null;
  return {
    quote: '"',
    escape: '"',
    delimiter: ',',
    record_delimiter: facts.separator === '\n' ? ['\n'] : [facts.separator, '\n'],
    // The scan has counted the fields and says which line is wrong.
    relax_column_count: true,
    relax_quotes: true,
    ltrim: blanksAroundQuotes,
    rtrim: blanksAroundQuotes,
    bom: false,
  };
}

/** The library trims around quotes, or takes text after a closing quote literally, but not both in one file. */
function refuseMixture(source: ByteSource, facts: CsvFacts): void {
  if (facts.blankAroundQuotesLine === null || facts.strayQuoteLine === null) return;
  throw new SealroomError(
    'DATA_FIELDS',
    `line ${String(facts.blankAroundQuotesLine)} has white space around a quoted field and line ` +
      `${String(facts.strayQuoteLine)} a quote in the middle of a field: only one of them can be read in a file`,
    { where: { file: source.name, line: facts.strayQuoteLine }, hint: 'write `"` inside a field as `""` and quote the field' },
  );
}

/** Pushes the file into the parser; a failure of the file ends the parser with it. */
async function feed(
  parser: ReturnType<typeof parse>,
  source: ByteSource,
  facts: CsvFacts,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    let skip = facts.startsWithMark ? 3 : 0;
    for await (const chunk of source.chunks(signal)) {
      const text = chunk.subarray(skip);
      skip = 0;
      if (!parser.write(escapeBytes(text))) await new Promise((resolve) => parser.once('drain', resolve));
    }
    // An open quote runs to the end of the file.
    //= format F-78
    if (facts.openQuoteLine !== null) parser.write(Buffer.of(QUOTE));
    parser.end();
  } catch (error) {
    parser.destroy(error instanceof Error ? error : new Error('reading failed'));
  }
}

// The parser works on text and trims every Unicode space; the format trims only up to U+0020. So each byte over 0x7f goes
// in as the character U+0100 + byte, which is a letter to the parser, and comes out as that byte again.

function escapeBytes(bytes: Uint8Array): Uint8Array {
  let high = 0;
  for (const byte of bytes) if (byte > 0x7f) high++;
  if (high === 0) return bytes.slice();
  const escaped = new Uint8Array(bytes.length + high);
  let to = 0;
  for (const byte of bytes) {
    if (byte <= 0x7f) escaped[to++] = byte;
    else {
      escaped[to++] = 0xc0 | ((0x100 + byte) >> 6);
      escaped[to++] = 0x80 | (byte & 0x3f);
    }
  }
  return escaped;
}

function restoreBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index) & 0xff;
  return bytes;
}

function fieldText(text: string, context: CastingContext): FieldText {
  return { text, isQuoted: context.quoting };
}

/** A line of white space only. */
function isBlank(record: readonly FieldText[], facts: CsvFacts): boolean {
  const [field] = record;
  if (record.length !== 1 || field === undefined || field.isQuoted) return false;
  return facts.fields > 1 || trimEnds(field.text) === '';
}

/** Removes characters up to U+0020 from both ends. */
function trimEnds(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= SPACE) start++;
  while (end > start && text.charCodeAt(end - 1) <= SPACE) end--;
  return text.slice(start, end);
}

function toBatch(records: readonly (readonly FieldText[])[], columns: readonly number[]): Batch {
  return { rows: records.length, columns: columns.map((column) => toColumn(records, column)) };
}

function toColumn(records: readonly (readonly FieldText[])[], column: number): ColumnData {
  const rows = records.length;
  const offsets = new Int32Array(rows + 1);
  const validity = new Uint8Array((rows + 7) >> 3);
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let row = 0; row < rows; row++) {
    const field = records[row]?.[column];
    if (field === undefined) throw new Error('a record with too few fields passed the scan');
    const bytes = restoreBytes(field.isQuoted ? field.text : trimEnds(field.text));
    if (field.isQuoted || bytes.length > 0) validity[row >> 3] = (validity[row >> 3] ?? 0) | (1 << (row & 7));
    parts.push(bytes);
    length += bytes.length;
    offsets[row + 1] = length;
  }
  const bytes = new Uint8Array(length);
  parts.forEach((part, row) => {
    bytes.set(part, offsets[row]);
  });
  return { layout: 'bytes', rows, offsets, bytes, validity };
}
