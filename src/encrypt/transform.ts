import { isUtf8 } from 'node:buffer';
import { type ByteColumn, countNulls, isValid } from '../bytes/index.ts';
import { isFixedType, type Kernel, MAX_CELL_BYTES, randomNonces, renderColumn } from '../crypto/index.ts';
import { SealroomError } from '../errors.ts';
import type { Batch, ColumnData, ColumnType } from '../tabular/index.ts';
import { canonicalBytesOf, clientTypeOf } from './canonical.ts';
import type { EncryptPlan, PlannedColumn } from './plan.ts';

type Use = 'fingerprint' | 'sealed';

/**
 * Protects the rows of a batch: one fresh nonce per row, shared by the row's sealed cells.
 *
 * @throws {SealroomError} DATA_LENGTH, DATA_VALUE with the column and `where.row`, the 0-based row within the batch.
 */
export function protectBatch(plan: EncryptPlan, kernel: Kernel, batch: Batch): Batch {
  const isSealing = plan.columns.some((column) => column.kind === 'sealed');
  using keys = kernel.deriveRowKeys(plan.root, randomNonces(isSealing ? batch.rows : 0));
  const converted = new Map<string, ByteColumn>();
  const bytesOf = (column: PlannedColumn, use: Use): ByteColumn => {
    const name = `${use} ${String(column.source)}`;
    const known = converted.get(name);
    if (known !== undefined) return known;
    const bytes = canonicalBytesOf(sourceOf(batch, column), typeOf(plan, column), use);
    converted.set(name, bytes);
    return bytes;
  };
  return {
    rows: batch.rows,
    columns: plan.columns.map((column): ColumnData => {
      try {
        switch (column.kind) {
          case 'cleartext':
            return carryColumn(sourceOf(batch, column), typeOf(plan, column), column.toText);
          case 'fingerprint':
            return { layout: 'bytes', ...kernel.fingerprintColumn(column.task, bytesOf(column, 'fingerprint')) };
          case 'sealed':
            return { layout: 'bytes', ...kernel.sealColumn(column.task, keys, bytesOf(column, 'sealed')) };
        }
      } catch (error) {
        throw error instanceof SealroomError ? error.at({ column: column.target }) : error;
      }
    }),
  };
}

/** How many nulls the sources of a batch's protected columns hold, column by column. */
export function countSourceNulls(plan: EncryptPlan, batch: Batch): number[] {
  return plan.columns.map((column) => countNulls(sourceOf(batch, column).validity, batch.rows));
}

function sourceOf(batch: Batch, column: PlannedColumn): ColumnData {
  const source = batch.columns[column.source];
  if (source === undefined) throw new Error('a batch without a planned column');
  return source;
}

function typeOf(plan: EncryptPlan, column: PlannedColumn): ColumnType {
  const field = plan.sourceFields[column.source];
  if (field === undefined) throw new Error('a plan without a source field');
  return field.type;
}

function carryColumn(column: ColumnData, type: ColumnType, toText: boolean): ColumnData {
  if (column.layout === 'fixed') {
    if (!toText) return column;
    const clientType = clientTypeOf(type);
    if (clientType === null || !isFixedType(clientType)) throw new Error(`no text form of type ${type.kind}`);
    return { layout: 'bytes', ...renderColumn(clientType, column) };
  }
  // The engine does not check all text of Parquet files.
  const isText = type.kind !== 'string' || isUtf8(column.bytes);
  for (let row = 0; row < column.rows; row++) {
    if (!isText && !isUtf8(column.bytes.subarray(column.offsets[row], column.offsets[row + 1]))) {
      throw new SealroomError('DATA_ENCODING', 'text expected in UTF-8, got other bytes', { where: { row } });
    }
    const length = (column.offsets[row + 1] ?? 0) - (column.offsets[row] ?? 0);
    //= format F-52
    if (length > MAX_CELL_BYTES && isValid(column.validity, row)) {
      throw new SealroomError(
        'DATA_LENGTH',
        `expected cells of at most ${String(MAX_CELL_BYTES)} bytes, got ${String(length)}`,
        { where: { row } },
      );
    }
  }
  return column;
}
