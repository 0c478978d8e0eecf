import { type ErrorPlace, SealroomError } from '../../errors/index.ts';
import type { Batch, Field, ReadRequest } from '../../columns/index.ts';
import { type ByteSource, openFile } from '../../files/index.ts';
import {
  quoteIdentifier,
  quotePath,
  quoteText,
  type Reading,
  ReadingFailure,
  openReading,
} from '../../engine/index.ts';
import { OUT_OF_MEMORY } from '../../engine/native.ts';
import { parquetStream } from '../input-output.ts';
import type { TableReader } from '../table.ts';
import { fieldOf, isGeometry, type ParquetReadOptions } from './column-type.ts';
import { type ParquetElement, parquetTypeName } from './type-name.ts';

/** A column as the file and as the engine see it. */
interface ParquetColumn {
  readonly field: Field;
  /** The engine's name of the column; it renames duplicates. */
  readonly engineName: string;
  readonly engineType: string;
}

/**
 * Opens a Parquet file. Nested columns and types without an equivalent are listed as `unsupported` or `opaque`; they are an
 * error only if they are read.
 *
 * @throws {SealroomError} DATA_CORRUPT if it is not a Parquet file, or damaged; IO_FORMAT for a stream.
 */
export async function openParquet(source: ByteSource, options: ParquetReadOptions): Promise<TableReader> {
  if (source.path === null) throw parquetStream(source.name);
  const engine = await openReading();
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
      notes: [],
      warnings: warningsOf(columns, elements),
      slowReason: null,
      columnHint: null,
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
  const engine = await openReading();
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

function warningsOf(columns: readonly ParquetColumn[], elements: readonly ParquetElement[]): readonly string[] {
  return columns.flatMap(({ engineType, field }, index) => {
    const element = elements[index];
    if (element?.physical === 'INT96') {
      return [`column \`${field.name}\` has the old type INT96, and is read in microseconds`];
    }
    if (element === undefined || !isGeometry(engineType)) return [];
    return [
      `column \`${field.name}\` has the type ${parquetTypeName(element)}, and is read as bytes in WKB, little-endian`,
    ];
  });
}

async function readElements(engine: Reading, file: string): Promise<ParquetElement[]> {
  const rows = await engine.rows(
    'SELECT name, type, type_length, repetition_type, converted_type, logical_type::VARCHAR logical, precision, scale, ' +
      `num_children FROM parquet_schema(${file})`,
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
      typeLength: Number(row['type_length'] ?? 0),
      repetition: textOf(row['repetition_type']),
      converted: textOf(row['converted_type']),
      logical: textOf(row['logical']),
      precision: Number(row['precision'] ?? 0),
      scale: Number(row['scale'] ?? 0),
      isGroup: Number(row['num_children'] ?? 0) > 0,
    });
    skipElement();
  }
  return elements;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
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
      throw new SealroomError('DATA_TYPE', `columns of type ${column.field.type.engineType} cannot be carried`, {
        where: { file: source.name, column: column.field.name },
        hint: 'leave the column out of the schema, or convert it first',
      });
    }
    return column;
  });
  const sql = `SELECT ${wanted.map(expressionOf).join(', ') || '1'} FROM ${scanOf(file)}`;
  let seen = 0;
  const engine = await openReading();
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
    if (isMemory(error)) {
      throw readingFailure(source, error, { row: seen + 1, column: await largestColumn(file, wanted, seen) });
    }
    throw (await unreadableColumn(source, file, wanted, error)) ?? readingFailure(source, error);
  } finally {
    await engine.close();
  }
}

/** Casts a column that is read as text but is not text for the engine; bytes that count as text stay as they are. */
function expressionOf({ engineName, engineType, field }: ParquetColumn): string {
  if (isGeometry(engineType)) return `st_aswkb(${quoteIdentifier(engineName)})`;
  const isText = field.type.kind === 'opaque' && field.type.width === null;
  const isCast = isText && engineType !== 'VARCHAR' && engineType !== 'BLOB';
  return isCast ? `CAST(${quoteIdentifier(engineName)} AS VARCHAR)` : quoteIdentifier(engineName);
}

/** The wanted column with the most bytes in the row group of a row, by the file's own account; `undefined` if that is not to be had. */
async function largestColumn(file: string, wanted: readonly ParquetColumn[], row: number): Promise<string | undefined> {
  const [first] = wanted;
  if (wanted.length === 1) return first?.field.name;
  const engine = await openReading();
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

/** Codecs that the engine reads; the others are old ones. */
const CODECS = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI', 'ZSTD', 'LZ4_RAW'];

/** The error for a wanted column that the engine cannot read, if that is why it failed; `null` if it is not. */
async function unreadableColumn(
  source: ByteSource,
  file: string,
  wanted: readonly ParquetColumn[],
  error: unknown,
): Promise<SealroomError | null> {
  if (!(error instanceof ReadingFailure) || error.kind !== 'Invalid Input Error') return null;
  const engine = await openReading();
  try {
    const names = new Set(wanted.map(({ field }) => field.name));
    const chunks = await engine.rows(
      `SELECT DISTINCT path_in_schema AS name, compression FROM parquet_metadata(${file})`,
    );
    const chunk = chunks.find(
      ({ name, compression }) => names.has(textOf(name)) && !CODECS.includes(textOf(compression)),
    );
    if (chunk !== undefined) {
      const codec = textOf(chunk['compression']);
      const name = codec === 'LZ4' ? 'LZ4 as Hadoop frames it' : codec;
      return new SealroomError('IO_FORMAT', `the column is compressed with ${name}, which cannot be read`, {
        where: { file: source.name, column: textOf(chunk['name']) },
        hint: 'write the file again with Snappy, ZSTD or LZ4_RAW, or leave the column out of the schema',
      });
    }
  } catch {
    // The failure is told without it.
    return null;
  } finally {
    await engine.close();
  }
  const shape = wanted.find(({ engineType }) => isGeometry(engineType));
  if (shape === undefined) return null;
  return new SealroomError('DATA_VALUE', "a value is no shape in WKB, as the column's type says", {
    where: { file: source.name, column: shape.field.name },
    hint: 'leave the column out of the schema, or write it as BINARY without an annotation',
  });
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
  if (kind === 'IO Error: DECIMAL requires a length and scale') {
    return new SealroomError('DATA_TYPE', 'a column of the Parquet file is a DECIMAL without precision or scale', {
      where,
      hint: 'write the file again with both, or without the column',
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
