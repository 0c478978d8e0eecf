import { MAX_PADDED_BYTES } from '../../../crypto/index.ts';
import { unsealedCellError } from '../../decrypt/core/mixed-columns.ts';
import type { ColumnCells } from '../../decrypt/core/opened-reader.ts';
import { quoteForMessage, SealroomError } from '../../../errors/index.ts';
import { MAX_PAD_LENGTH_BYTES, parseTableSchema, type TableSchema } from '../../../schema/index.ts';
import type { Field } from '../../../columns/index.ts';
import type { Protection, Provenance } from '../../../tabular/index.ts';

/** The protection of a table, from its cells and its provenance. */
export interface ProtectedColumns {
  /** The schema that gives the same columns again from the opened ones. */
  readonly schema: TableSchema;
  /** Indexes of the sealed columns, and of the unpadded ones among them. */
  readonly sealed: readonly number[];
  readonly unpadded: ReadonlySet<number>;
  /** Whether nulls in sealed columns are visible. */
  readonly preserveNulls: boolean;
}

/**
 * The protection of each column of a protected table, from its sidecar or metadata if it has one, otherwise from its cells.
 *
 * @param declared whether each column is sealed by other evidence than its cells
 * @throws {SealroomError} DATA_COLUMN if the columns are not those of the sidecar, FORMAT_CELL if a column mixes cells, or a sealed one
 *   holds one that is not sealed.
 */
export function protectionsOf(
  file: string,
  fields: readonly Field[],
  cells: readonly (ColumnCells | null)[],
  provenance: Provenance | null,
  declared: readonly boolean[],
): readonly Protection[] {
  const names = fields.map(({ name }) => name);
  const said = provenance?.columns.map(({ name }) => name);
  if (said !== undefined && (said.length !== names.length || said.some((name, index) => name !== names[index]))) {
    throw new SealroomError('DATA_COLUMN', `expected the columns ${listNames(said)}, got ${listNames(names)}`, {
      where: { file },
      hint: 'the columns of the file are not those it was encrypted with',
    });
  }
  return fields.map(({ name }, index) => {
    const found = foundProtection(file, name, cells[index] ?? null, declared[index] === true);
    return found ?? provenance?.columns[index]?.protection ?? 'cleartext';
  });
}

/** The protection of a column from its cells, or `null` if it has only nulls. */
function foundProtection(
  file: string,
  column: string,
  cells: ColumnCells | null,
  isDeclared: boolean,
): Protection | null {
  if (cells === null) return 'cleartext';
  //= format F-92
  if (cells.firstUnsealed !== null && (isDeclared || cells.sealed > 0)) {
    throw unsealedCellError({ file, column, row: cells.firstUnsealed });
  }
  const kinds = (['sealed', 'fingerprint', 'cleartext'] as const).filter((kind) => cells[kind] > 0);
  if (kinds.length <= 1) return kinds[0] ?? null;
  throw new SealroomError('FORMAT_CELL', `the column mixes ${kinds.join(' and ')} cells`, {
    where: { file, column },
  });
}

/**
 * Plans the way from the opened table back to a protected one with the same columns and cell lengths.
 *
 * @throws {SealroomError} DATA_COLUMN if there are fingerprints, which need the original; DATA_LENGTH for a pad that no schema
 *   can express; SCHEMA_* for headers that cannot be target headers.
 */
export function protectedColumns(
  file: string,
  fields: readonly Field[],
  cells: readonly (ColumnCells | null)[],
  protections: readonly Protection[],
): ProtectedColumns {
  const fingerprints = fields.filter((_, index) => protections[index] === 'fingerprint').map(({ name }) => name);
  if (fingerprints.length > 0) {
    throw new SealroomError('DATA_COLUMN', `fingerprints cannot be opened: ${listNames(fingerprints)}`, {
      where: { file },
      hint: 'give the table that was encrypted, and its schema: `--original <file> --schema <schema>`',
    });
  }
  const sealed = fields.flatMap((_, index) => (protections[index] === 'sealed' ? [index] : []));
  const unpadded = new Set(sealed.filter((index) => cells[index]?.leastBytes !== cells[index]?.mostBytes));
  const columns = fields.map(({ name }, index) => {
    const names = { sourceHeader: name, targetHeader: name };
    if (protections[index] !== 'sealed') return { ...names, type: 'cleartext' };
    const pad = unpadded.has(index) ? { type: 'none' } : { type: 'fixed', length: padOf(file, name, cells[index]) };
    return { ...names, type: 'sealed', pad };
  });
  return {
    schema: parseTableSchema(JSON.stringify({ headerRow: true, columns }), { file }),
    sealed,
    unpadded,
    preserveNulls: sealed.some((index) => (cells[index]?.nulls ?? 0) > 0),
  };
}

/** Whether all cells have the same length, because of a pad or not. */
function padOf(file: string, column: string, cells: ColumnCells | null | undefined): number {
  const bytes = cells?.mostBytes ?? 0;
  if (bytes <= MAX_PAD_LENGTH_BYTES) return bytes;
  throw new SealroomError(
    'DATA_LENGTH',
    `expected a padded length of at most ${String(MAX_PAD_LENGTH_BYTES)} bytes, got ${String(bytes)}`,
    {
      where: { file, column },
      hint: `only pad \`max\` gives ${String(MAX_PAD_LENGTH_BYTES)} to ${String(MAX_PADDED_BYTES)} bytes: encrypt the original again`,
    },
  );
}

/** Lists names for a message. */
export function listNames(names: readonly string[]): string {
  return names.map(quoteForMessage).join(', ');
}
