import { basename } from 'node:path';
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
import { parseDelimiter } from './delimiters.ts';
import { encodingHint, openText } from './encoding.ts';
import { emptyFile } from './errors.ts';
import { type CsvLayout, findLayout } from './layout.ts';
import { nullRuleOf, refineFields } from './null-rules.ts';
import { readExact, readFirstRecord } from './slow-reader.ts';
import type { CsvStructure } from './csv-structure.ts';
import { MARK } from './bytes.ts';
import { CsvScanner } from './scan.ts';
import { type CsvReadOptions, readStart } from './start.ts';

/**
 * Opens a CSV file: its start says which encoding and delimiter it has, and one pass over its bytes checks it as a whole and decides
 * how its values are read.
 *
 * Two readers give the same batches. The fast one is the engine's; it does not distinguish quoted fields from unquoted ones.
 * The exact one does, and reads files where that matters, or that the engine misreads: see {@link exactReason}.
 *
 * @throws {SealroomError} DATA_ENCODING, DATA_FIELDS, DATA_LENGTH with the line; DATA_HEADER for an empty file; USAGE_OPTION for a delimiter
 *   or an encoding that there is not; IO_ABORTED.
 */
export async function openCsv(file: ByteSource, options: CsvReadOptions): Promise<TableReader> {
  const { headerRow, columns, isTsv = false, signal } = options;
  const delimiter = options.delimiter === undefined ? undefined : parseDelimiter(options.delimiter);
  const fileStart = await readStart(file, signal);
  const { source, ...text } = openText(file, fileStart.bytes, options.encoding);
  const start = source === file ? fileStart : await readStart(source, signal);
  const layout = findLayout(start, { delimiter, isTsv, headerRow, columns });
  const scanner = new CsvScanner(source.name, layout);
  const facts = await scan(source, scanner, signal).catch((error: unknown): never => {
    throw explain(error, scanner, layout, fileStart.bytes);
  });
  const headers = headerRow
    ? await readFirstRecord(source, facts, signal)
    : Array.from({ length: facts.fields }, (_, index) => `_c${String(index)}`);
  if (headerRow && facts.records === 1 && headers.length === 1 && headers[0]?.trim() === '') throw emptyFile(file.name);
  const fields = headers.map((name): Field => ({ name, type: { kind: 'string' } }));
  const lineBytes = lineLimit(source, facts);
  const sql = `${scanSql(source, facts, lineBytes)}${headerRow ? ' OFFSET 1' : ''}`;
  const reason = exactReason(file, source, facts);
  const rule = nullRuleOf(options.nullText);
  const separator = facts.separatorInQuotes ? facts.separator : null;
  const rows = facts.records - (headerRow ? 1 : 0);
  const notes = [...text.notes, ...layout.notes].map((note) => `${basename(file.name)}: ${note}`);

  async function* batches(request: ReadRequest): AsyncGenerator<Batch> {
    const raw =
      reason === null
        ? readFast(source, sql, memoryLimit(source, facts), request.columns, rows)
        : readExact(source, facts, request.columns, headerRow, request.signal);
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
    bytes: file.bytes,
    notes,
    warnings: [...text.warnings, ...warningsOf(facts, headerRow)],
    slowReason: reason,
    columnHint: headerRow ? columnHintOf(scanner, layout) : null,
    batches,
    sha256: (signal) => file.sha256(signal),
    close: () => file.close(),
  };
}

async function scan(source: ByteSource, scanner: CsvScanner, signal: AbortSignal | undefined): Promise<CsvStructure> {
  for await (const chunk of source.chunks(signal)) scanner.push(chunk);
  return scanner.end();
}

/** Adds to an error of the scan what the file seems to be, and the option for it. */
function explain(error: unknown, scanner: CsvScanner, layout: CsvLayout, start: Uint8Array): unknown {
  if (!(error instanceof SealroomError)) return error;
  if (error.code === 'DATA_ENCODING' && scanner.faultyLine.length > 0) {
    return error.withHint(encodingHint(start, scanner.faultyLine));
  }
  const hint = error.code === 'DATA_FIELDS' ? columnHintOf(scanner, layout) : null;
  return hint === null ? error : error.withHint(hint);
}

/** Why the columns may not be those that the user expects, in words, or `null`. */
function columnHintOf({ hashHeaderLine }: CsvScanner, { doubt, notes }: CsvLayout): string | null {
  if (hashHeaderLine !== null) return hashHeader(hashHeaderLine);
  return doubt ?? notes[0] ?? null;
}

function hashHeader(line: number): string {
  return `line ${String(line)} begins with \`#\` and is taken for the header: remove it if it is a comment, which C3R would skip`;
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
function exactReason(file: ByteSource, source: ByteSource, facts: CsvStructure): string | null {
  const at = (line: number, what: string): string => `${what} on line ${String(line)}`;
  if (facts.openQuoteLine !== null) return at(facts.openQuoteLine, 'a quote that is never closed');
  if (facts.strayQuoteLine !== null) return at(facts.strayQuoteLine, 'a quote inside a field');
  if (facts.blankAroundQuotesLine !== null) return at(facts.blankAroundQuotesLine, 'white space around a quoted field');
  if (facts.trimConflictLine !== null)
    return at(facts.trimConflictLine, 'a column with quoted and unquoted edge blanks');
  if (facts.unusualLine !== null) return at(facts.unusualLine, 'an unusual line break, blank line or NUL');
  if (facts.separator === '\r') return 'lines that end with CR';
  if (facts.start > (facts.startsWithMark ? MARK.length : 0)) return 'a `sep=` line';
  if (source !== file) return 'text that is not UTF-8';
  if (source.path === null) {
    return source.compression === undefined ? 'not a regular file' : 'gzip with several members, a comment or padding';
  }
  if (facts.longestRecordBytes > MOST_RECORD_BYTES || facts.chunkBytes > MOST_CHUNK_BYTES) return 'very long records';
  const hazard = borderHazard(facts);
  if (hazard !== null && source.bytes > MOST_BUFFER_BYTES) return `a large file with ${hazard}`;
  return null;
}

function warningsOf(facts: CsvStructure, headerRow: boolean): readonly string[] {
  const warnings: string[] = [];
  //= format F-77
  const isHeader = headerRow && facts.hashLine === facts.firstLine;
  if (isHeader) warnings.push(hashHeader(facts.firstLine));
  if (facts.hashLine !== null && !(isHeader && facts.hashLines === 1)) {
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
