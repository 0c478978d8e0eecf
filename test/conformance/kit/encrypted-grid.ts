import type { TableSchema } from 'sealroom';
import type { Kernel, SealingRoot } from 'sealroom/crypto';
import { bytesOfText, columnOf, hexOf, valueIn } from './bytes.ts';
import { Mismatch } from './case.ts';
import { columnAt, rowsOf } from './grid.ts';
import type { Grid } from './grid.ts';
import { ivOf, partsOf } from './reference.ts';

const SEALED = '=02:enc:';
const FINGERPRINT = '=02:hmac:';

/** An opened cell: what was sealed, and how long its padded payload is. */
interface OpenedCell {
  readonly encoded: string;
  readonly payloadBytes: number;
}

function openColumn(kernel: Kernel, root: SealingRoot, cells: readonly string[]): readonly (OpenedCell | null)[] {
  const sealed = cells.map((cell) => (cell.startsWith(SEALED) ? cell.slice(1) : null));
  const { values } = kernel.openColumn(
    root,
    columnOf(sealed.map((cell) => (cell === null ? null : bytesOfText(cell)))),
  );
  return sealed.map((cell, row) => {
    const encoded = cell === null ? null : valueIn(values, row);
    if (cell === null || encoded === null) return null;
    return { encoded: hexOf(encoded), payloadBytes: partsOf(cell).ciphertext.length };
  });
}

function isNull({ encoded }: OpenedCell): boolean {
  return Number.parseInt(encoded.slice(0, 2), 16) % 2 === 1;
}

/**
 * An encrypted table in a form in which two encryptions of one input are equal: sealed cells by what they hold and the
 * length of their payload, fingerprints that only one of the two has as random.
 *
 * @param other the other encryption
 * @param isByC3r whether lengths are to be brought to sealroom's maximum where a column holds only nulls (format F-43)
 */
export function comparableGrid(
  grid: Grid,
  other: Grid,
  schema: TableSchema,
  keys: { readonly kernel: Kernel; readonly root: SealingRoot },
  isByC3r: boolean,
): Grid {
  const columns = schema.columns.map((column, index): readonly string[] => {
    const cells = columnAt(grid, index);
    if (column.kind === 'cleartext') return cells;
    if (column.kind === 'fingerprint') {
      const known = new Set(columnAt(other, index));
      return cells.map((cell) => (cell.startsWith(FINGERPRINT) && !known.has(cell) ? 'random' : cell));
    }
    const opened = openColumn(keys.kernel, keys.root, cells);
    const values = opened.filter((cell) => cell !== null);
    const isShorter = isByC3r && column.pad.kind === 'max' && values.every(isNull);
    return cells.map((cell, row) => {
      const value = opened[row] ?? null;
      if (value === null) return cell;
      const bytes = value.payloadBytes + (isShorter ? value.encoded.length / 2 : 0);
      return `sealed ${value.encoded} in ${String(bytes)} bytes`;
    });
  });
  return { headers: grid.headers, columns };
}

/** @throws {Mismatch} unless as many fingerprints of each column are random as its source has nulls to hide. */
export function expectRandomNulls(
  grid: Grid,
  schema: TableSchema,
  countNulls: (column: TableSchema['columns'][number]) => number,
): void {
  schema.columns.forEach((column, index) => {
    if (column.kind !== 'fingerprint') return;
    const random = columnAt(grid, index).filter((cell) => cell === 'random').length;
    const nulls = countNulls(column);
    if (random === nulls) return;
    throw new Mismatch(
      `${String(nulls)} random fingerprints in \`${column.targetHeader}\`, one per null`,
      `${String(random)} that are not C3R's`,
    );
  });
}

/** @throws {Mismatch} unless each row has one nonce, no two rows have the same, and IVs are of header and nonce. */
export function expectNoncesAndIvs(grid: Grid, schema: TableSchema): void {
  const seen = new Set<string>();
  for (let row = 0; row < rowsOf(grid); row++) {
    const ofRow = new Set<string>();
    schema.columns.forEach((column, index) => {
      const cell = columnAt(grid, index)[row] ?? '';
      if (column.kind !== 'sealed' || !cell.startsWith(SEALED)) return;
      const { nonce, iv } = partsOf(cell.slice(1));
      ofRow.add(hexOf(nonce));
      if (hexOf(iv) !== hexOf(ivOf(column.targetHeader, nonce))) {
        throw new Mismatch(`the IV of \`${column.targetHeader}\` and the row's nonce`, 'another');
      }
    });
    for (const nonce of ofRow) {
      if (ofRow.size > 1 || seen.has(nonce))
        throw new Mismatch('a nonce per row', 'several in a row, or one in two rows');
      seen.add(nonce);
    }
  }
}
