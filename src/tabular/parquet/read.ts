import { type ErrorPlace, SealroomError } from '../../errors/index.ts';
import type { Batch, ColumnType, Field, ReadRequest } from '../../columns/index.ts';
import { type ByteSource, openFile } from '../../files/index.ts';
import {
  quoteIdentifier,
  quotePath,
  quoteText,
  type Reading,
  ReadingFailure,
  openReading,
} from '../../engine/index.ts';
import { opaqueType, OUT_OF_MEMORY } from '../../engine/native.ts';
import { parquetStream } from '../input-output.ts';
import type { TableReader } from '../table.ts';

/** Options for reading a Parquet file. */
export interface ParquetReadOptions {
  /** Whether binary columns without an annotation are text. */
  readonly binaryAsString: boolean;
  /** Whether columns that can only be passed through are read as text, for text output. */
  readonly opaqueAsText: boolean;
}

/** A top-level element of the file's own schema. */
interface ParquetElement {
  readonly name: string;
  readonly physical: string;
  readonly converted: string;
  readonly logical: string;
  readonly isGroup: boolean;
}

/** A column as the file and as the engine see it. */
interface ParquetColumn {
  readonly field: Field;
  /** The engine's name of the column; it renames duplicates. */
  readonly engineName: string;
  readonly engineType: string;
}

/** The name in messages of the one kind of timestamp that the engine cannot read in its unit. */
const ZONED_NANOSECONDS = 'TIMESTAMP in nanoseconds with UTC';

/**
 * Opens a Parquet file. Nested columns and types without an equivalent are listed as `unsupported` or `opaque`; they are an
 * error only if they are read.
 *
 * @throws {SealroomError} DATA_CORRUPT if it is not a Parquet file, or damaged; IO_FORMAT for a stream.
 */
export async function openParquet(source: ByteSource, options: ParquetReadOptions): Promise<TableReader> {
  if (source.path === null) throw parquetStream(source.name);
  const engine = openReading();
  const file = quotePath(source.path);
  try {
    const elements = await readElements(engine, file);
    const described = await engine.rows(`DESCRIBE SELECT * FROM ${scanOf(file)}`);
    const [counts] = await engine.rows(`SELECT num_rows FROM parquet_file_metadata(${file})`);
    if (described.length !== elements.length) throw new Error('the schema was read in two ways');
    const columns = elements.map((element, index): ParquetColumn => {
      const engineType = textOf(described[index]?.['column_type']);
      const engineName = textOf(described[index]?.['column_name']);
      return { field: fieldOf(element, engineType, options), engineName, engineType };
    });
    const rows = Number(counts?.['num_rows']);
    return {
      name: source.name,
      format: 'parquet',
      fields: columns.map((column) => column.field),
      rows,
      bytes: source.bytes,
      warnings: warningsOf(elements),
      batches: (request) => readBatches(source, file, columns, rows, request),
      sha256: (signal) => source.sha256(signal),
      close: () => source.close(),
    };
  } catch (error) {
    throw readingFailure(source, error);
  } finally {
    await engine.close();
  }
}

/**
 * The value of a key in the metadata of a Parquet file, or `null`.
 *
 * @param path absolute
 * @param name the file's name in errors
 * @throws {SealroomError} IO_READ if it cannot be read, DATA_CORRUPT if it is not a Parquet file.
 */
export async function readKeyValue(path: string, name: string, key: string): Promise<string | null> {
  const source = await openFile(path);
  const engine = openReading();
  try {
    const wanted = `decode(key) = ${quoteText(key)}`;
    const found = await engine.rows(
      `SELECT decode(value) AS text FROM parquet_kv_metadata(${quotePath(path)}) WHERE ${wanted}`,
    );
    const text = found[0]?.['text'];
    return typeof text === 'string' ? text : null;
  } catch (error) {
    throw readingFailure({ ...source, name }, error);
  } finally {
    await engine.close();
    await source.close();
  }
}

/** The scan of one file; without the option, the folders of its path could become columns. */
function scanOf(file: string): string {
  return `read_parquet(${file}, hive_partitioning=false)`;
}

function warningsOf(elements: readonly ParquetElement[]): readonly string[] {
  return elements
    .filter((element) => element.physical === 'INT96')
    .map((element) => `column \`${element.name}\` has the old type INT96, and is read in microseconds`);
}

async function readElements(engine: Reading, file: string): Promise<ParquetElement[]> {
  const rows = await engine.rows(
    `SELECT name, type, converted_type, logical_type::VARCHAR logical, num_children FROM parquet_schema(${file})`,
  );
  const elements: ParquetElement[] = [];
  let position = 1;
  const skipElement = (): void => {
    const children = Number(rows[position++]?.['num_children'] ?? 0);
    for (let child = 0; child < children; child++) skipElement();
  };
  while (position < rows.length) {
    const row = rows[position] ?? {};
    elements.push({
      name: String(row['name']),
      physical: textOf(row['type']),
      converted: textOf(row['converted_type']),
      logical: textOf(row['logical']),
      isGroup: Number(row['num_children'] ?? 0) > 0,
    });
    skipElement();
  }
  return elements;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

//= format F-87
function fieldOf(element: ParquetElement, engineType: string, options: ParquetReadOptions): Field {
  const isNested = element.isGroup || engineType.endsWith(']');
  const type = isNested ? opaqueType(engineType) : typeOf(element, engineType, options);
  if (type.kind === 'opaque' && options.opaqueAsText) return { name: element.name, type: { ...type, width: null } };
  return { name: element.name, type };
}

function typeOf(element: ParquetElement, engineType: string, options: ParquetReadOptions): ColumnType {
  const { physical, converted, logical } = element;
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(engineType);
  if (decimal !== null) return { kind: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) };
  switch (physical) {
    case 'BYTE_ARRAY':
      if (logical.startsWith('StringType') || converted === 'UTF8') return { kind: 'string' };
      if (logical !== '' || converted !== '') return opaqueType(engineType);
      //= format F-88
      return { kind: options.binaryAsString ? 'string' : 'binary' };
    case 'BOOLEAN':
      return { kind: 'boolean' };
    case 'FLOAT':
      return engineType === 'FLOAT' ? { kind: 'float' } : opaqueType(engineType);
    case 'DOUBLE':
      return engineType === 'DOUBLE' ? { kind: 'double' } : opaqueType(engineType);
    case 'INT32':
    case 'INT64':
      return integerType(element, engineType);
    default:
      return opaqueType(engineType);
  }
}

function integerType(element: ParquetElement, engineType: string): ColumnType {
  const timestamp = timestampType(element);
  if (timestamp !== null) return timestamp;
  switch (engineType) {
    case 'SMALLINT':
      return { kind: 'smallint' };
    case 'INTEGER':
      return { kind: 'int' };
    case 'BIGINT':
      return { kind: 'bigint' };
    case 'DATE':
      return { kind: 'date' };
    default:
      return opaqueType(engineType);
  }
}

function timestampType({ converted, logical }: ParquetElement): ColumnType | null {
  if (logical.startsWith('TimestampType')) {
    const unit = logical.includes('MILLIS=MilliSeconds') ? 'ms' : logical.includes('MICROS=MicroSeconds') ? 'us' : 'ns';
    const utc = /isAdjustedToUTC=(1|true)/.test(logical);
    // The engine would read them in microseconds and drop digits.
    return unit === 'ns' && utc ? opaqueType(ZONED_NANOSECONDS) : { kind: 'timestamp', unit, utc };
  }
  if (converted === 'TIMESTAMP_MILLIS') return { kind: 'timestamp', unit: 'ms', utc: true };
  if (converted === 'TIMESTAMP_MICROS') return { kind: 'timestamp', unit: 'us', utc: true };
  return null;
}

async function* readBatches(
  source: ByteSource,
  file: string,
  columns: readonly ParquetColumn[],
  rows: number,
  request: ReadRequest,
): AsyncGenerator<Batch> {
  const wanted = request.columns.map((index) => {
    const column = columns[index];
    if (column === undefined) throw new Error('a column index outside the table');
    if (column.field.type.kind === 'unsupported') {
      throw new SealroomError('DATA_TYPE', `columns of type ${column.field.type.engineType} are not supported`, {
        where: { file: source.name, column: column.field.name },
        hint: 'leave the column out of the schema, or convert it first',
      });
    }
    return column;
  });
  const sql = `SELECT ${wanted.map(expressionOf).join(', ') || '1'} FROM ${scanOf(file)}`;
  let seen = 0;
  const engine = openReading();
  try {
    const fields = wanted.map((column) => column.field);
    const { maxValueBytes } = request;
    for await (const batch of engine.stream({ sql, fields, expectedRows: rows, maxValueBytes })) {
      request.signal?.throwIfAborted();
      yield batch;
      seen += batch.rows;
    }
  } catch (error) {
    if (request.signal?.aborted === true) throw error;
    const place = isMemory(error) ? { row: seen + 1, column: await largestColumn(file, wanted, seen) } : {};
    throw readingFailure(source, error, place);
  } finally {
    await engine.close();
  }
}

/** Casts a column that is read as text but is not text for the engine; bytes that count as text stay as they are. */
function expressionOf({ engineName, engineType, field }: ParquetColumn): string {
  const isText = field.type.kind === 'opaque' && field.type.width === null;
  const isCast = isText && engineType !== 'VARCHAR' && engineType !== 'BLOB';
  return isCast ? `CAST(${quoteIdentifier(engineName)} AS VARCHAR)` : quoteIdentifier(engineName);
}

/** The wanted column with the most bytes in the row group of a row, by the file's own account; `undefined` if that is not to be had. */
async function largestColumn(file: string, wanted: readonly ParquetColumn[], row: number): Promise<string | undefined> {
  const [first] = wanted;
  if (wanted.length === 1) return first?.field.name;
  const engine = openReading();
  try {
    const found = await engine.rows(
      `SELECT path_in_schema AS name FROM (SELECT *, sum(CASE WHEN column_id = 0 THEN row_group_num_rows END) ` +
        `OVER (ORDER BY row_group_id RANGE UNBOUNDED PRECEDING) AS last FROM parquet_metadata(${file})) ` +
        `WHERE last > ${String(row)} ORDER BY row_group_id, total_uncompressed_size DESC`,
    );
    const names = new Set(wanted.map(({ field }) => field.name));
    return found.map(({ name }) => textOf(name)).find((name) => names.has(name));
  } catch {
    // The place is told without it.
    return undefined;
  } finally {
    await engine.close();
  }
}

/** Whether a reading failed for want of memory. A process that died had none to say so. */
function isMemory(error: unknown): boolean {
  return error instanceof ReadingFailure && (error.kind === OUT_OF_MEMORY || error.kind === 'ended');
}

function readingFailure(source: ByteSource, error: unknown, place: ErrorPlace = {}): SealroomError {
  const where = { file: source.name };
  if (error instanceof SealroomError) return error.at(where);
  const kind = error instanceof ReadingFailure ? error.kind : 'unknown failure';
  if (isMemory(error)) {
    return new SealroomError('IO_ENGINE', 'a row group of the Parquet file does not fit in memory', {
      where: { ...where, ...place },
      hint: 'write the file again with smaller row groups, or without the column',
    });
  }
  if (kind === 'IO Error: Unsupported converted type') {
    return new SealroomError('DATA_TYPE', 'a column of the Parquet file has a type that cannot be read, such as BSON', {
      where,
      hint: 'write the file again without the column',
    });
  }
  if (kind === 'Invalid Input Error: Invalid string encoding') {
    return new SealroomError('DATA_ENCODING', 'text is not valid UTF-8', { where });
  }
  return new SealroomError('DATA_CORRUPT', `not a readable Parquet file (${kind})`, {
    where,
    hint: 'the file may be truncated, damaged, or of another format',
  });
}
