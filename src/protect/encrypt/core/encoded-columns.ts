import {
  type ClientType,
  fingerprintedBytesOf,
  isFixedType,
  renderColumn,
  sealedBytesOf,
} from '../../../crypto/index.ts';
import { byteColumnOf, encodeUtf8, isValid } from '../../../bytes/index.ts';
import { type ColumnData, type ColumnType, textOfOpaque } from '../../../columns/index.ts';

/**
 * The form in which a column's values are kept until they are protected: as they were read, as the bytes that are sealed or
 * fingerprinted, or as text.
 */
export type EncodedForm = 'read' | 'sealed' | 'fingerprint' | 'text';

/**
 * The type under which a column's values can be protected, or `null` if they can only be passed through. That of UUIDs is text, which is
 * how other formats have them.
 */
//= format F-87
export function clientTypeOf(type: ColumnType): ClientType | null {
  if (isUuid(type)) return { kind: 'string' };
  return type.kind === 'binary' || type.kind === 'opaque' || type.kind === 'unsupported' ? null : type;
}

/**
 * Converts a column's values to the form in which they are kept until they are protected.
 *
 * @throws {SealroomError} DATA_VALUE with `where.row` (0-based) if a decimal does not fit its precision and scale.
 */
export function encodeValues(column: ColumnData, type: ColumnType, form: EncodedForm): ColumnData {
  if (form === 'read' || column.layout === 'bytes') return column;
  if (isUuid(type)) return uuidTexts(column);
  const clientType = clientTypeOf(type);
  if (clientType === null || !isFixedType(clientType)) throw new Error(`a fixed-width column of type ${type.kind}`);
  switch (form) {
    case 'sealed':
      return { layout: 'bytes', ...sealedBytesOf(clientType, column) };
    case 'fingerprint':
      return { layout: 'bytes', ...fingerprintedBytesOf(clientType, column) };
    case 'text':
      return { layout: 'bytes', ...renderColumn(clientType, column) };
  }
}

function isUuid(type: ColumnType): boolean {
  return type.kind === 'opaque' && type.engineType === 'UUID';
}

/** UUIDs as 36 characters in lower case. */
function uuidTexts({ rows, values, validity }: Extract<ColumnData, { layout: 'fixed' }>): ColumnData {
  const texts = Array.from({ length: rows }, (_, row) =>
    isValid(validity, row) ? encodeUtf8(textOfOpaque('UUID', values, row)) : null,
  );
  return { layout: 'bytes', ...byteColumnOf(texts) };
}
