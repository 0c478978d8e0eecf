import { createHash } from 'node:crypto';
import { copyFile } from 'node:fs/promises';
import { byteColumnOf } from '#src/bytes/byte-column';
import { type Batch, type Field, signaturePath } from 'sealroom/tabular';
import { batchOf as batchOfColumns, readTable, textColumn, writeTable } from '../tabular/support.ts';

/** Rows of texts, with null for a null. */
export type Rows = readonly (readonly (string | null)[])[];

/** Fields of text. */
export function textFields(count: number): readonly Field[] {
  return Array.from({ length: count }, (_, index) => ({ name: `c${String(index)}`, type: { kind: 'string' } }));
}

/** Rows of texts as one batch. */
export function batchOf(rows: Rows, columns: number): Batch {
  return {
    rows: rows.length,
    columns: Array.from({ length: columns }, (_, index) => ({
      layout: 'bytes',
      ...byteColumnOf(
        rows.map((row) => {
          const value = row[index] ?? null;
          return value === null ? null : Buffer.from(value);
        }),
      ),
    })),
  };
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** The leaf of a row, written from clause F-95. */
function leafOf(row: readonly (Uint8Array | null)[]): Buffer {
  const parts = row.flatMap((value) => {
    const head = Buffer.alloc(5);
    head.writeUInt8(value === null ? 1 : 0, 0);
    head.writeUInt32BE(value?.length ?? 0, 1);
    return value === null ? [head] : [head, Buffer.from(value)];
  });
  return sha256(Buffer.of(0), ...parts);
}

/** The root over leaves, written from clause F-96 and RFC 6962 §2.1. */
export function rootOf(leaves: readonly Buffer[]): string {
  const node = (from: number, to: number): Buffer => {
    if (to - from === 1) return sorted[from] ?? Buffer.alloc(0);
    let split = 1;
    while (split * 2 < to - from) split *= 2;
    return sha256(Buffer.of(1), node(from, from + split), node(from + split, to));
  };
  const sorted = [...leaves].sort((a, b) => Buffer.compare(a, b));
  return (sorted.length === 0 ? sha256() : node(0, sorted.length)).toString('hex');
}

/** The root over rows of texts, written from the clauses. */
export function rootOfRows(rows: Rows): string {
  return rootOf(rows.map((row) => leafOf(row.map((value) => (value === null ? null : Buffer.from(value))))));
}

/** The values of a table, column by column. */
export type Columns = (string | null)[][];

/** Writes a table again with changed columns of text, in the format of the new name, and copies its signature. */
export async function writeAgain(from: string, to: string, change: (columns: Columns) => Columns): Promise<void> {
  const { fields, columns } = await readTable(from, { csvInputNull: '' });
  const changed = change(columns).map((values) =>
    textColumn(values.map((value) => (value === null ? null : Buffer.from(value, 'latin1')))),
  );
  await writeTable(to, fields, [batchOfColumns(...changed)], { overwrite: true });
  await copyFile(signaturePath(from), signaturePath(to));
}
