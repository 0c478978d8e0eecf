import duckdb from '@duckdb/node-bindings';
import { SealroomError } from '../errors/index.ts';
import type { ColumnType } from '../columns/index.ts';

/** Most digits of a decimal. */
const MAX_DECIMAL_PRECISION = 38;

/**
 * Engine types that are passed through as they are: bytes per value of their vectors, or `null` for byte strings. TIME_S and TIME_MS are
 * ours: the engine has times in microseconds and nanoseconds only.
 */
const OPAQUE_TYPES: Readonly<Record<string, { readonly type: duckdb.Type; readonly width: number | null }>> = {
  TINYINT: { type: duckdb.Type.TINYINT, width: 1 },
  UTINYINT: { type: duckdb.Type.UTINYINT, width: 1 },
  USMALLINT: { type: duckdb.Type.USMALLINT, width: 2 },
  UINTEGER: { type: duckdb.Type.UINTEGER, width: 4 },
  UBIGINT: { type: duckdb.Type.UBIGINT, width: 8 },
  SMALLINT: { type: duckdb.Type.SMALLINT, width: 2 },
  INTEGER: { type: duckdb.Type.INTEGER, width: 4 },
  TIME_S: { type: duckdb.Type.TIME, width: 8 },
  TIME_MS: { type: duckdb.Type.TIME, width: 8 },
  TIME: { type: duckdb.Type.TIME, width: 8 },
  TIME_NS: { type: duckdb.Type.TIME_NS, width: 8 },
  'TIME WITH TIME ZONE': { type: duckdb.Type.TIME_TZ, width: 8 },
  TIMESTAMP: { type: duckdb.Type.TIMESTAMP, width: 8 },
  'TIMESTAMP WITH TIME ZONE': { type: duckdb.Type.TIMESTAMP_TZ, width: 8 },
  TIMESTAMP_NS: { type: duckdb.Type.TIMESTAMP_NS, width: 8 },
  INTERVAL: { type: duckdb.Type.INTERVAL, width: 16 },
  UUID: { type: duckdb.Type.UUID, width: 16 },
  HUGEINT: { type: duckdb.Type.HUGEINT, width: 16 },
  UHUGEINT: { type: duckdb.Type.UHUGEINT, width: 16 },
  VARCHAR: { type: duckdb.Type.VARCHAR, width: null },
  JSON: { type: duckdb.Type.VARCHAR, width: null },
  BLOB: { type: duckdb.Type.BLOB, width: null },
};

/** The type of a column that is passed through but never protected, or `unsupported` if it cannot even be passed through. */
export function opaqueType(engineType: string): ColumnType {
  const known = Object.hasOwn(OPAQUE_TYPES, engineType) ? OPAQUE_TYPES[engineType] : undefined;
  return known === undefined ? { kind: 'unsupported', engineType } : { kind: 'opaque', engineType, width: known.width };
}

/** The engine's type for a column that is written. Ticks of `ms` and `ns` UTC timestamps are handled by the writer. */
export function engineTypeOf(type: ColumnType): duckdb.LogicalType {
  switch (type.kind) {
    case 'string':
      return duckdb.create_logical_type(duckdb.Type.VARCHAR);
    case 'binary':
      return duckdb.create_logical_type(duckdb.Type.BLOB);
    case 'boolean':
      return duckdb.create_logical_type(duckdb.Type.BOOLEAN);
    case 'smallint':
      return duckdb.create_logical_type(duckdb.Type.SMALLINT);
    case 'int':
      return duckdb.create_logical_type(duckdb.Type.INTEGER);
    case 'bigint':
      return duckdb.create_logical_type(duckdb.Type.BIGINT);
    case 'float':
      return duckdb.create_logical_type(duckdb.Type.FLOAT);
    case 'double':
      return duckdb.create_logical_type(duckdb.Type.DOUBLE);
    case 'date':
      return duckdb.create_logical_type(duckdb.Type.DATE);
    case 'timestamp':
      return duckdb.create_logical_type(timestampType(type.unit, type.utc));
    case 'decimal': {
      const { precision, scale } = type;
      if (precision >= 1 && precision <= MAX_DECIMAL_PRECISION && scale >= 0 && scale <= precision) {
        return duckdb.create_decimal_type(precision, scale);
      }
      throw new SealroomError(
        'DATA_TYPE',
        `decimal columns of precision ${precision} and scale ${scale} cannot be written`,
      );
    }
    case 'opaque': {
      const known = Object.hasOwn(OPAQUE_TYPES, type.engineType) ? OPAQUE_TYPES[type.engineType] : undefined;
      if (known === undefined) break;
      const logical = duckdb.create_logical_type(known.type);
      if (type.engineType === 'JSON') duckdb.logical_type_set_alias(logical, 'JSON');
      return logical;
    }
    case 'unsupported':
      break;
  }
  throw new SealroomError('DATA_TYPE', `columns of type ${type.engineType} cannot be carried`);
}

// The engine has one zoned type, in microseconds. Milliseconds fit in it exactly (the writer multiplies); nanoseconds keep
// their digits and lose the zone flag instead.
function timestampType(unit: 'ms' | 'us' | 'ns', utc: boolean): duckdb.Type {
  switch (unit) {
    case 'ms':
      return utc ? duckdb.Type.TIMESTAMP_TZ : duckdb.Type.TIMESTAMP_MS;
    case 'us':
      return utc ? duckdb.Type.TIMESTAMP_TZ : duckdb.Type.TIMESTAMP;
    case 'ns':
      return duckdb.Type.TIMESTAMP_NS;
  }
}
