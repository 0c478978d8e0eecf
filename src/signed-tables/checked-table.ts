import { encodeHex } from '../bytes/index.ts';
import type { Batch, ReadRequest } from '../columns/index.ts';
import { countOf, SealroomError } from '../errors/index.ts';
import {
  type InputTraits,
  type TableFormat,
  type TableReader,
  toTableOutput,
  transferTable,
  type TransferOptions,
} from '../tabular/index.ts';
import { RowBag } from './row-bag.ts';
import { RowHasher } from './row-hasher.ts';
import { canHold } from './stored-bytes.ts';
import type { TableSignature } from './table-signature.ts';

/** The input null text with which signed CSV files are read: they have nothing for a null, and `""` for an empty text. */
export const SIGNED_NULL = '';

/**
 * A table that is compared with its signature as it is read: a pass fails at its end unless the rows are those that were signed. What
 * was read counts only after that. It reads all columns, whichever are asked for, and keeps 32 bytes for each row.
 *
 * @throws {SealroomError} FORMAT_SIGNATURE if the columns are not those that were signed; passes throw it for the rows.
 */
//= format F-98
export function checkedTable(table: TableReader, signature: TableSignature): TableReader {
  requireColumns(table, signature);
  return { ...table, batches: (request) => checkedBatches(table, signature, request) };
}

function requireColumns({ name: file, fields }: TableReader, { statement: { columns } }: TableSignature): void {
  const isSame =
    fields.length === columns.length &&
    fields.every(({ name, type }, index) => {
      const column = columns[index];
      return column?.name === name && canHold(type, column.type);
    });
  if (isSame) return;
  const names = columns.map(({ name, type }) => `${name} ${type}`).join(', ');
  throw changed(file, `the columns are not those that were signed, ${names}`);
}

async function* checkedBatches(
  table: TableReader,
  { statement: { columns, rows, root } }: TableSignature,
  request: ReadRequest,
): AsyncGenerator<Batch> {
  const hasher = new RowHasher(columns, table.fields);
  const bag = new RowBag();
  const all = table.fields.map((_, index) => index);
  for await (const batch of table.batches({ ...request, columns: all })) {
    bag.add(hashesOf(hasher, batch, table.name, bag.rows));
    yield { rows: batch.rows, columns: request.columns.flatMap((index) => batch.columns[index] ?? []) };
  }
  if (bag.rows !== rows) {
    throw changed(table.name, `expected ${countOf(rows, 'row')}, as was signed, got ${bag.rows.toLocaleString('en')}`);
  }
  if (encodeHex(bag.takeRoot()) !== root) throw changed(table.name, 'the rows are not those that were signed');
}

function hashesOf(hasher: RowHasher, batch: Batch, file: string, firstRow: number): Uint8Array<ArrayBuffer> {
  try {
    return hasher.hash(batch);
  } catch (error) {
    throw error instanceof SealroomError ? error.inTable(file, error.where.column, firstRow) : error;
  }
}

function changed(file: string, problem: string): SealroomError {
  return new SealroomError('FORMAT_SIGNATURE', problem, {
    where: { file },
    hint:
      'rows or cells were changed, moved, left out, repeated or added after signing: get the file and its signature again from its ' +
      'owner; if a text of the file means null, give it with `--csv-input-null-value`',
  });
}

/** The options of {@link transferSignedTable}. */
export interface SignedTransferOptions extends TransferOptions {
  /** The signature of the input, whose key the caller trusts; `undefined` if it has none. */
  readonly signature?: TableSignature | undefined;
}

/**
 * As `transferTable`, for a table that may have a signature, which is then checked before the output gets its name. If the output is a
 * stream, which cannot be taken back, the table is read once more before anything is written.
 *
 * @throws {SealroomError} FORMAT_SIGNATURE as {@link checkedTable}; as `transferTable`.
 */
export async function transferSignedTable<Result>(
  options: SignedTransferOptions,
  traits: InputTraits,
  work: (reader: TableReader, outputFormat: TableFormat) => Promise<Result>,
): Promise<Result> {
  const { signature, csvInputNull = SIGNED_NULL, signal } = options;
  if (signature === undefined) return transferTable(options, traits, work);
  return transferTable({ ...options, csvInputNull }, traits, async (reader, outputFormat) => {
    const table = checkedTable(reader, signature);
    if (toTableOutput(options.output).kind === 'stream') await readAll(table, signal);
    return work(table, outputFormat);
  });
}

/** Reads a table without keeping anything, for its checks. */
async function readAll(table: TableReader, signal: AbortSignal | undefined): Promise<void> {
  const pass = table.batches({ columns: [], signal })[Symbol.asyncIterator]();
  while ((await pass.next()).done !== true);
}
