import { FRESH_MEMORY } from '../../../bytes/index.ts';
import { type Batch, type ColumnTable, type Field, sourceOf } from '../../../columns/index.ts';
import {
  createKernel,
  deriveSealingRoot,
  type KernelName,
  type OpenCellOptions,
  parseCollaborationId,
  type SharedSecret,
} from '../../../crypto/index.ts';
import { requireHeaders } from './headers.ts';
import { MixedColumns, type MixedColumnOptions } from './mixed-columns.ts';
import { countColumns, type FoundColumns, mixedTypesWarning, Opener } from './opener.ts';
import { type CellKeys, chooseTargets, type DecryptTarget, typeOfTarget } from './targets.ts';

/** How {@link decryptColumns} opens a table. */
export interface DecryptColumnsOptions extends MixedColumnOptions, OpenCellOptions {
  /** `null` to pass a table through that has no sealed cells, such as a result of counts. */
  readonly secret: SharedSecret | null;
  /** UUID of the collaboration. */
  readonly collaborationId: string;
  readonly kernel?: KernelName | undefined;
  /** Refuse tables with fingerprint cells, which cannot be opened. */
  readonly failOnFingerprintColumns?: boolean | undefined;
  /** Whether all values are wanted as text, as CSV has them; else columns get the types back that were sealed. */
  readonly asText?: boolean | undefined;
  /** What errors call the table. */
  readonly name?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An opened table. Columns that needed no opening share their buffers with the protected one. */
export interface DecryptedColumns extends ColumnTable {
  readonly rows: number;
  readonly columns: FoundColumns;
  /** Sealed cells that were opened. */
  readonly openedCells: number;
  /** Cells in sealed columns that are neither sealed nor null, and were passed on; 0 unless that is allowed. */
  readonly unsealedCells: number;
  /** Columns that became text because their cells are of several types, and columns with unsealed cells: one line each. */
  readonly warnings: readonly string[];
}

/**
 * Decrypts a whole table in memory: what `decryptTable` does, without files and threads, so in a browser too. Opens the sealed cells of
 * every column and passes the other cells on, in the order of the rows.
 *
 * A cell is authenticated by itself: neither its column, nor its row, nor its table is. A column that is sealed, by one of its cells or by
 * what the caller knows, holds nothing but sealed cells and nulls.
 *
 * @throws {SealroomError} SECRET_MISSING for a sealed cell without a secret; FORMAT_TAG for a wrong secret, wrong id or changed cell, FORMAT_CELL, FORMAT_VALUE for malformed ones, FORMAT_CELL
 *   for an unsealed one in a sealed column, with row and column; RULE_FINGERPRINT if asked; DATA_HEADER for a blank header; USAGE_OPTION for a bad id or an unknown kernel.
 * @throws {TypeError} if the batches do not fit the fields.
 */
export async function decryptColumns(table: ColumnTable, options: DecryptColumnsOptions): Promise<DecryptedColumns> {
  const { name = 'table', asText = false, signal } = options;
  const id = parseCollaborationId(options.collaborationId);
  using root = options.secret === null ? null : deriveSealingRoot(options.secret, id);
  const source = sourceOf(table, name);
  requireHeaders(source);
  const keys = { kernel: createKernel(options.kernel), root, lenientCells: options.lenientCells };
  const targets = await chooseTargets(source, asText, keys, signal);
  const warnings: string[] = [];
  const mixed = new MixedColumns(name, table.fields, options);
  for (;;) {
    const { batches, found } = openAll(table, targets, { ...options, name, keys, mixed });
    if (!found.some(({ isMixed }) => isMixed)) {
      const { unsealedCells, warnings: unsealed } = mixed.report(found);
      return {
        fields: table.fields.map((field, index) => fieldOf(field, targets[index])),
        batches,
        rows: batches.reduce((sum, batch) => sum + batch.rows, 0),
        columns: countColumns(found),
        openedCells: found.reduce((sum, { sealed }) => sum + sealed, 0),
        unsealedCells,
        warnings: [...warnings, ...unsealed],
      };
    }
    found.forEach(({ isMixed }, index) => {
      if (!isMixed) return;
      targets[index] = { mode: 'text', type: { kind: 'string' } };
      warnings.push(mixedTypesWarning(table.fields[index]?.name ?? ''));
    });
  }
}

function fieldOf(field: Field, target: DecryptTarget | undefined): Field {
  return { name: field.name, type: target === undefined ? field.type : typeOfTarget(target) };
}

interface Opening extends Pick<DecryptColumnsOptions, 'failOnFingerprintColumns' | 'signal'> {
  readonly name: string;
  readonly keys: CellKeys;
  readonly mixed: MixedColumns;
}

/** All batches; only some of them where a column turned out to have cells of several types. */
function openAll(
  { fields, batches }: ColumnTable,
  targets: readonly DecryptTarget[],
  { name, keys, mixed, failOnFingerprintColumns = false, signal }: Opening,
): { readonly batches: readonly Batch[]; readonly found: Opener['found'] } {
  const columns = fields.map((field) => field.name);
  // What text columns of the table hold may be no text.
  const setup = {
    targets,
    file: name,
    columns,
    isUtf8: false,
    failOnFingerprintColumns,
    declared: mixed.declared,
    isEmptyNull: false,
  };
  const opener = new Opener(setup, keys, FRESH_MEMORY);
  const opened: Batch[] = [];
  let rows = 0;
  for (const batch of batches) {
    signal?.throwIfAborted();
    opened.push(opener.open(batch, rows));
    mixed.check(opener.found);
    rows += batch.rows;
    if (opener.isMixed) break;
  }
  return { batches: opened, found: opener.found };
}
