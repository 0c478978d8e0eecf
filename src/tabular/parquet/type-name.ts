/** A top-level element of a Parquet file's own schema, as the engine describes it. */
export interface ParquetElement {
  readonly name: string;
  /** Empty for a group. */
  readonly physical: string;
  /** The length of a FIXED_LEN_BYTE_ARRAY, or 0. */
  readonly typeLength: number;
  readonly repetition: string;
  /** The annotation of old files, or empty. */
  readonly converted: string;
  /** The annotation as text: `TimeType(isAdjustedToUTC=0, unit=…)`, or empty. */
  readonly logical: string;
  readonly precision: number;
  readonly scale: number;
  readonly isGroup: boolean;
}

/** Logical types without parameters, by the engine's names for them. */
const NAMES: Readonly<Record<string, string>> = {
  StringType: 'STRING',
  EnumType: 'ENUM',
  JsonType: 'JSON',
  BsonType: 'BSON',
  UUIDType: 'UUID',
  Float16Type: 'FLOAT16',
  DateType: 'DATE',
  NullType: 'UNKNOWN',
  ListType: 'LIST',
  MapType: 'MAP',
  VariantType: 'VARIANT',
  GeometryType: 'GEOMETRY',
  GeographyType: 'GEOGRAPHY',
};

/** Annotations of old files under their names of today. */
const CONVERTED: Readonly<Record<string, string>> = {
  UTF8: 'STRING',
  MAP_KEY_VALUE: 'MAP',
  TIMESTAMP_MILLIS: 'TIMESTAMP(MILLIS, UTC)',
  TIMESTAMP_MICROS: 'TIMESTAMP(MICROS, UTC)',
};

/**
 * What a Parquet file calls the type of a column, as the format's documentation writes it: `FLOAT16`, `TIME(NANOS, UTC)`,
 * `DECIMAL(50, 2)`, `FIXED_LEN_BYTE_ARRAY(3)`, `LIST`.
 */
export function parquetTypeName(element: ParquetElement): string {
  const name = annotationName(element) ?? physicalName(element);
  return element.repetition === 'REPEATED' ? `repeated ${name}` : name;
}

function annotationName({ logical, converted, precision, scale }: ParquetElement): string | null {
  const kind = /^[A-Za-z0-9]+/.exec(logical)?.[0] ?? '';
  switch (kind) {
    case 'DecimalType':
      return `DECIMAL(${String(precision)}, ${String(scale)})`;
    case 'TimeType':
      return `TIME(${timeParameters(logical)})`;
    case 'TimestampType':
      return `TIMESTAMP(${timeParameters(logical)})`;
    case 'IntType': {
      // The engine prints the number of bits as the character of that number.
      const [, bits = '', sign] = /bitWidth=([^]), isSigned=(.)/.exec(logical) ?? [];
      return `INT(${String(bits.charCodeAt(0))}, ${sign === '1' || sign === 't' ? 'signed' : 'unsigned'})`;
    }
  }
  if (kind !== '') return NAMES[kind] ?? kind.replace(/Type$/, '').toUpperCase();
  if (converted === 'DECIMAL') return `DECIMAL(${String(precision)}, ${String(scale)})`;
  const [, unsigned, bits] = /^(U?)INT_(\d+)$/.exec(converted) ?? [];
  if (bits !== undefined) return `INT(${bits}, ${unsigned === '' ? 'signed' : 'unsigned'})`;
  return converted === '' ? null : (CONVERTED[converted] ?? converted);
}

/** Unit and zone of a time or a timestamp. */
function timeParameters(logical: string): string {
  const unit = timeUnitOf(logical);
  const name = { ms: 'MILLIS', us: 'MICROS', ns: 'NANOS' }[unit];
  return isUtc(logical) ? `${name}, UTC` : name;
}

/** The unit of a time or a timestamp, from its annotation as text. */
export function timeUnitOf(logical: string): 'ms' | 'us' | 'ns' {
  if (logical.includes('MILLIS=MilliSeconds')) return 'ms';
  return logical.includes('MICROS=MicroSeconds') ? 'us' : 'ns';
}

/** Whether the values of a time or a timestamp are in UTC, from its annotation as text. */
export function isUtc(logical: string): boolean {
  return /isAdjustedToUTC=(1|true)/.test(logical);
}

function physicalName({ physical, typeLength, isGroup }: ParquetElement): string {
  if (isGroup) return 'group';
  return physical === 'FIXED_LEN_BYTE_ARRAY' ? `${physical}(${String(typeLength)})` : physical;
}
