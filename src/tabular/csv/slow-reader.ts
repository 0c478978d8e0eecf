import { CsvError, type Options, parse } from 'csv-parse';
import { parse as parseSync } from 'csv-parse/sync';
import { byteColumnOf, decodeUtf8 } from '../../bytes/index.ts';
import { SealroomError } from '../../errors/index.ts';
import type { Batch, ColumnData } from '../../columns/index.ts';
import type { ByteSource } from '../../files/index.ts';
import { CsvNormaliser, EMPTY_TEXT } from './normalise.ts';
import type { CsvStructure } from './csv-structure.ts';

/** Rows per batch. */
const BATCH_ROWS = 2048;

/** The library's strict dialect; the repair has removed everything that the format adds to it. */
const STRICT: Options = {
  quote: '"',
  escape: '"',
  delimiter: ',',
  record_delimiter: '\n',
  bom: false,
  // Returns bytes instead of text.
  encoding: null,
};

/**
 * Reads a CSV file field by field, and distinguishes quoted fields from unquoted ones: the exact reader, for files on which
 * the fast one could differ from the reference. Fields are returned as they are, unquoted ones trimmed; blank ones are null.
 */
export async function* readExact(
  source: ByteSource,
  facts: CsvStructure,
  columns: readonly number[],
  skipFirst: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<Batch> {
  const parser = parse({ ...STRICT, from: skipFirst ? 2 : 1 });
  const feeding = feed(parser, source, facts, signal);
  let rows: Uint8Array[][] = [];
  try {
    for await (const record of parser as AsyncIterable<Uint8Array[]>) {
      rows.push(record);
      if (rows.length < BATCH_ROWS) continue;
      yield toBatch(rows, columns);
      rows = [];
    }
    await feeding;
  } catch (error) {
    throw error instanceof CsvError ? libraryFailure(source, error) : error;
  } finally {
    parser.destroy();
  }
  if (rows.length > 0) yield toBatch(rows, columns);
}

/**
 * Parses the fields of the first record of a file; unquoted ones are not trimmed.
 *
 * @param record the record's bytes, without its separator
 */
export function parseFirstRecord(source: ByteSource, record: Uint8Array, facts: CsvStructure): readonly string[] {
  const repair = new CsvNormaliser(facts.separator, false);
  const input = Buffer.concat([repair.push(record), repair.end()]);
  try {
    const [fields]: Uint8Array[][] = parseSync(input, STRICT) as unknown as Uint8Array[][];
    if (fields?.length !== facts.fields) throw new Error('the scan and the library see different first records');
    //= format F-76
    return fields.map((field) => (isEmptyText(field) ? '' : decodeUtf8(field).replaceAll(facts.separator, '\n')));
  } catch (error) {
    throw error instanceof CsvError ? libraryFailure(source, error) : error;
  }
}

/** The scan has accepted the file, so scan and library disagree. The library's message is dropped, because it holds data. */
function libraryFailure(source: ByteSource, error: CsvError): SealroomError {
  return new SealroomError('DATA_FIELDS', `a field is malformed (${error.code.toLowerCase().replaceAll('_', ' ')})`, {
    where: { file: source.name },
  });
}

/** Pushes the file into the parser; a read error ends the parser with it. */
async function feed(
  parser: ReturnType<typeof parse>,
  source: ByteSource,
  facts: CsvStructure,
  signal: AbortSignal | undefined,
): Promise<void> {
  const repair = new CsvNormaliser(facts.separator, true);
  const put = async (bytes: Uint8Array): Promise<void> => {
    if (bytes.length === 0 || parser.write(bytes) || parser.destroyed) return;
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        parser.off('drain', goOn).off('close', goOn);
        resolve();
      };
      parser.on('drain', goOn).on('close', goOn);
    });
  };
  try {
    let skip = facts.startsWithMark ? 3 : 0;
    for await (const chunk of source.chunks(signal)) {
      await put(repair.push(chunk.subarray(skip)));
      if (parser.destroyed) return;
      skip = Math.max(0, skip - chunk.length);
    }
    await put(repair.end());
    parser.end();
  } catch (error) {
    parser.destroy(error instanceof Error ? error : new Error('reading failed'));
  }
}

function isEmptyText(field: Uint8Array): boolean {
  return field.length === 1 && field[0] === EMPTY_TEXT;
}

function toBatch(records: readonly (readonly Uint8Array[])[], columns: readonly number[]): Batch {
  return { rows: records.length, columns: columns.map((column) => toColumn(records, column)) };
}

function toColumn(records: readonly (readonly Uint8Array[])[], column: number): ColumnData {
  const fields = records.map((record): Uint8Array | null => {
    const field = record[column];
    if (field === undefined) throw new Error('a record with too few fields passed the scan');
    if (isEmptyText(field)) return field.subarray(0, 0);
    return field.length === 0 ? null : field;
  });
  return { layout: 'bytes', ...byteColumnOf(fields) };
}
