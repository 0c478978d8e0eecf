import { SealroomError } from '../../errors/index.ts';
import { type Batch, type Field, MAX_VALUE_BYTES, type ReadRequest, requireShortValues } from '../../columns/index.ts';
import type { ByteSource } from '../../files/index.ts';
import { Engine, engineFailure, OUT_OF_MEMORY, READING } from '../../engine/native.ts';
import type { TableReader } from '../table.ts';
import {
  borderHazard,
  lineLimit,
  memoryLimit,
  MOST_BUFFER_BYTES,
  MOST_CHUNK_BYTES,
  MOST_RECORD_BYTES,
  scanSql,
} from './engine-scan.ts';
import { nullRuleOf, refineFields } from './null-rules.ts';
import { parseFirstRecord, readExact } from './slow-reader.ts';
import type { CsvStructure } from './csv-structure.ts';
import { CsvScanner } from './scan.ts';

/** Options for reading a CSV file. */
export interface CsvReadOptions {
  /** Whether the first record holds the headers; without them columns are named `_c0`, `_c1`, ... */
  readonly headerRow: boolean;
  /** The input null text; see {@link nullRuleOf}. */
  readonly nullText?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a CSV file: one pass over its bytes checks it as a whole and decides how its values are read.
 *
 * Two readers give the same batches. The fast one is the engine's; it does not distinguish quoted fields from unquoted ones.
 * The exact one does, and reads files where that matters, or that the engine misreads: see {@link exactReason}.
 *
 * @throws {SealroomError} DATA_ENCODING, DATA_FIELDS, DATA_LENGTH with the line; DATA_HEADER for an empty file; IO_ABORTED.
 */
export async function openCsv(source: ByteSource, options: CsvReadOptions): Promise<TableReader> {
  const scanner = new CsvScanner(source.name);
  for await (const chunk of source.chunks(options.signal)) scanner.push(chunk);
  const facts = scanner.end();
  const headers = options.headerRow
    ? parseFirstRecord(source, await readRange(source, facts.firstRecordStart, facts.firstRecordEnd), facts)
    : Array.from({ length: facts.fields }, (_, index) => `_c${String(index)}`);
  const fields = headers.map((name): Field => ({ name, type: { kind: 'string' } }));
  const lineBytes = lineLimit(source, facts);
  const scan = `${scanSql(source, facts, lineBytes)}${options.headerRow ? ' OFFSET 1' : ''}`;
  const reason = exactReason(source, facts);
  const rule = nullRuleOf(options.nullText);
  const separator = facts.separatorInQuotes ? facts.separator : null;
  const rows = facts.records - (options.headerRow ? 1 : 0);

  async function* batches(request: ReadRequest): AsyncGenerator<Batch> {
    const raw =
      reason === null
        ? readFast(source, scan, memoryLimit(source, facts), request.columns, rows)
        : readExact(source, facts, request.columns, options.headerRow, request.signal);
    const wanted = request.columns.map((column) => fields[column]);
    let seen = 0;
    for await (const batch of raw) {
      request.signal?.throwIfAborted();
      requireShortRows(source, batch, wanted, seen, request.maxValueBytes);
      seen += batch.rows;
      yield {
        rows: batch.rows,
        columns: batch.columns.map((column, index) => {
          if (column.layout !== 'bytes') throw new Error('a CSV column that is not text');
          const trim = reason === null && (facts.trims[request.columns[index] ?? 0] ?? false);
          return { layout: 'bytes', ...refineFields(column, { trim, separator, rule }) };
        }),
      };
    }
  }

  return {
    name: source.name,
    format: 'csv',
    fields,
    rows,
    bytes: source.bytes,
    warnings: warningsOf(facts, reason),
    batches,
    sha256: (signal) => source.sha256(signal),
    close: () => source.close(),
  };
}

/** Refuses a batch with a value that is too long. */
function requireShortRows(
  { name: file }: ByteSource,
  batch: Batch,
  fields: readonly (Field | undefined)[],
  firstRow: number,
  maxValueBytes = MAX_VALUE_BYTES,
): void {
  try {
    requireShortValues(batch, fields, firstRow, maxValueBytes);
  } catch (error) {
    throw error instanceof SealroomError ? error.at({ file }) : error;
  }
}

/** Why a file needs the exact reader, in words, or `null` if the fast one reads it exactly. */
function exactReason(source: ByteSource, facts: CsvStructure): string | null {
  const at = (line: number, what: string): string => `${what} on line ${String(line)}`;
  if (facts.openQuoteLine !== null) return at(facts.openQuoteLine, 'a quote that is never closed');
  if (facts.strayQuoteLine !== null) return at(facts.strayQuoteLine, 'a quote inside a field');
  if (facts.blankAroundQuotesLine !== null) return at(facts.blankAroundQuotesLine, 'white space around a quoted field');
  if (facts.trimConflictLine !== null)
    return at(facts.trimConflictLine, 'a column with quoted and unquoted edge blanks');
  if (facts.unusualLine !== null) return at(facts.unusualLine, 'an unusual line break, blank line or NUL');
  if (facts.separator === '\r') return 'lines that end with CR';
  if (source.path === null) return 'not a regular file';
  if (facts.longestRecordBytes > MOST_RECORD_BYTES || facts.chunkBytes > MOST_CHUNK_BYTES) return 'very long records';
  const hazard = borderHazard(facts);
  if (hazard !== null && source.bytes > MOST_BUFFER_BYTES) return `a large file with ${hazard}`;
  return null;
}

function warningsOf(facts: CsvStructure, reason: string | null): readonly string[] {
  const warnings: string[] = [];
  if (facts.hashLine !== null) {
    //= format F-77
    warnings.push(
      `${String(facts.hashLines)} ${facts.hashLines === 1 ? 'line starts' : 'lines start'} with \`#\` ` +
        `(first: line ${String(facts.hashLine)}); kept as data, where C3R drops them as comments`,
    );
  }
  if (facts.openQuoteLine !== null) {
    warnings.push(
      `the quote opened on line ${String(facts.openQuoteLine)} is never closed; the rest of the file is one value`,
    );
  }
  if (reason !== null) warnings.push(`read by the exact, slower CSV reader: ${reason}`);
  return warnings;
}

async function* readFast(
  source: ByteSource,
  scan: string,
  memoryMiB: number,
  columns: readonly number[],
  rows: number,
): AsyncGenerator<Batch> {
  const names = columns.map((column) => `c${String(column)}`).join(', ') || '1';
  const fields = columns.map((): Field => ({ name: '', type: { kind: 'string' } }));
  const engine = await Engine.open({ ...READING, memoryMiB });
  try {
    yield* engine.stream(`SELECT ${names} FROM ${scan}`, fields, rows);
  } catch (error) {
    if (error instanceof SealroomError) throw error.at({ file: source.name });
    if (engineFailure(error) === OUT_OF_MEMORY) {
      throw new SealroomError('IO_ENGINE', 'the records of the CSV file do not fit in memory', {
        where: { file: source.name },
        hint: 'split the file into several with fewer columns',
      });
    }
    throw new SealroomError('DATA_CORRUPT', `the CSV reader failed: ${engineFailure(error)}`, {
      where: { file: source.name },
    });
  } finally {
    engine.close();
  }
}

async function readRange(source: ByteSource, start: number, end: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let offset = 0;
  for await (const chunk of source.chunks()) {
    parts.push(chunk.slice(Math.max(0, start - offset), Math.max(0, end - offset)));
    offset += chunk.length;
    if (offset >= end) break;
  }
  return Buffer.concat(parts);
}
