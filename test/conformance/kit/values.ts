import { deriveSealingRoot, encodeNull, encodePrefix, padTarget, parseSharedSecret, typeByteOf } from 'sealroom/crypto';
import { canonicalBytes, CLIENT_KINDS } from 'sealroom/crypto';
import type { ClientKind, ClientType, ClientValue, PadRule, SealingRoot, SealTask } from 'sealroom/crypto';
import { VectorsError } from './case.ts';
import { optionalNumber, optionalText, textOf } from './json.ts';
import type { Members } from './json.ts';

/** Of the vectors' names of the units of timestamps. */
const UNITS: Readonly<Record<string, 'ms' | 'us' | 'ns'>> = { MILLIS: 'ms', MICROS: 'us', NANOS: 'ns' };

/** The kind of a vector's value, or `null` where C3R has a type (`UNKNOWN`) that is none of the format's. */
export function kindOf(vector: Members): ClientKind | null {
  const name = textOf(vector, 'type').toLowerCase();
  return CLIENT_KINDS.find((kind) => kind === name) ?? null;
}

/** The type of a vector's value, or `null` where it is unknown or lacks one of its parameters. */
export function typeOf(vector: Members): ClientType | null {
  const kind = kindOf(vector);
  switch (kind) {
    case null:
      return null;
    case 'decimal': {
      const precision = optionalNumber(vector, 'precision');
      const scale = optionalNumber(vector, 'scale');
      return precision === null || scale === null ? null : { kind, precision, scale };
    }
    case 'varchar': {
      const maxLength = optionalNumber(vector, 'max_length');
      return maxLength === null ? null : { kind, maxLength };
    }
    case 'timestamp': {
      const unit = UNITS[optionalText(vector, 'unit') ?? ''];
      const utc = vector['utc'];
      return unit === undefined || typeof utc !== 'boolean' ? null : { kind, unit, utc };
    }
    case 'string':
    case 'char':
    case 'boolean':
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'float':
    case 'double':
    case 'date':
      return { kind };
  }
}

/** The text of a vector's value; a long one is given by its repeated part. */
export function valueTextOf(vector: Members): string | null {
  const repeated = optionalText(vector, 'value_repeat');
  return repeated === null
    ? optionalText(vector, 'value')
    : repeated.repeat(optionalNumber(vector, 'value_times') ?? 0);
}

/** A value from its text in the vectors. */
export function parseValue(kind: ClientKind, text: string): ClientValue {
  switch (kind) {
    case 'string':
    case 'char':
    case 'varchar':
    case 'decimal':
      return text;
    case 'bigint':
    case 'timestamp':
      return BigInt(text);
    case 'boolean':
      return text === 'true';
    case 'float':
      return Math.fround(Number(text));
    case 'smallint':
    case 'int':
    case 'double':
    case 'date':
      return Number(text);
  }
}

/** The pad of a vector. */
function padRuleOf(vector: Members): PadRule {
  const kind = optionalText(vector, 'pad_type');
  if (kind === null || kind === 'none') return { kind: 'none' };
  if (kind !== 'fixed' && kind !== 'max') throw new VectorsError(`pad type expected none, fixed or max, got ${kind}`);
  return { kind, lengthBytes: optionalNumber(vector, 'pad_length') ?? 0 };
}

/** The task that seals a vector's value, nulls included. A null whose type lacks its parameters has no metadata. */
export function sealTaskOf(vector: Members): SealTask {
  const type = typeOf(vector);
  const kind = kindOf(vector);
  if (kind === null) throw new VectorsError(`a value to seal expected one of the format's types`);
  const nullEncoding = type === null ? Uint8Array.of(typeByteOf(kind, true)) : encodeNull(type);
  return {
    targetHeader: textOf(vector, 'column'),
    prefix: type === null ? new Uint8Array() : encodePrefix(type),
    nullEncoding,
    padTargetBytes: padTarget(padRuleOf(vector), {
      longestValueBytes: optionalNumber(vector, 'max_value_length') ?? 0,
      nullBytes: nullEncoding.length,
    }),
  };
}

/** A vector's value as a column of one row. */
export function valueBytesOf(vector: Members): Uint8Array | null {
  const text = valueTextOf(vector);
  const type = typeOf(vector);
  return text === null || type === null ? null : canonicalBytes(type, parseValue(type.kind, text));
}

/** The sealing root of a vector's secret and salt. */
export function rootOf(vector: Members): SealingRoot {
  using secret = parseSharedSecret(textOf(vector, 'secret'));
  return deriveSealingRoot(secret, textOf(vector, 'salt'));
}
