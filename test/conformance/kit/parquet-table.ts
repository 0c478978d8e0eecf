import { openTable } from 'sealroom/tabular';
import type { ColumnType } from 'sealroom/tabular';
import { VectorsError } from './case.ts';
import type { Grid } from './grid.ts';
import { optionalText, readJsonFile, recordsOf, requireRecord, textOf } from './json.ts';
import type { Members } from './json.ts';
import { cellOfData, cellOfJson } from './typed-cell.ts';

/** A grid whose columns have types. */
export interface TypedGrid extends Grid {
  readonly types: readonly ColumnType[];
}

/** A Parquet table as the .json beside it says. */
export interface JsonTable {
  readonly headers: readonly string[];
  readonly types: readonly ColumnType[];
  /** Physical types, by column. */
  readonly physical: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** A Parquet file as the product reads it. */
export async function readTypedGrid(path: string): Promise<TypedGrid> {
  const reader = await openTable({ kind: 'file', path, format: 'parquet' });
  try {
    const columns = reader.fields.map((): string[] => []);
    for await (const batch of reader.batches({ columns: reader.fields.map((_, index) => index) })) {
      batch.columns.forEach((column, index) => {
        const type = reader.fields[index]?.type;
        if (type === undefined) throw new VectorsError('a batch of more columns than the table has');
        for (let row = 0; row < batch.rows; row++) columns[index]?.push(cellOfData(type, column, row));
      });
    }
    return { headers: reader.fields.map(({ name }) => name), types: reader.fields.map(({ type }) => type), columns };
  } finally {
    await reader.close();
  }
}

function typeOfColumn(column: Members): ColumnType {
  const physical = textOf(column, 'physical');
  const logical = optionalText(column, 'logical') ?? 'None';
  const decimal = /^Decimal\(precision=(\d+), scale=(-?\d+)\)/.exec(logical);
  if (decimal !== null) return { kind: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) };
  const timestamp = /^Timestamp\(isAdjustedToUTC=(true|false), timeUnit=(milli|micro|nano)seconds/.exec(logical);
  if (timestamp !== null) {
    const unit = timestamp[2] === 'milli' ? 'ms' : timestamp[2] === 'micro' ? 'us' : 'ns';
    return { kind: 'timestamp', unit, utc: timestamp[1] === 'true' };
  }
  switch (`${physical} ${logical}`) {
    case 'BYTE_ARRAY String':
      return { kind: 'string' };
    case 'BYTE_ARRAY None':
      return { kind: 'binary' };
    case 'BOOLEAN None':
      return { kind: 'boolean' };
    case 'INT32 None':
    case 'INT32 Int(bitWidth=32, isSigned=true)':
      return { kind: 'int' };
    case 'INT32 Int(bitWidth=16, isSigned=true)':
      return { kind: 'smallint' };
    case 'INT32 Date':
      return { kind: 'date' };
    case 'INT64 None':
    case 'INT64 Int(bitWidth=64, isSigned=true)':
      return { kind: 'bigint' };
    case 'FLOAT None':
      return { kind: 'float' };
    case 'DOUBLE None':
      return { kind: 'double' };
    default:
      return { kind: 'opaque', engineType: logical, width: null };
  }
}

/** What the .json beside a Parquet file says. @throws {VectorsError} if it cannot be read. */
export async function readJsonTable(parquetPath: string): Promise<JsonTable> {
  const json = requireRecord(await readJsonFile(`${parquetPath}.json`), parquetPath);
  const columns = recordsOf(json, 'columns');
  const rows = json['rows'];
  if (!Array.isArray(rows)) throw new VectorsError(`rows of ${parquetPath}.json expected an array`);
  return {
    headers: columns.map((column) => textOf(column, 'name')),
    types: columns.map(typeOfColumn),
    physical: columns.map((column) => textOf(column, 'physical')),
    rows: rows.map((row: unknown): readonly unknown[] => (Array.isArray(row) ? row : [])),
  };
}

/** The cells of a .json file under the types it says. */
export function gridOfJson({ headers, types, rows }: JsonTable): TypedGrid {
  return { headers, types, columns: types.map((type, column) => rows.map((row) => cellOfJson(type, row[column]))) };
}

/** A column type in a word or two. */
export function describeType(type: ColumnType): string {
  switch (type.kind) {
    case 'timestamp':
      return `timestamp (${type.unit}${type.utc ? ', UTC' : ''})`;
    case 'decimal':
      return `decimal (${String(type.precision)}, ${String(type.scale)})`;
    case 'opaque':
    case 'unsupported':
      return 'other';
    case 'string':
    case 'boolean':
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'float':
    case 'double':
    case 'date':
    case 'binary':
      return type.kind;
  }
}

/** The type as which a column comes back from a Parquet file that sealroom wrote: the engine has one zoned timestamp. */
export function writtenType(type: ColumnType): ColumnType {
  if (type.kind !== 'timestamp' || !type.utc || type.unit === 'us') return type;
  return type.unit === 'ms' ? { ...type, unit: 'us' } : { ...type, utc: false };
}
