import { byteColumnOf, decodeUtf8 } from '../../bytes/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { type Batch, BATCH_BYTES } from '../../columns/index.ts';
import type { ByteSource } from '../../files/index.ts';
import type { CsvStructure } from './csv-structure.ts';
import { type CsvField, CsvRecordParser } from './record-parser.ts';

/** Rows per batch. */
const BATCH_ROWS = 2048;

/** What a field takes in memory beside its bytes. */
const FIELD_BYTES = 128;

/**
 * Reads a CSV file field by field, and distinguishes quoted fields from unquoted ones: the exact reader, for files on which
 * the fast one could differ from the reference. Fields are returned as they are, unquoted ones trimmed; blank ones are null.
 *
 * @throws {SealroomError} DATA_FIELDS if the file has changed since it was scanned; IO_READ.
 */
export async function* readExact(
  source: ByteSource,
  facts: CsvStructure,
  columns: readonly number[],
  skipFirst: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<Batch> {
  let rows: (readonly CsvField[])[] = [];
  let bytes = 0;
  let isFirst = skipFirst;
  for await (const record of readRecords(source, facts, true, signal)) {
    if (record.length !== facts.fields) throw changed(source, facts);
    if (!isFirst) {
      rows.push(record);
      for (const field of record) bytes += FIELD_BYTES + (field?.length ?? 0);
    }
    isFirst = false;
    if (rows.length < BATCH_ROWS && bytes < BATCH_BYTES * 2) continue;
    yield toBatch(rows, columns);
    rows = [];
    bytes = 0;
  }
  if (rows.length > 0) yield toBatch(rows, columns);
}

/** Bytes that are parsed at once. */
const PIECE_BYTES = 1 << 16;

async function* readRecords(
  source: ByteSource,
  facts: CsvStructure,
  trims: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly CsvField[]> {
  const parser = new CsvRecordParser(facts, trims);
  let skip = facts.start;
  let count = 0;
  for await (const chunk of source.chunks(signal)) {
    for (let at = skip; at < chunk.length; at += PIECE_BYTES) {
      const records = parser.push(chunk.subarray(at, at + PIECE_BYTES));
      count += records.length;
      yield* records;
    }
    skip = Math.max(0, skip - chunk.length);
  }
  const last = parser.end();
  yield* last;
  // Kept for compatibility with C3R: a byte order mark alone is a record, too.
  if (facts.startsWithMark && facts.records === 1 && count + last.length === 0) yield [null];
}

/**
 * Reads the fields of the first record of a file; unquoted ones are not trimmed.
 *
 * @throws {SealroomError} DATA_FIELDS if the file has changed since it was scanned; IO_READ.
 */
export async function readFirstRecord(
  source: ByteSource,
  facts: CsvStructure,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  for await (const fields of readRecords(source, facts, false, signal)) {
    if (fields.length !== facts.fields) break;
    //= format F-76
    return fields.map((field) => (field === null ? '' : decodeUtf8(field).replaceAll(facts.separator, '\n')));
  }
  throw changed(source, facts);
}

/** The scan has accepted the file, so it has changed since. */
function changed(source: ByteSource, facts: CsvStructure): SealroomError {
  return new SealroomError('DATA_FIELDS', `a record no longer has ${String(facts.fields)} fields`, {
    where: { file: source.name },
    hint: 'the file changed while it was read',
  });
}

function toBatch(records: readonly (readonly CsvField[])[], columns: readonly number[]): Batch {
  return {
    rows: records.length,
    columns: columns.map((column) => ({
      layout: 'bytes',
      ...byteColumnOf(records.map((record) => record[column] ?? null)),
    })),
  };
}
