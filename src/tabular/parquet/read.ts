import { SealroomError } from '../../errors.ts';
import type { Batch, ColumnType, Field } from '../batch.ts';
import type { ByteSource } from '../byte-source.ts';
import { Engine, engineFailure, quoteName, quotePath } from '../engine.ts';
import { opaqueType } from '../engine-types.ts';
import type { ReadRequest, TableReader } from '../table.ts';

/** How a Parquet file is to be read. */
export interface ParquetReadOptions {
  /** Whether binary columns without an annotation are text. */
  readonly binaryAsString: boolean;
  /** Whether columns that can only be carried are read as text, for an output that is text. */
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

/**
 * Opens a Parquet file. Nested columns and types without an equivalent are listed as `unsupported` or `opaque` and do no
 * harm until they are read.
 *
 * @throws {SealroomError} DATA_CORRUPT if it is not a Parquet file, or damaged; IO_FORMAT for standard input.
 */
export async function openParquet(source: ByteSource, options: ParquetReadOptions): Promise<TableReader> {
  if (source.path === null) {
    await source.close();
    throw new SealroomError('IO_FORMAT', 'Parquet cannot be read from standard input', {
      hint: 'give a file, or pipe CSV or Arrow',
    });
  }
  const engine = await Engine.open();
  const file = quotePath(source.path);
  try {
    const elements = await readElements(engine, file);
    const described = await engine.rows(`DESCRIBE SELECT * FROM read_parquet(${file})`);
    const [counts] = await engine.rows(`SELECT num_rows FROM parquet_file_metadata(${file})`);
    const columns = elements.map((element, index) => ({
      engineName: String(described[index]?.['column_name']),
      field: fieldOf(element, String(described[index]?.['column_type']), options),
    }));
    return {
      name: source.name,
      format: 'parquet',
      fields: columns.map((column) => column.field),
      rows: Number(counts?.['num_rows']),
      bytes: source.bytes,
      warnings: [],
      batches: (request) => readBatches(engine, source, columns, request, options),
      async close() {
        engine.close();
        await source.close();
      },
    };
  } catch (error) {
    engine.close();
    if (error instanceof SealroomError) throw error;
    throw corrupt(source, error);
  }
}

async function readElements(engine: Engine, file: string): Promise<ParquetElement[]> {
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
  const type = element.isGroup ? opaqueType('nested') : typeOf(element, engineType, options);
  if (type.kind === 'opaque' && options.opaqueAsText) return { name: element.name, type: { kind: 'string' } };
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
    return { kind: 'timestamp', unit, utc: /isAdjustedToUTC=(1|true)/.test(logical) };
  }
  if (converted === 'TIMESTAMP_MILLIS') return { kind: 'timestamp', unit: 'ms', utc: true };
  if (converted === 'TIMESTAMP_MICROS') return { kind: 'timestamp', unit: 'us', utc: true };
  return null;
}

async function* readBatches(
  engine: Engine,
  source: ByteSource,
  columns: readonly { readonly engineName: string; readonly field: Field }[],
  request: ReadRequest,
  options: ParquetReadOptions,
): AsyncGenerator<Batch> {
  const wanted = request.columns.map((index) => {
    const column = columns[index];
    if (column === undefined) throw new Error('a column index outside the table');
    if (column.field.type.kind === 'unsupported') {
      throw new SealroomError('DATA_TYPE', `columns of type ${column.field.type.engineType} cannot be carried`, {
        where: { file: source.name, column: column.field.name },
        hint: 'leave the column out of the schema, or flatten it',
      });
    }
    return column;
  });
  const expressions = wanted.map(({ engineName, field }) => expressionOf(quoteName(engineName), field.type));
  const binary = options.binaryAsString ? ', binary_as_string=true' : '';
  const sql = `SELECT ${expressions.join(', ') || '1'} FROM read_parquet(${quotePath(source.path ?? '')}${binary})`;
  try {
    for await (const batch of engine.stream(sql, wanted.map((column) => column.field))) {
      request.signal?.throwIfAborted();
      yield batch;
    }
  } catch (error) {
    if (request.signal?.aborted === true) throw error;
    throw corrupt(source, error);
  }
}

/** Timestamps are read as their ticks in the file's own unit. */
function expressionOf(name: string, type: ColumnType): string {
  if (type.kind === 'string') return `CAST(${name} AS VARCHAR)`;
  return type.kind === 'timestamp' ? `epoch_${type.unit}(${name})` : name;
}

function corrupt(source: ByteSource, error: unknown): SealroomError {
  return new SealroomError('DATA_CORRUPT', `not a readable Parquet file (${engineFailure(error)})`, {
    where: { file: source.name },
    hint: 'the file may be truncated, damaged, or of another format',
  });
}
