import { MAX_PADDED_BYTES } from '../../crypto/index.ts';
import type { ColumnCells } from '../decrypt/opened-reader.ts';
import { quoteForMessage, SealroomError } from '../../errors/index.ts';
import { MAX_PAD_LENGTH_BYTES, parseTableSchema, type TableSchema } from '../../schema/index.ts';
import type { Field } from '../../columns/index.ts';
import type { Protection, Provenance } from '../../tabular/index.ts';

/** A protected table, as its cells and what goes with it say. */
export interface ProtectedColumns {
  /** The schema that makes the same columns out of the opened ones. */
  readonly schema: TableSchema;
  /** Indexes of the sealed columns, and of those without a pad. */
  readonly sealed: readonly number[];
  readonly unpadded: ReadonlySet<number>;
  /** Whether nulls in sealed columns are visible. */
  readonly preserveNulls: boolean;
}

/**
 * How the columns of a protected table are protected: as the sidecar or the metadata say, else as the cells do.
 *
 * @throws {SealroomError} DATA_COLUMN if it has other columns than are said, FORMAT_CELL if a column has other cells.
 */
export function protectionsOf(
  file: string,
  fields: readonly Field[],
  cells: readonly (ColumnCells | null)[],
  provenance: Provenance | null,
): readonly Protection[] {
  const names = fields.map(({ name }) => name);
  const said = provenance?.columns.map(({ name }) => name);
  if (said !== undefined && (said.length !== names.length || said.some((name, index) => name !== names[index]))) {
    throw new SealroomError('DATA_COLUMN', `expected the columns ${listNames(said)}, got ${listNames(names)}`, {
      where: { file },
      hint: 'the file has other columns than when it was encrypted',
    });
  }
  return fields.map(({ name }, index) => {
    const found = foundProtection(file, name, cells[index] ?? null);
    return found ?? provenance?.columns[index]?.protection ?? 'cleartext';
  });
}

/** What the cells of a column are, or `null` if there are none but nulls. */
function foundProtection(file: string, column: string, cells: ColumnCells | null): Protection | null {
  if (cells === null) return 'cleartext';
  const kinds = (['sealed', 'fingerprint', 'cleartext'] as const).filter((kind) => cells[kind] > 0);
  if (kinds.length <= 1) return kinds[0] ?? null;
  throw new SealroomError('FORMAT_CELL', `expected cells of one kind, got ${kinds.join(' and ')}`, {
    where: { file, column },
  });
}

/**
 * The way from the opened table back to a protected one with the same columns and lengths of cells.
 *
 * @throws {SealroomError} DATA_COLUMN if there are fingerprints, which need the original; DATA_LENGTH for a pad that no schema can
 *   say; SCHEMA_* for headers that cannot be target headers.
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

/** All cells have the same length: whether that is because of a pad does not matter. */
function padOf(file: string, column: string, cells: ColumnCells | null | undefined): number {
  const bytes = cells?.mostBytes ?? 0;
  if (bytes <= MAX_PAD_LENGTH_BYTES) return bytes;
  throw new SealroomError(
    'DATA_LENGTH',
    `expected a padded length of at most ${String(MAX_PAD_LENGTH_BYTES)} bytes, got ${String(bytes)}`,
    {
      where: { file, column },
      hint: `pads of ${String(MAX_PAD_LENGTH_BYTES)} to ${String(MAX_PADDED_BYTES)} bytes come of pad \`max\`: encrypt the original again`,
    },
  );
}

/** Names for a message. */
export function listNames(names: readonly string[]): string {
  return names.map(quoteForMessage).join(', ');
}
