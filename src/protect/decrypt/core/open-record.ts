import {
  type DecodedValue,
  type Kernel,
  openCell,
  type OpenCellOptions,
  renderValue,
  type SealingRoot,
} from '../../../crypto/index.ts';
import { SealroomError } from '../../../errors/index.ts';

/** A value of an opened record; see {@link openRecord}. */
export type OpenedValue = string | number | bigint | boolean | Date | null;

/**
 * Opens the sealed cells of a plain object, such as a row of a query result; everything else stays as it is.
 *
 * Text, booleans, BIGINT (as bigint), INT, SMALLINT, FLOAT and DOUBLE (as number) are returned as such, a TIMESTAMP in
 * milliseconds as a Date; DECIMAL, DATE and finer TIMESTAMP values as strings.
 *
 * A property that holds no sealed cell is passed on, whatever it should hold: nothing but the caller knows which properties are sealed.
 *
 * @param keys the kernel and the sealing root, for example a record sealer
 * @throws {SealroomError} FORMAT_CELL, FORMAT_TAG, FORMAT_VALUE with the property's name if a sealed cell does not open.
 */
export function openRecord<Value>(
  keys: { readonly kernel: Kernel; readonly root: SealingRoot },
  record: Readonly<Record<string, Value>>,
  options?: OpenCellOptions,
): Record<string, Value | OpenedValue> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]): [string, Value | OpenedValue] => {
      if (typeof value !== 'string') return [name, value];
      try {
        const cell = openCell(keys.kernel, keys.root, value, options);
        return [name, cell.kind === 'sealed' ? toJavaScript(cell.value) : value];
      } catch (error) {
        throw error instanceof SealroomError ? error.at({ column: name }) : error;
      }
    }),
  );
}

function toJavaScript(decoded: DecodedValue): OpenedValue {
  const { kind, type, value } = decoded;
  switch (kind) {
    case 'timestamp':
      if (typeof value === 'bigint' && type?.kind === 'timestamp' && type.unit === 'ms') return new Date(Number(value));
      return renderValue(decoded);
    case 'date':
    case 'decimal':
      return renderValue(decoded);
    case 'string':
    case 'char':
    case 'varchar':
    case 'bigint':
    case 'int':
    case 'smallint':
    case 'boolean':
    case 'float':
    case 'double':
      return value;
  }
}
