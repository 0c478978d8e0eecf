// Reads the vectors in test/vectors/c3r, which C3R 3.0.5 itself made (JDK 17); each file's `note` says what is in it.
import { readFileSync } from 'node:fs';
import {
  createKernel,
  deriveSealingRoot,
  encodeNull,
  encodePrefix,
  padTarget,
  parseSharedSecret,
  typeByteOf,
} from 'sealroom/crypto';
import type { ClientKind, ClientType, ClientValue, Kernel, PadRule, SealingRoot, SealTask } from 'sealroom/crypto';
import { RUNNABLE_KERNELS } from '../support/kernels.ts';

function readVectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../vectors/c3r/${name}.json`, import.meta.url), 'utf8'));
}

export interface KeyVector {
  readonly secret: string;
  readonly salt: string;
  readonly sealed_root_key: string;
  readonly fingerprint_key_shared: string;
  readonly fingerprint_keys: readonly { readonly column: string; readonly key: string }[];
  readonly cell_keys: readonly {
    readonly column: string;
    readonly nonce: string;
    readonly key: string;
    readonly iv: string;
  }[];
}

interface ValueVector {
  readonly id: string;
  readonly secret: string;
  readonly salt: string;
  readonly column: string;
  readonly type: string;
  readonly value: string | null;
  readonly precision?: number | null;
  readonly scale?: number | null;
  readonly max_length?: number | null;
  readonly unit?: 'MILLIS' | 'MICROS' | 'NANOS' | null;
  readonly utc?: boolean | null;
}

export interface FingerprintVector extends ValueVector {
  readonly allow_joins: boolean;
  readonly preserve_nulls: boolean;
  readonly message_hex: string | null;
  readonly expected: string | null;
}

interface SealInputs extends ValueVector {
  readonly pad_type: 'none' | 'fixed' | 'max';
  readonly pad_length: number | null;
  readonly max_value_length?: number;
}

export interface SealedVector extends SealInputs {
  readonly nonce: string;
  readonly preserve_nulls: boolean;
  readonly encoded_hex: string | null;
  readonly expected: string | null;
  readonly decrypts_to_csv?: string | null;
}

export interface CaseVector extends SealInputs {
  readonly op: string;
  readonly what: string;
  readonly cell: string;
  readonly message: string;
  readonly result: string;
}

/** A value too long to be listed. */
export interface RepeatedCaseVector extends CaseVector {
  readonly value_repeat: string;
  readonly value_times: number;
}

export const KEY_VECTORS = (readVectors('keys') as { keys: KeyVector[] }).keys;
export const FINGERPRINT_VECTORS = (readVectors('fingerprint') as { cells: FingerprintVector[] }).cells;
export const SEALED_VECTORS = (readVectors('sealed') as { cells: SealedVector[] }).cells;
const CASES = readVectors('reject') as {
  rejected: (CaseVector | RepeatedCaseVector)[];
  accepted: (CaseVector | RepeatedCaseVector)[];
};

/** What C3R refuses, of one operation. */
export function rejectedCases(op: string): (CaseVector | RepeatedCaseVector)[] {
  return CASES.rejected.filter((vector) => vector.op === op);
}

/** What C3R accepts, of one operation. */
export function acceptedCases(op: string): (CaseVector | RepeatedCaseVector)[] {
  return CASES.accepted.filter((vector) => vector.op === op);
}

export const KERNELS: readonly Kernel[] = RUNNABLE_KERNELS.map((name) => createKernel(name));

export function bytesOfBase64(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'base64'));
}

export function bytesOfHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function rootOf(vector: { secret: string; salt: string }): SealingRoot {
  return deriveSealingRoot(parseSharedSecret(vector.secret), vector.salt);
}

export function kindOf(vector: ValueVector): ClientKind {
  return vector.type.toLowerCase() as ClientKind;
}

/** The type of a vector, or `null` where the vector leaves the type's parameters out. */
export function typeOf(vector: ValueVector): ClientType | null {
  const kind = kindOf(vector);
  switch (kind) {
    case 'decimal': {
      const { precision, scale } = vector;
      return typeof precision === 'number' && typeof scale === 'number' ? { kind, precision, scale } : null;
    }
    case 'varchar':
      return typeof vector.max_length === 'number' ? { kind, maxLength: vector.max_length } : null;
    case 'timestamp': {
      const unit = ({ MILLIS: 'ms', MICROS: 'us', NANOS: 'ns' } as const)[vector.unit ?? 'MILLIS'];
      return typeof vector.utc === 'boolean' && typeof vector.unit === 'string'
        ? { kind, unit, utc: vector.utc }
        : null;
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

export function valueOf(kind: ClientKind, text: string): ClientValue {
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

function padRuleOf(vector: SealInputs): PadRule {
  const kind = vector.pad_type;
  return kind === 'none' ? { kind } : { kind, lengthBytes: vector.pad_length ?? 0 };
}

/** The task that seals a vector's value; nulls are sealed. */
export function sealTaskOf(vector: SealInputs): SealTask {
  const type = typeOf(vector);
  const nullEncoding = type === null ? Uint8Array.of(typeByteOf(kindOf(vector), true)) : encodeNull(type);
  return {
    targetHeader: vector.column,
    prefix: type === null ? new Uint8Array() : encodePrefix(type),
    nullEncoding,
    padTargetBytes: padTarget(padRuleOf(vector), {
      longestValueBytes: vector.max_value_length ?? 0,
      nullBytes: nullEncoding.length,
    }),
  };
}
