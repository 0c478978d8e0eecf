import { encodeI32 } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';

/** The unit of a timestamp's ticks: milliseconds, microseconds or nanoseconds. */
export type TimestampUnit = 'ms' | 'us' | 'ns';

/** The type of a value that can be sealed: "client type" is C3R's term. Structurally a subset of the column types of tables. */
export type ClientType =
  | {
      readonly kind: 'string' | 'char' | 'boolean' | 'smallint' | 'int' | 'bigint' | 'float' | 'double' | 'date';
    }
  | { readonly kind: 'varchar'; readonly maxLength: number }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'timestamp'; readonly unit: TimestampUnit; readonly utc: boolean };

/** The name of a type, without its parameters. */
export type ClientKind = ClientType['kind'];

/** All kinds, in the order of their type indexes. */
export const CLIENT_KINDS = [
  'string',
  'bigint',
  'boolean',
  'char',
  'date',
  'decimal',
  'double',
  'float',
  'int',
  'smallint',
  'timestamp',
  'varchar',
] as const satisfies readonly ClientKind[];

/** Bit 0 of a type byte: the value is null. */
export const NULL_FLAG = 1;

/** Type index per kind. */
//= format F-10
const TYPE_INDEX: Readonly<Record<ClientKind, number>> = {
  string: 1,
  bigint: 2,
  boolean: 3,
  char: 4,
  date: 5,
  decimal: 6,
  double: 7,
  float: 8,
  int: 9,
  smallint: 10,
  timestamp: 11,
  varchar: 12,
};

const KINDS_BY_INDEX: ReadonlyMap<number, ClientKind> = new Map(
  CLIENT_KINDS.map((kind): [number, ClientKind] => [TYPE_INDEX[kind], kind]),
);

/** Unit numbers in the metadata of a timestamp. */
//= format F-21
const UNIT_NUMBER: Readonly<Record<TimestampUnit, number>> = { ms: 0, us: 1, ns: 2 };

/** The type byte of a kind, for a null or a non-null value. */
export function typeByteOf(kind: ClientKind, isNull: boolean): number {
  //= format F-9
  return (TYPE_INDEX[kind] << 1) | (isNull ? NULL_FLAG : 0);
}

/** The kind of a type byte, ignoring its null flag, or `null` if there is none. */
export function kindOfTypeByte(typeByte: number): ClientKind | null {
  return KINDS_BY_INDEX.get(typeByte >> 1) ?? null;
}

/** The timestamp unit of a number in metadata, or `null` if there is none. */
export function unitOfNumber(unitNumber: number): TimestampUnit | null {
  switch (unitNumber) {
    case UNIT_NUMBER.ms:
      return 'ms';
    case UNIT_NUMBER.us:
      return 'us';
    case UNIT_NUMBER.ns:
      return 'ns';
    default:
      return null;
  }
}

/**
 * Refuses what the compiler would catch but an untyped caller can pass: an unknown kind, or a kind without its parameters.
 *
 * @throws {SealroomError} DATA_TYPE in both cases.
 */
function requireWholeType(type: ClientType): void {
  if (!Object.hasOwn(TYPE_INDEX, type.kind)) {
    throw new SealroomError('DATA_TYPE', 'unknown column type');
  }
  const isWhole =
    (type.kind !== 'varchar' || Number.isInteger(type.maxLength)) &&
    (type.kind !== 'decimal' || (Number.isInteger(type.precision) && Number.isInteger(type.scale))) &&
    (type.kind !== 'timestamp' || (Object.hasOwn(UNIT_NUMBER, type.unit) && typeof type.utc === 'boolean'));
  if (!isWhole) throw new SealroomError('DATA_TYPE', `type ${type.kind} needs its parameters`);
}

function encodeMetadata(type: ClientType): readonly Uint8Array[] {
  requireWholeType(type);
  switch (type.kind) {
    case 'varchar':
      //= format F-13
      return [encodeI32(type.maxLength)];
    case 'decimal':
      //= format F-18
      return [encodeI32(type.precision), encodeI32(type.scale)];
    case 'timestamp':
      return [Uint8Array.of(type.utc ? 1 : 0), encodeI32(UNIT_NUMBER[type.unit])];
    case 'string':
    case 'char':
    case 'boolean':
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'float':
    case 'double':
    case 'date':
      return [];
  }
}

/** Joins byte strings. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/**
 * What precedes every non-null value of a type when it is sealed: `type byte ‖ metadata`, 1 to 9 bytes.
 *
 * @throws {SealroomError} DATA_TYPE if the type is unknown or lacks a parameter.
 */
export function encodePrefix(type: ClientType): Uint8Array {
  //= format F-22
  return concatBytes([Uint8Array.of(typeByteOf(type.kind, false)), ...encodeMetadata(type)]);
}

/**
 * The whole encoded null of a type: `type byte with the null flag ‖ metadata`, 1 to 9 bytes.
 *
 * @throws {SealroomError} DATA_TYPE if the type is unknown or lacks a parameter.
 */
export function encodeNull(type: ClientType): Uint8Array {
  //= format F-23
  return concatBytes([Uint8Array.of(typeByteOf(type.kind, true)), ...encodeMetadata(type)]);
}

/** The kinds that represent the equivalence classes in fingerprints. */
export type FingerprintClass = 'string' | 'bigint' | 'boolean' | 'date';

/**
 * The equivalence class of a type: equal values of one class have equal fingerprints.
 *
 * @throws {SealroomError} DATA_TYPE if values of the type cannot be fingerprinted, or it is unknown.
 */
export function equivalenceClass(type: ClientType): FingerprintClass {
  requireWholeType(type);
  switch (type.kind) {
    //= format F-24
    case 'string':
    case 'char':
    case 'varchar':
      return 'string';
    case 'smallint':
    case 'int':
    case 'bigint':
      return 'bigint';
    case 'boolean':
      return 'boolean';
    case 'date':
      return 'date';
    //= format F-25
    case 'timestamp':
    case 'decimal':
    case 'double':
    case 'float':
      throw new SealroomError('DATA_TYPE', `type ${type.kind} is not supported in fingerprint columns`);
  }
}

/** The type byte that is hashed after each value of a fingerprint column of this type. */
export function fingerprintTypeByte(type: ClientType): number {
  return typeByteOf(equivalenceClass(type), false);
}
