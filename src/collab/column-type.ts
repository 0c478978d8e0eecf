/** What can be done with values of a type; values of two families are never compared. */
export type TypeFamily = 'text' | 'number' | 'date' | 'timestamp' | 'boolean';

/** The SQL types that a column of a manifest can have, besides `DECIMAL(precision,scale)`. */
const FAMILIES = {
  VARCHAR: 'text',
  BOOLEAN: 'boolean',
  TINYINT: 'number',
  SMALLINT: 'number',
  INTEGER: 'number',
  BIGINT: 'number',
  FLOAT: 'number',
  DOUBLE: 'number',
  DATE: 'date',
  TIMESTAMP: 'timestamp',
} as const satisfies Readonly<Record<string, TypeFamily>>;

const NAMES: ReadonlyMap<string, TypeFamily> = new Map(Object.entries(FAMILIES));

const DECIMAL = /^DECIMAL\(([1-9]\d?),(0|[1-9]\d?)\)$/;

const MAX_PRECISION = 38;

/** What a type may be, for messages. */
export const COLUMN_TYPES_IN_WORDS = `${[...NAMES.keys()].join(', ')}, DECIMAL(precision,scale)`;

/**
 * The family of a SQL type as a manifest writes it, such as `BIGINT` or `DECIMAL(18,2)`, or `null` if it is none of them.
 * Capitals count; a decimal has a precision of 1 to 38 digits and no more of them after the point.
 */
export function familyOf(type: string): TypeFamily | null {
  const family = NAMES.get(type);
  if (family !== undefined) return family;
  const [, precision, scale] = DECIMAL.exec(type) ?? [];
  if (precision === undefined || scale === undefined) return null;
  return Number(precision) <= MAX_PRECISION && Number(scale) <= Number(precision) ? 'number' : null;
}
