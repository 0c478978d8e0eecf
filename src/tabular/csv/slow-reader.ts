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
  for await (const record of readRecords(source, facts, signal)) {
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

async function* readRecords(
  source: ByteSource,
  { separator, startsWithMark }: CsvStructure,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly CsvField[]> {
  const parser = new CsvRecordParser(separator, true);
  let skip = startsWithMark ? 3 : 0;
  for await (const chunk of source.chunks(signal)) {
    yield* parser.push(chunk.subarray(skip));
    skip = Math.max(0, skip - chunk.length);
  }
  yield* parser.end();
}

/**
 * Parses the fields of the first record of a file; unquoted ones are not trimmed.
 *
 * @param record the record's bytes, without its separator
 * @throws {SealroomError} DATA_FIELDS if the file has changed since it was scanned.
 */
export function parseFirstRecord(source: ByteSource, record: Uint8Array, facts: CsvStructure): readonly string[] {
  const parser = new CsvRecordParser(facts.separator, false);
  const [fields = []] = [...parser.push(record), ...parser.end()];
  if (fields.length !== facts.fields) throw changed(source, facts);
  //= format F-76
  return fields.map((field) => (field === null ? '' : decodeUtf8(field).replaceAll(facts.separator, '\n')));
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
