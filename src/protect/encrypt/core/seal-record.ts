import type { CollaborationSettings } from '../../../collab/index.ts';
import {
  type CellTarget,
  type ClientType,
  type ClientValue,
  type CollaborationId,
  createKernel,
  deriveFingerprintKey,
  deriveSealingRoot,
  type FingerprintKey,
  fingerprintValue,
  freshNonces,
  type Kernel,
  type KernelName,
  padTarget,
  parseCollaborationId,
  type RowKeys,
  sealCellInRow,
  sealedValueOf,
  type SealingRoot,
  type SharedSecret,
} from '../../../crypto/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import { isNormalised, NO_NORMALISERS, type Normaliser, type Normalisers } from '../../../normalise/index.ts';
import { type ColumnSchema, normaliseHeader, type TableSchema } from '../../../schema/index.ts';
import { checkSettings } from './plan.ts';

/** A value of a plain object that can be protected. A `Date` is sealed as a timestamp in milliseconds. */
export type RecordValue = string | number | bigint | boolean | Date | null | undefined;

/** A protected record: cells as text, cleartext values unchanged. */
export type ProtectedRecord = Record<string, RecordValue>;

/** The secret, collaboration and schema under which records are sealed. */
export interface RecordOptions {
  readonly schema: TableSchema;
  readonly secret: SharedSecret;
  /** UUID of the collaboration. */
  readonly collaborationId: string;
  readonly settings: CollaborationSettings;
  readonly kernel?: KernelName | undefined;
  /** What normalises the columns of the schema, `await loadNormalisers(schema.columns)`; needed if it normalises any. */
  readonly normalisers?: Normalisers | undefined;
}

interface RecordNames {
  readonly source: string;
  readonly target: string;
  readonly normaliser: Normaliser | null;
}

type RecordColumn = RecordNames &
  (
    | { readonly kind: 'cleartext' }
    | { readonly kind: 'fingerprint'; readonly key: FingerprintKey }
    | { readonly kind: 'sealed'; readonly padTargetBytes: number | null }
  );

/** Keys and columns for sealing many records; wiped on dispose. */
export interface RecordSealer extends Disposable {
  readonly kernel: Kernel;
  readonly root: SealingRoot;
  readonly columns: readonly RecordColumn[];
  readonly preserveNulls: boolean;
}

/**
 * Derives once what {@link sealRecord} needs for the records of a schema.
 *
 * @throws {SealroomError} SCHEMA_INVALID for a schema without header row, with a pad of type `max`, which needs the whole
 *   column, or with normalised columns if `normalisers` is missing; RULE_CLEARTEXT if the settings forbid its cleartext columns; USAGE_OPTION for a bad collaboration id.
 */
export function createRecordSealer(options: RecordOptions): RecordSealer {
  const { schema, secret, settings } = options;
  const id = parseCollaborationId(options.collaborationId);
  if (!schema.headerRow) {
    throw new SealroomError('SCHEMA_INVALID', 'records need a schema with `headerRow` true');
  }
  checkSettings(schema, settings);
  const normalisers = options.normalisers ?? NO_NORMALISERS;
  if (normalisers === NO_NORMALISERS && schema.columns.some(isNormalised)) {
    throw new SealroomError('SCHEMA_INVALID', 'the schema normalises columns, which needs `normalisers`', {
      hint: 'add `normalisers: await loadNormalisers(schema.columns)` to the options',
    });
  }
  const columns = schema.columns.map((column) => planColumn(column, normalisers.of(column), options, id));
  const root = deriveSealingRoot(secret, id);
  return {
    kernel: createKernel(options.kernel),
    root,
    columns,
    preserveNulls: settings.preserveNulls,
    [Symbol.dispose]() {
      root[Symbol.dispose]();
      for (const column of columns) if (column.kind === 'fingerprint') column.key[Symbol.dispose]();
    },
  };
}

function planColumn(
  column: ColumnSchema,
  normaliser: Normaliser | null,
  { secret, settings }: RecordOptions,
  id: CollaborationId,
): RecordColumn {
  const names = { source: column.sourceHeader, target: column.targetHeader, normaliser };
  switch (column.kind) {
    case 'cleartext':
      return { kind: 'cleartext', ...names };
    case 'fingerprint':
      return { kind: 'fingerprint', ...names, key: deriveFingerprintKey(secret, id, names.target, settings) };
    case 'sealed':
      if (column.pad.kind === 'max') {
        throw new SealroomError('SCHEMA_INVALID', 'records cannot use pad `max`', {
          where: { column: names.target },
          hint: 'the longest value of a column is not known record by record; use pad `none` or `fixed`',
        });
      }
      return {
        kind: 'sealed',
        ...names,
        padTargetBytes: padTarget(column.pad, { longestValueBytes: 0, nullBytes: 0 }),
      };
  }
}

/**
 * Protects a plain object under a schema: its sealed cells share one fresh nonce, like the cells of a row in a table.
 * Property names are compared like headers, trimmed and in lower case.
 *
 * Types: strings, booleans and bigints (64 bits) are sealed as such, a number as INT if it is a 32-bit integer and as DOUBLE
 * otherwise, a Date as TIMESTAMP in milliseconds UTC. Fingerprints take strings, booleans and whole numbers. Some
 * collaborations forbid repeated values; that needs the whole table and is not checked here. Columns that the schema normalises take
 * strings, which become null if a step can make nothing of them.
 *
 * @throws {SealroomError} DATA_COLUMN if a property is missing or ambiguous; DATA_TYPE, DATA_VALUE, DATA_LENGTH,
 *   DATA_ENCODING with the column if a value cannot be protected.
 *
 * @example
 * ```ts
 * import { createRecordSealer, HIGH_ASSURANCE, openRecord, parseSharedSecret, parseTableSchema, sealRecord } from 'sealroom';
 *
 * using secret = parseSharedSecret('AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=');
 * using sealer = createRecordSealer({
 *   schema: parseTableSchema(`{
 *     headerRow: true,
 *     columns: [
 *       { sourceHeader: 'email', type: 'fingerprint' },
 *       { sourceHeader: 'note', type: 'sealed', pad: { type: 'none' } }
 *     ]
 *   }`),
 *   secret,
 *   collaborationId: '00000000-1111-2222-3333-444444444444',
 *   settings: HIGH_ASSURANCE,
 * });
 * const row = sealRecord(sealer, { email: 'ann@example.com', note: 'called twice' });
 * console.log(Object.keys(row).join(', ')); // email_fingerprint, note_sealed
 * console.log(Object.values(openRecord(sealer, row)).at(-1)); // called twice
 * ```
 */
export function sealRecord(sealer: RecordSealer, record: Readonly<Record<string, RecordValue>>): ProtectedRecord {
  const values = new Map<string, RecordValue>();
  for (const [name, value] of Object.entries(record)) {
    const header = normaliseHeader(name);
    if (values.has(header)) {
      throw new SealroomError('DATA_COLUMN', `two properties have the header \`${header}\``);
    }
    values.set(header, value);
  }
  const cells = sealer.columns.map((column) => {
    const value = values.get(column.source);
    if (value === undefined && !values.has(column.source)) {
      throw new SealroomError('DATA_COLUMN', `the record has no property \`${column.source}\``, {
        where: { column: column.target },
        hint: 'use null for a missing value',
      });
    }
    return { column, value: atColumn(column, () => normaliseValue(column, value ?? null)) };
  });
  const sealed = cells.flatMap(({ column, value }) =>
    column.kind === 'sealed' && !(value === null && sealer.preserveNulls)
      ? [atColumn(column, () => sealedValueOf(targetOf(column), sealedTyped(value)))]
      : [],
  );
  const nonces = freshNonces(sealer.root, sealed, 1);
  using keys = sealer.kernel.deriveRowKeys(sealer.root, nonces);
  return Object.fromEntries(
    cells.map(({ column, value }): [string, RecordValue] => [
      column.target,
      atColumn(column, () => protectValue(sealer, keys, column, value)),
    ]),
  );
}

//= format F-102
function normaliseValue({ normaliser }: RecordColumn, value: RecordValue): RecordValue {
  if (normaliser === null || value === null || value === undefined) return value;
  if (typeof value !== 'string') {
    throw new SealroomError('DATA_TYPE', `a column that is normalised takes strings only, got a ${typeof value}`);
  }
  const result = normaliser(value);
  return typeof result === 'string' ? result : null;
}

/** Runs a step on a value, and names the column in its errors. */
function atColumn<Result>({ target }: RecordColumn, step: () => Result): Result {
  try {
    return step();
  } catch (error) {
    throw error instanceof SealroomError ? error.at({ column: target }) : error;
  }
}

function targetOf({ target, padTargetBytes }: RecordColumn & { kind: 'sealed' }): CellTarget {
  return { targetHeader: target, padTargetBytes };
}

function protectValue(sealer: RecordSealer, keys: RowKeys, column: RecordColumn, value: RecordValue): RecordValue {
  if (column.kind === 'cleartext' || (value === null && sealer.preserveNulls)) return value;
  if (column.kind === 'fingerprint') return fingerprintValue(sealer.kernel, column.key, fingerprintTyped(value));
  return sealCellInRow(sealer.kernel, keys, targetOf(column), sealedTyped(value));
}

interface Typed {
  readonly type: ClientType;
  readonly value: ClientValue | null;
}

function sealedTyped(value: RecordValue): Typed {
  if (value === null || value === undefined) return { type: { kind: 'string' }, value: null };
  if (value instanceof Date) {
    const ticks = value.getTime();
    if (Number.isNaN(ticks)) throw new SealroomError('DATA_VALUE', 'the Date is invalid');
    return { type: { kind: 'timestamp', unit: 'ms', utc: true }, value: BigInt(ticks) };
  }
  if (typeof value === 'string') return { type: { kind: 'string' }, value };
  if (typeof value === 'boolean') return { type: { kind: 'boolean' }, value };
  if (typeof value === 'bigint') return { type: { kind: 'bigint' }, value };
  return { type: { kind: Object.is(value | 0, value) ? 'int' : 'double' }, value };
}

function fingerprintTyped(value: RecordValue): Typed {
  if (typeof value !== 'number') return sealedTyped(value);
  if (!Number.isSafeInteger(value)) {
    throw new SealroomError('DATA_TYPE', 'a fingerprint column takes whole numbers only', {
      hint: 'fingerprint it as a string instead',
    });
  }
  return { type: { kind: 'bigint' }, value: BigInt(value) };
}
