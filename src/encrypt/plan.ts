import type { CollaborationSettings } from '../collab/index.ts';
import {
  type ClientType,
  deriveFingerprintKey,
  deriveSealingRoot,
  encodeNull,
  encodePrefix,
  type FingerprintTask,
  fingerprintTypeByte,
  padTarget,
  type SealingRoot,
  type SealTask,
  type SharedSecret,
} from '../crypto/index.ts';
import { SealroomError } from '../errors.ts';
import type { ColumnSchema, TableSchema } from '../schema/index.ts';
import type { ColumnType, Field, TableFormat, TableReader } from '../tabular/index.ts';
import { clientTypeOf } from './canonical.ts';

/** What becomes of one column; `source` is the index of its source among the columns that are read. */
export type PlannedColumn =
  | { readonly kind: 'cleartext'; readonly source: number; readonly target: string; readonly toText: boolean }
  | { readonly kind: 'fingerprint'; readonly source: number; readonly target: string; readonly task: FingerprintTask }
  | { readonly kind: 'sealed'; readonly source: number; readonly target: string; readonly task: SealTask };

/** All that the transformation of a table needs; its keys are wiped on dispose. */
export interface EncryptPlan extends Disposable {
  /** Indexes of the source table's columns to read, each once. */
  readonly sources: readonly number[];
  readonly sourceFields: readonly Field[];
  readonly columns: readonly PlannedColumn[];
  /** The fields of the encrypted table. */
  readonly fields: readonly Field[];
  readonly root: SealingRoot;
}

/** The longest value of each sealed column with pad `max`, in bytes without type byte and metadata; by target header. */
export type Insight = ReadonlyMap<string, number | null>;

/** What a plan is made from. */
export interface PlanInput {
  readonly schema: TableSchema;
  readonly settings: CollaborationSettings;
  readonly reader: TableReader;
  /** For each column of the schema, its source in the table. */
  readonly sources: readonly number[];
  readonly insight: Insight;
  readonly secret: SharedSecret;
  readonly collaborationId: string;
  readonly outputFormat: TableFormat;
}

/**
 * Refuses schemas that the collaboration's settings do not allow.
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
  throw new SealroomError(
    'RULE_CLEARTEXT',
    `cleartext columns found, which the collaboration forbids: ${names.join(', ')}`,
    {
      hint: 'make them sealed or fingerprint columns, or leave them out',
    },
  );
}

/**
 * Derives keys and pads for every column of a table.
 *
 * @throws {SealroomError} DATA_TYPE if a column's type cannot be protected as the schema says; DATA_LENGTH if a pad has no
 *   room for the column's longest value.
 */
export function planEncryption(input: PlanInput): EncryptPlan {
  const { schema, reader } = input;
  const read = [...new Set(input.sources)];
  const keys: Disposable[] = [];
  const root = deriveSealingRoot(input.secret, input.collaborationId);
  keys.push(root);
  try {
    const columns: PlannedColumn[] = [];
    const fields: Field[] = [];
    //= format F-57
    schema.columns.forEach((column, index) => {
      const field = reader.fields[input.sources[index] ?? -1];
      if (field === undefined) throw new Error('a source outside the table');
      const source = read.indexOf(input.sources[index] ?? -1);
      try {
        const planned = planColumn(column, field, source, input);
        if (planned.kind === 'fingerprint') keys.push(planned.task.key);
        columns.push(planned);
        fields.push({
          name: column.targetHeader,
          type: targetType(planned, field),
          isPlain: planned.kind !== 'cleartext',
        });
      } catch (error) {
        throw error instanceof SealroomError ? error.at({ file: reader.name, column: column.targetHeader }) : error;
      }
    });
    return {
      sources: read,
      sourceFields: read.map((source) => reader.fields[source] ?? { name: '', type: { kind: 'string' } }),
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

function planColumn(column: ColumnSchema, field: Field, source: number, input: PlanInput): PlannedColumn {
  const target = column.targetHeader;
  switch (column.kind) {
    case 'cleartext': {
      const isCsv = input.outputFormat === 'csv';
      return { kind: 'cleartext', source, target, toText: isCsv && !['string', 'binary'].includes(field.type.kind) };
    }
    case 'fingerprint':
      return {
        kind: 'fingerprint',
        source,
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
      const longest = input.insight.get(target) ?? null;
      const lengths = {
        longestValueBytes: longest === null ? 0 : prefix.length + longest,
        nullBytes: nullEncoding.length,
      };
      return {
        kind: 'sealed',
        source,
        target,
        task: {
          targetHeader: target,
          prefix,
          nullEncoding: input.settings.preserveNulls ? null : nullEncoding,
          padTargetBytes: padTarget(column.pad, lengths),
        },
      };
    }
  }
}

function protectedType(field: Field): ClientType {
  const type = clientTypeOf(field.type);
  if (type !== null) return type;
  throw new SealroomError(
    'DATA_TYPE',
    `a column of type ${'engineType' in field.type ? field.type.engineType : field.type.kind} cannot be protected`,
    {
      hint:
        field.type.kind === 'binary'
          ? 'say `--parquet-binary-as-string` if it holds text, or make it a cleartext column'
          : 'make it a cleartext column, or convert it to text first',
    },
  );
}

//= format F-89
function targetType(planned: PlannedColumn, field: Field): ColumnType {
  return planned.kind !== 'cleartext' || planned.toText ? { kind: 'string' } : field.type;
}
