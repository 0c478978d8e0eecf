import type { ByteColumn } from '../bytes/index.ts';
import { type ClientType, fingerprintedBytesOf, isFixedType, sealedBytesOf } from '../crypto/index.ts';
import type { ColumnData, ColumnType } from '../tabular/index.ts';

/** The type under which a column's values can be protected, or `null` if they can only be carried. */
export function clientTypeOf(type: ColumnType): ClientType | null {
  return type.kind === 'binary' || type.kind === 'opaque' || type.kind === 'unsupported' ? null : type;
}

/** A column's values as the bytes that are sealed or fingerprinted, without type byte and metadata. */
export function canonicalBytesOf(column: ColumnData, type: ColumnType, use: 'fingerprint' | 'sealed'): ByteColumn {
  if (column.layout === 'bytes') return column;
  const clientType = clientTypeOf(type);
  if (clientType === null || !isFixedType(clientType)) throw new Error(`a fixed-width column of type ${type.kind}`);
  return use === 'sealed' ? sealedBytesOf(clientType, column) : fingerprintedBytesOf(clientType, column);
}
