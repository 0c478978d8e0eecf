import { SealroomError } from '../../errors/index.ts';
import {
  type Batch,
  type Field,
  MAX_ROW_BYTES,
  MAX_VALUE_BYTES,
  type ReadRequest,
  requireShortValues,
  rowTooLong,
  splitRows,
} from '../../columns/index.ts';
import { type ByteSource, readFailure } from '../../files/index.ts';
import type { TableReader } from '../table.ts';
import { copyStored, rowBytesOf } from './columns.ts';
import { type ArrowField, readFields } from './fields.ts';
import { ArrowInput, MAX_PART_BYTES } from './input.ts';
import { type ArrowMessages, openMessages } from './messages.ts';
import { type Dictionaries, readColumns, batchRowsOf } from './stored.ts';
import { append, heldBytes, type StoredColumn } from './stored-column.ts';
import type { ArrowType } from './types.ts';

/** Most bytes of all dictionaries of a table together. */
const MAX_DICTIONARY_BYTES = 2 * MAX_PART_BYTES;

/** Options for reading an Arrow table. */
export interface ArrowReadOptions {
  /** Whether columns that can only be passed through are read as text, for text output. */
  readonly opaqueAsText: boolean;
}

/**
 * Opens an Arrow IPC stream, or a file in Arrow's file format, which is also version 2 of Feather.
 *
 * @throws {SealroomError} DATA_CORRUPT if it is neither; IO_FORMAT if it is big-endian, or Feather of version 1.
 */
export async function openArrow(source: ByteSource, options: ArrowReadOptions): Promise<TableReader> {
  const input = new ArrowInput(source);
  try {
    const { fields } = await openTable(source, input);
    return {
      name: source.name,
      format: 'arrow',
      fields: fields.map((field) => fieldOf(field, options)),
      rows: null,
      bytes: source.bytes,
      notes: [],
      warnings: [],
      slowReason: null,
      columnHint: null,
      batches: (request) => readBatches(source, fields, options, request),
      sha256: (signal) => source.sha256(signal),
      close: () => source.close(),
    };
  } finally {
    await input.close();
  }
}

interface OpenTable {
  readonly messages: ArrowMessages;
  readonly fields: readonly ArrowField[];
}

async function openTable(source: ByteSource, input: ArrowInput): Promise<OpenTable> {
  try {
    const messages = await openMessages(input);
    return { messages, fields: readFields(messages.schema) };
  } catch (error) {
    throw readingFailure(source, error);
  }
}

/** The type that holds a field's values, which in runs is that of a child. */
function valueType({ type, children, dictionary }: ArrowField): ArrowType {
  const [, values] = children;
  return type.storage.layout === 'runs' && dictionary === null && values !== undefined ? valueType(values) : type;
}

function fieldOf(field: ArrowField, options: ArrowReadOptions): Field {
  const { column, name } = valueType(field);
  if (column.kind === 'unsupported') {
    const wrapper = field.dictionary !== null ? 'Dictionary' : field.type.name;
    return { name: field.name, type: { ...column, engineType: wrapper === name ? name : `${wrapper} of ${name}` } };
  }
  if (column.kind === 'binary') return { name: field.name, type: column, typeName: name };
  if (column.kind !== 'opaque') return { name: field.name, type: column };
  const type = options.opaqueAsText ? { ...column, width: null } : column;
  return { name: field.name, type, typeName: name };
}

async function* readBatches(
  source: ByteSource,
  fields: readonly ArrowField[],
  options: ArrowReadOptions,
  request: ReadRequest,
): AsyncGenerator<Batch> {
  const wanted = request.columns.map((index) => wantedField(source, fields, index, options));
  const input = new ArrowInput(source);
  let firstRow = 0;
  try {
    const { messages } = await openTable(source, input);
    for await (const { rows, stored } of storedBatches(messages, fields, request.columns)) {
      request.signal?.throwIfAborted();
      const maxValueBytes = request.maxValueBytes ?? MAX_VALUE_BYTES;
      for (const part of partsOf(rows, stored, wanted, firstRow)) {
        const columns = stored.map((column, index) =>
          locate(wanted[index]?.name, firstRow, () => copyStored(column, part.start, part.rows, options.opaqueAsText)),
        );
        const found = { rows: part.rows, columns };
        requireShortValues(found, wanted, firstRow, maxValueBytes);
        firstRow += part.rows;
        yield found;
      }
    }
  } catch (error) {
    if (request.signal?.aborted === true) throw error;
    throw readingFailure(source, error);
  } finally {
    await input.close();
  }
}

function wantedField(
  source: ByteSource,
  fields: readonly ArrowField[],
  index: number,
  options: ArrowReadOptions,
): Field {
  const stored = fields[index];
  if (stored === undefined) throw new Error('a column index outside the table');
  const field = fieldOf(stored, options);
  if (field.type.kind !== 'unsupported') return field;
  throw new SealroomError('DATA_TYPE', `columns of Arrow type ${field.type.engineType} cannot be carried`, {
    where: { file: source.name, column: field.name },
    hint: 'leave the column out, or convert it first',
  });
}

interface StoredBatch {
  readonly rows: number;
  /** One for each column that was asked for. */
  readonly stored: readonly StoredColumn[];
}

async function* storedBatches(
  messages: ArrowMessages,
  fields: readonly ArrowField[],
  columns: readonly number[],
): AsyncGenerator<StoredBatch> {
  const wanted = new Set(columns);
  const dictionaryFields = dictionariesOf(columns.flatMap((index) => fields[index] ?? []));
  const dictionaries: Dictionaries = new Map();
  for await (const message of messages.read()) {
    if (message.kind === 'dictionary') {
      const field = dictionaryFields.get(message.id);
      if (field === undefined) continue;
      const found = (await readColumns(message, [field], new Set([0]), dictionaries)).get(0);
      if (found === undefined) continue;
      const known = message.isDelta ? dictionaries.get(message.id) : undefined;
      dictionaries.set(message.id, known === undefined ? found : append(known, found));
      requireShortDictionaries(dictionaries);
      continue;
    }
    const rows = batchRowsOf(message.header);
    const found = await readColumns(message, fields, wanted, dictionaries);
    const stored = columns.flatMap((index) => found.get(index) ?? []);
    if (stored.some((column) => column.rows !== rows)) throw new RangeError('a column of another length');
    if (rows > 0) yield { rows, stored };
  }
}

/** All of them stay in memory until the end of the table, however small they are where they are stored. */
function requireShortDictionaries(dictionaries: Dictionaries): void {
  const bytes = [...dictionaries.values()].reduce((sum, column) => sum + heldBytes(column), 0);
  if (bytes <= MAX_DICTIONARY_BYTES) return;
  throw new SealroomError(
    'DATA_LENGTH',
    `the dictionaries of a table are at most ${String(MAX_DICTIONARY_BYTES)} bytes, got ${String(bytes)}`,
    { hint: 'write the table without dictionaries' },
  );
}

/** The fields of the values of all dictionaries of some columns, by their ids. */
function dictionariesOf(fields: readonly ArrowField[]): ReadonlyMap<bigint, ArrowField> {
  const found = new Map<bigint, ArrowField>();
  const visit = (field: ArrowField): void => {
    if (field.dictionary !== null) found.set(field.dictionary.id, { ...field, dictionary: null });
    field.children.forEach(visit);
  };
  fields.forEach(visit);
  return found;
}

/**
 * Splits the rows of a record batch, so that their copies stay small.
 *
 * @throws {SealroomError} DATA_LENGTH for a row that is too long.
 */
function partsOf(
  rows: number,
  columns: readonly StoredColumn[],
  fields: readonly Field[],
  firstRow: number,
): Iterable<{ readonly start: number; readonly rows: number }> {
  const sizes = columns.map(rowBytesOf);
  return splitRows(rows, (row) => {
    let bytes = 0;
    for (const size of sizes) bytes += size(row);
    if (bytes <= MAX_ROW_BYTES) return bytes;
    const inRow = sizes.map((size) => size(row));
    throw rowTooLong(bytes, firstRow + row + 1, fields[inRow.indexOf(Math.max(...inRow))]?.name);
  });
}

function locate<Result>(column: string | undefined, firstRow: number, step: () => Result): Result {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    const row = error.where.row === undefined ? undefined : firstRow + error.where.row + 1;
    throw new SealroomError(error.code, error.message, { hint: error.hint, where: { column, row } });
  }
}

function readingFailure(source: ByteSource, error: unknown): SealroomError {
  if (error instanceof SealroomError) return error.at({ file: source.name });
  if (error instanceof Error && 'syscall' in error) return readFailure(error, source.name);
  return new SealroomError('DATA_CORRUPT', 'not a readable Arrow stream', {
    where: { file: source.name },
    hint: 'the stream may be truncated, damaged, or of another format',
    cause: error instanceof Error ? error.name : undefined,
  });
}
