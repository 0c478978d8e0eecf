import { type ByteColumn, valueAt } from '../../../bytes/index.ts';
import {
  CELL_NULL,
  CELL_SEALED,
  classifyCell,
  type FixedType,
  isFixedType,
  type Kernel,
  type OpenedColumn,
  type OpenCellOptions,
  type SealingRoot,
} from '../../../crypto/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import type { ColumnData, ColumnSource, ColumnType, Field } from '../../../columns/index.ts';
import { firstTypeOf } from './columns.ts';

/** How a column is decrypted. Only byte-string columns are searched for cells. */
export type DecryptTarget =
  | { readonly mode: 'carry'; readonly type: ColumnType }
  | { readonly mode: 'render'; readonly type: FixedType }
  | { readonly mode: 'text'; readonly type: { readonly kind: 'string' | 'binary' } }
  | { readonly mode: 'native'; readonly type: FixedType };

const TEXT = { mode: 'text', type: { kind: 'string' } } as const;
const BYTES = { mode: 'text', type: { kind: 'binary' } } as const;

/** The type of a column in the decrypted table. */
export function typeOfTarget(target: DecryptTarget): ColumnType {
  switch (target.mode) {
    case 'carry':
    case 'native':
    case 'text':
      return target.type;
    case 'render':
      return { kind: 'string' };
  }
}

/** What cells are opened with. */
export interface CellKeys extends OpenCellOptions {
  readonly kernel: Kernel;
  /** `null` without a secret: all cells but sealed ones are then what they are. */
  readonly root: SealingRoot | null;
}

/**
 * Opens a column; row numbers of errors are 0-based within it.
 *
 * @throws {SealroomError} SECRET_MISSING for a sealed cell without a root; FORMAT_* if a cell does not open.
 */
export function openCells(keys: CellKeys, column: ColumnData): OpenedColumn {
  if (column.layout !== 'bytes') throw new Error('cells are only in columns of byte strings');
  return keys.root === null ? classifyCells(column) : keys.kernel.openColumn(keys.root, column, keys);
}

function classifyCells(column: ByteColumn): OpenedColumn {
  const kinds = new Uint8Array(column.rows).fill(CELL_NULL);
  for (let row = 0; row < column.rows; row++) {
    const cell = valueAt(column, row);
    if (cell === null) continue;
    const kind = classifyCell(cell);
    if (kind === CELL_SEALED) {
      throw new SealroomError('SECRET_MISSING', 'a sealed cell needs the shared secret', { where: { row } });
    }
    kinds[row] = kind;
  }
  return { kinds, values: column };
}

/**
 * Chooses the target of every column. Its declared type decides first, and a cell only where it is sealed: unless the output is text only,
 * the first value of each column that may hold cells is opened, since only the cell knows its type; a column that starts with nulls is
 * read until a value is found.
 *
 * @throws {SealroomError} FORMAT_* with column and 1-based row if a cell does not open.
 */
export async function chooseTargets(
  table: ColumnSource,
  asText: boolean,
  keys: CellKeys,
  signal: AbortSignal | undefined,
): Promise<DecryptTarget[]> {
  const targets = table.fields.map((field) => withoutCells(field, asText));
  let open = table.fields.flatMap((field, index) => (mayHoldCells(field, asText) ? [index] : []));
  // The first batch settles most columns; only the others are read on.
  for (const batches of [1, Infinity]) {
    if (open.length === 0) break;
    const found = await firstTypes(table, open, batches, keys, signal);
    for (const [index, type] of found) {
      targets[index] = targetFor(table.fields[index]?.type ?? TEXT.type, type);
    }
    open = open.filter((index) => !found.has(index));
  }
  return targets;
}

//= format F-51
function mayHoldCells({ type }: Field, asText: boolean): boolean {
  return !asText && (type.kind === 'string' || (type.kind === 'binary' && type.byteWidth === undefined));
}

/** The target of a column as far as its declared type determines it. */
function withoutCells(field: Field, asText: boolean): DecryptTarget {
  const { type } = field;
  if (type.kind === 'string') return TEXT;
  if (type.kind === 'binary') return asText ? TEXT : { mode: 'carry', type };
  if (type.kind === 'opaque') return asText ? TEXT : { mode: 'carry', type };
  if (type.kind === 'unsupported') return { mode: 'carry', type };
  return asText && isFixedType(type) ? { mode: 'render', type } : { mode: 'carry', type };
}

/** The target of a column that may hold cells, from the type of its first value if that is sealed. */
//= format F-50
function targetFor(declared: ColumnType, sealed: ColumnType | 'unsealed'): DecryptTarget {
  if (sealed === 'unsealed') return declared.kind === 'binary' ? BYTES : TEXT;
  const isTyped = sealed.kind !== 'binary' && sealed.kind !== 'opaque' && sealed.kind !== 'unsupported';
  return isTyped && isFixedType(sealed) ? { mode: 'native', type: sealed } : TEXT;
}

/** Finds the types of the first values of columns, and whether those are sealed, in one pass, which ends when all are found or after `mostBatches`. */
async function firstTypes(
  table: ColumnSource,
  columns: readonly number[],
  mostBatches: number,
  keys: CellKeys,
  signal: AbortSignal | undefined,
): Promise<Map<number, ColumnType | 'unsealed'>> {
  const found = new Map<number, ColumnType | 'unsealed'>();
  let firstRow = 0;
  let batches = 0;
  for await (const batch of table.batches({ columns, signal })) {
    columns.forEach((index, position) => {
      if (found.has(index)) return;
      const field = table.fields[index];
      const column = batch.columns[position];
      if (field === undefined || column === undefined) throw new Error('a batch without a requested column');
      locate(table.name, field.name, firstRow, () => {
        const type = firstTypeOf(openCells(keys, column), keys);
        if (type !== null) found.set(index, type);
      });
    });
    batches++;
    if (found.size === columns.length || batches === mostBatches) break;
    firstRow += batch.rows;
  }
  return found;
}

/** Runs a step on a column, and completes the place of its errors: file, header, 1-based row of the table. */
export function locate<Result>(file: string, column: string, firstRow: number, step: () => Result): Result {
  try {
    return step();
  } catch (error) {
    throw error instanceof SealroomError ? error.inTable(file, column, firstRow) : error;
  }
}
