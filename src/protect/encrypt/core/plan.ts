import type { CollaborationSettings } from '../../../collab/index.ts';
import {
  type ClientType,
  type CollaborationId,
  deriveFingerprintKey,
  deriveSealingRoot,
  encodeNull,
  encodePrefix,
  type FingerprintTask,
  fingerprintTypeByte,
  padTarget,
  type PadRule,
  type SealingRoot,
  type SealTask,
  type SharedSecret,
} from '../../../crypto/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import type { Normaliser, Normalisers } from '../../../normalise/index.ts';
import type { ColumnSchema, TableSchema } from '../../../schema/index.ts';
import { type ColumnSource, type ColumnType, type Field, widthOf } from '../../../columns/index.ts';
import type { EncodedIndex, ReadIndex, TableIndex } from './column-index.ts';
import { clientTypeOf, type EncodedForm } from './encoded-columns.ts';

/** A column of values to be protected. */
export interface EncodedColumn {
  readonly source: ReadIndex;
  readonly form: EncodedForm;
  /** What is done to the texts of the column; `null` for nothing. */
  readonly normaliser: Normaliser | null;
}

/** The plan for one target column, and where its values are. */
export type PlannedColumn = { readonly stored: EncodedIndex; readonly target: string } & (
  | { readonly kind: 'cleartext' }
  | { readonly kind: 'fingerprint'; readonly task: FingerprintTask }
  | { readonly kind: 'sealed'; readonly task: Omit<SealTask, 'padTargetBytes'>; readonly pad: PadRule }
);

/** What the encryption of a table needs before its first row is read. Disposing it wipes its keys. */
export interface EncryptPlan extends Disposable {
  /** The columns to read, each once, and their fields. A `ReadIndex` is one into these lists. */
  readonly sources: readonly TableIndex[];
  readonly sourceFields: readonly Field[];
  /** An `EncodedIndex` is one into this list. */
  readonly encoded: readonly EncodedColumn[];
  readonly columns: readonly PlannedColumn[];
  /** The fields of the encrypted table. */
  readonly fields: readonly Field[];
  readonly root: SealingRoot;
}

/** The padded length of each planned column, as in `SealTask`; `null` for columns that are not sealed or not padded. */
export type Pads = readonly (number | null)[];

/** The input of a plan. */
export interface PlanInput {
  readonly schema: TableSchema;
  readonly settings: CollaborationSettings;
  readonly table: Pick<ColumnSource, 'name' | 'fields'>;
  /** For each column of the schema, its source. */
  readonly sources: readonly TableIndex[];
  readonly secret: SharedSecret;
  readonly collaborationId: CollaborationId;
  /** Whether the output holds nothing but text, as CSV does; else cleartext columns keep their types. */
  readonly asText: boolean;
  /** What normalises the columns of the schema. */
  readonly normalisers: Normalisers;
}

/**
 * Refuses a schema that the collaboration's settings do not allow.
 *
 * @throws {SealroomError} RULE_CLEARTEXT naming the columns.
 */
export function checkSettings(schema: TableSchema, settings: CollaborationSettings): void {
  //= format F-61
  if (settings.allowCleartext) return;
  const names = schema.columns
    .filter((column) => column.kind === 'cleartext')
    .map((column) => `\`${column.targetHeader}\``);
  if (names.length === 0) return;
  throw new SealroomError('RULE_CLEARTEXT', `the collaboration forbids cleartext columns: ${names.join(', ')}`, {
    hint: 'seal them, or leave them out; if the members agreed to allow them, use `--allow-cleartext`, or `allowCleartext` in the manifest',
  });
}

/**
 * Derives the keys, and plans every column of a table.
 *
 * @throws {SealroomError} DATA_TYPE if a column's type cannot be protected as the schema says; DATA_LENGTH if a pad is over
 *   its limit.
 */
export function planEncryption(input: PlanInput): EncryptPlan {
  const { schema, table } = input;
  const read: readonly TableIndex[] = [...new Set(input.sources)];
  const stored = new EncodedColumns();
  const keys: Disposable[] = [];
  const root = deriveSealingRoot(input.secret, input.collaborationId);
  keys.push(root);
  try {
    const columns: PlannedColumn[] = [];
    const fields: Field[] = [];
    //= format F-57
    schema.columns.forEach((column, index) => {
      const at = input.sources[index] ?? -1;
      const given = table.fields[at];
      if (given === undefined) throw new Error('a source outside the table');
      const source: ReadIndex = read.indexOf(at);
      try {
        const normaliser = input.normalisers.of(column);
        const field = normaliser === null ? given : asNormalised(given);
        const form = normaliser === null ? encodedForm(column.kind, given.type, input.asText) : 'text';
        const planned = planColumn(column, field, stored.indexOf({ source, form, normaliser }), input);
        if (planned.kind === 'fingerprint') keys.push(planned.task.key);
        columns.push(planned);
        fields.push({
          name: column.targetHeader,
          //= format F-89
          type: column.kind !== 'cleartext' || input.asText ? { kind: 'string' } : field.type,
          isPlain: column.kind !== 'cleartext',
        });
      } catch (error) {
        throw error instanceof SealroomError ? error.at({ file: table.name, column: column.targetHeader }) : error;
      }
    });
    return {
      sources: read,
      sourceFields: read.map((index) => table.fields[index] ?? { name: '', type: { kind: 'string' } }),
      encoded: stored.columns,
      columns,
      fields,
      root,
      [Symbol.dispose]() {
        for (const key of keys) key[Symbol.dispose]();
      },
    };
  } catch (error) {
    for (const key of keys) key[Symbol.dispose]();
    throw error;
  }
}

/** The stored columns, each once, however many target columns use it. */
class EncodedColumns {
  readonly columns: EncodedColumn[] = [];

  indexOf(wanted: EncodedColumn): EncodedIndex {
    const known = this.columns.findIndex(
      ({ source, form, normaliser }) =>
        source === wanted.source && form === wanted.form && normaliser === wanted.normaliser,
    );
    return known === -1 ? this.columns.push(wanted) - 1 : known;
  }
}

/**
 * The field of a column once it is normalised, which makes text of any type that can be protected.
 *
 * @throws {SealroomError} DATA_TYPE if the type cannot be protected.
 */
//= format F-114
export function asNormalised(field: Field): Field {
  protectedType(field);
  return { ...field, type: { kind: 'string' } };
}

function encodedForm(kind: ColumnSchema['kind'], type: ColumnType, asText: boolean): EncodedForm {
  // Byte strings are their own canonical bytes.
  if (widthOf(type) === null) return 'read';
  if (kind !== 'cleartext') return kind;
  return asText ? 'text' : 'read';
}

function planColumn(column: ColumnSchema, field: Field, stored: EncodedIndex, input: PlanInput): PlannedColumn {
  const target = column.targetHeader;
  switch (column.kind) {
    case 'cleartext':
      return { kind: 'cleartext', stored, target };
    case 'fingerprint':
      return {
        kind: 'fingerprint',
        stored,
        target,
        task: {
          typeByte: fingerprintTypeByte(protectedType(field)),
          nulls: input.settings.preserveNulls ? 'keep' : 'random',
          key: deriveFingerprintKey(input.secret, input.collaborationId, target, input.settings),
        },
      };
    case 'sealed': {
      const type = protectedType(field);
      const prefix = encodePrefix(type);
      const nullEncoding = encodeNull(type);
      // A pad over its limit is refused before the table is read.
      padTarget(column.pad, { longestValueBytes: 0, nullBytes: nullEncoding.length });
      return {
        kind: 'sealed',
        stored,
        target,
        pad: column.pad,
        task: {
          targetHeader: target,
          prefix,
          nullEncoding: input.settings.preserveNulls ? null : nullEncoding,
        },
      };
    }
  }
}

/** The padded length of a sealed column, from the bytes of its longest value without type byte and metadata. */
export function padOf(column: PlannedColumn & { kind: 'sealed' }, longestBytes: number | null): number | null {
  const { prefix } = column.task;
  return padTarget(column.pad, {
    longestValueBytes: longestBytes === null ? 0 : prefix.length + longestBytes,
    // A null is encoded as type byte and metadata, which is also the prefix of a value.
    nullBytes: prefix.length,
  });
}

function protectedType(field: Field): ClientType {
  const type = clientTypeOf(field.type);
  if (type !== null) return type;
  const name = field.typeName ?? ('engineType' in field.type ? field.type.engineType : field.type.kind);
  throw new SealroomError('DATA_TYPE', `a column of type ${name} cannot be protected`, { hint: wayOut(field.type) });
}

/** What can be done about a column of a type that cannot be protected. */
function wayOut(type: ColumnType): string {
  if (type.kind === 'unsupported') return 'leave the column out of the schema, or convert it to text first';
  return type.kind === 'binary'
    ? 'if a Parquet file holds text in it, use `--parquet-binary-as-string`; otherwise make it a cleartext column, or convert it to text first'
    : 'make it a cleartext column, or convert it to text first';
}
