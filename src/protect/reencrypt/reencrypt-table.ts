import type { CollaborationSettings } from '../../collab/index.ts';
import { type KernelName, type OpenCellOptions, parseCollaborationId, type SharedSecret } from '../../crypto/index.ts';
import { declaredColumns } from '../decrypt/core/mixed-columns.ts';
import { type ColumnCells, inspectCells, openSealedColumns } from '../decrypt/core/opened-reader.ts';
import { checkOptions, type EncryptProgress, type EncryptSummary } from '../encrypt/encrypt-options.ts';
import { encryptRows, encryptTable } from '../encrypt/encrypt-table.ts';
import { SealroomError } from '../../errors/index.ts';
import {
  checkedTable,
  SIGNED_NULL,
  type SignedTransferOptions,
  type TableSigning,
  transferSignedTable,
} from '../../signed-tables/index.ts';
import type { TableSchema } from '../../schema/index.ts';
import {
  nameOf,
  openTable,
  type Protection,
  type Provenance,
  type TableInput,
  type TableReader,
  toTableInput,
  type TransferOptions,
} from '../../tabular/index.ts';
import { listNames, protectedColumns, protectionsOf } from './core/columns.ts';

/** The options of both ways to a new secret; `input` is the protected table. */
export interface ReencryptOptions extends SignedTransferOptions, OpenCellOptions {
  /** UUID of the collaboration. */
  readonly collaborationId: string;
  /** The secret with which the table is encrypted. */
  readonly from: SharedSecret;
  /** The secret with which it will be encrypted. */
  readonly to: SharedSecret;
  /** Identifies the secret `to`; written along with the output. */
  readonly provenance: Pick<Provenance, 'generation' | 'secretId'>;
  /** The provenance from the table's sidecar or metadata, if it has any. */
  readonly origin: Provenance | null;
  /** Signs the output, as `encryptTable` does. */
  readonly sign?: TableSigning | undefined;
  /** Headers of columns that are sealed by other evidence than their cells and the origin, such as a manifest. */
  readonly sealedColumns?: readonly string[] | undefined;
  /** As for `encryptTable`. */
  readonly target?: 'aws' | undefined;
  readonly kernel?: KernelName | undefined;
  readonly threads?: number | undefined;
  readonly onProgress?: ((progress: EncryptProgress) => void) | undefined;
}

/** The source of values that cannot be opened. */
export interface OriginalOptions extends Omit<ReencryptOptions, 'from'> {
  /** The table that was encrypted; a string is the path of a file. */
  readonly original: string | TableInput;
  readonly schema: TableSchema;
  readonly settings: CollaborationSettings;
}

/**
 * Encrypts a protected table of sealed and cleartext columns with another secret: opens each cell and seals its value again,
 * with the same type and length. The rows are shuffled anew.
 *
 * Opened values stay in memory, or in the shuffle's temporary file, encrypted under a key of this process. The table is read
 * twice: to classify the cells, and to open them, on this thread.
 *
 * @throws {SealroomError} DATA_COLUMN if it has fingerprint columns; DATA_TYPE, DATA_LENGTH, DATA_VALUE for columns of several
 *   types or pads, CHAR or VARCHAR, or nulls both sealed and visible, which need the original; FORMAT_TAG if `from` is not its
 *   secret; FORMAT_SIGNATURE if the table is not the one that was signed; FORMAT_CELL for an unsealed cell in a sealed column;
 *   FORMAT_CELL, FORMAT_VALUE, USAGE_OPTION, IO_* as `encryptTable`. No output is left behind.
 */
export async function reencryptTable(options: ReencryptOptions): Promise<EncryptSummary> {
  const started = performance.now();
  const collaborationId = parseCollaborationId(options.collaborationId);
  // As our own CSV output: an empty field is a null, and `""` an empty text.
  const { csvInputNull = SIGNED_NULL } = options;
  return transferSignedTable({ ...options, csvInputNull }, {}, async (reader, outputFormat) => {
    const { cells, protections } = await inspectColumns(reader, options);
    const { schema, preserveNulls, ...columns } = protectedColumns(reader.name, reader.fields, cells, protections);
    const { from, to, kernel, signal, lenientCells } = options;
    const opened = await openSealedColumns(reader, {
      ...columns,
      secret: from,
      collaborationId,
      kernel,
      signal,
      lenientCells,
      preserveNulls,
    });
    try {
      const settings = { ...EVERYTHING, preserveNulls };
      const checked = checkOptions({ ...options, collaborationId, secret: to, schema, settings });
      return await encryptRows(checked, opened, outputFormat, started);
    } finally {
      await opened.close();
    }
  });
}

/**
 * Finds out how the columns are protected, and what cells they have. A column that is sealed by any evidence holds sealed cells and nulls
 * only, without exception: what nobody sealed would be sealed.
 */
async function inspectColumns(
  reader: TableReader,
  { origin, sealedColumns = [], signal }: Pick<ReencryptOptions, 'origin' | 'sealedColumns' | 'signal'>,
): Promise<{ readonly cells: readonly (ColumnCells | null)[]; readonly protections: readonly Protection[] }> {
  const { name, fields } = reader;
  const said = origin?.columns.filter(({ protection }) => protection === 'sealed') ?? [];
  const declared = declaredColumns(fields, [...said.map((column) => column.name), ...sealedColumns]);
  const cells = await inspectCells(reader, declared, signal);
  return { cells, protections: protectionsOf(name, fields, cells, origin, declared) };
}

/** Settings that allow whatever the table already contains. */
const EVERYTHING = { allowCleartext: true, allowDuplicates: true, allowJoinsOnColumnsWithDifferentNames: false };

/**
 * Encrypts the original of a protected table with another secret, after checking that it has the same number of rows, and
 * gives the same columns with the same protections. Its values are not compared with those that were encrypted.
 *
 * @throws {SealroomError} DATA_COLUMN, DATA_FIELDS if it is the original of another table; USAGE_OPTION, RULE_CLEARTEXT,
 *   RULE_DUPLICATES, DATA_*, IO_* as `encryptTable`.
 */
export async function reencryptOriginal(options: OriginalOptions): Promise<EncryptSummary> {
  const rows = await checkColumns(options);
  const { original: input, to: secret } = options;
  const beforeCommit: TransferOptions['beforeCommit'] = async (facts) => {
    if (facts.rows !== rows) {
      throw new SealroomError('DATA_FIELDS', `the original must have ${String(rows)} rows, got ${String(facts.rows)}`, {
        where: { file: nameOf(toTableInput(input)) },
        hint: 'it is not the table that was encrypted; to encrypt another one, use `sealroom encrypt`',
      });
    }
    await options.beforeCommit?.(facts);
  };
  return encryptTable({ ...options, input, secret, beforeCommit });
}

/** Counts the rows of the protected table, and checks that its columns are those of the schema. */
async function checkColumns(options: OriginalOptions): Promise<number> {
  const { input, schema, origin, sealedColumns, signature, signal } = options;
  const table = await openTable(input, { csvInputNull: SIGNED_NULL, signal });
  try {
    const reader = signature === undefined ? table : checkedTable(table, signature);
    const { protections } = await inspectColumns(reader, { origin, sealedColumns, signal });
    const got = schema.columns.map(({ targetHeader, kind }) => `${targetHeader} ${kind}`);
    const expected = reader.fields.map(({ name }, index) => `${name} ${protections[index] ?? ''}`);
    if (got.join('\n') !== expected.join('\n')) {
      throw new SealroomError('DATA_COLUMN', `the schema must give ${listNames(expected)}, got ${listNames(got)}`, {
        where: { file: reader.name },
        hint: 'use the schema that the table was encrypted with',
      });
    }
    return reader.rows ?? (await countRows(reader, signal));
  } finally {
    await table.close();
  }
}

async function countRows(reader: TableReader, signal: AbortSignal | undefined): Promise<number> {
  let rows = 0;
  for await (const batch of reader.batches({ columns: [0], signal })) rows += batch.rows;
  return rows;
}
