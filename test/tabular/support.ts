import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { SealroomError } from '#src/errors/sealroom-error';
import type { ByteSource } from '#src/files/byte-source';
import type { Batch, ColumnData, Field, TableReader } from 'sealroom/tabular';
import { createTable, openTable } from 'sealroom/tabular';
import type { CreateOptions, OpenOptions, TableInput, TableOutput } from 'sealroom/tabular';

/** Property tests run the same cases every time. */
export const SEED = 20_261_124;

/** A folder of this test file's own, removed at its end. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'sealroom-test-'));
  #files = 0;

  constructor() {
    afterAll(() => {
      rmSync(this.path, { recursive: true, force: true });
    });
  }

  /** The path of a file that does not exist yet; `end` is the end of its name. */
  newPath(end: string): string {
    return join(this.path, `${String(this.#files++)}${end}`);
  }

  /** A new file with some content. */
  write(end: string, content: string | Uint8Array): string {
    const path = this.newPath(end);
    writeFileSync(path, content);
    return path;
  }
}

/** The error that a promise fails with; fails itself if there is none, or another kind of one. */
export async function failureOf(promise: Promise<unknown>): Promise<SealroomError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof SealroomError) return error;
    throw error;
  }
  throw new Error('expected a SealroomError, got none');
}

/** The error that `act` throws. */
export function errorOf(act: () => unknown): SealroomError {
  try {
    act();
  } catch (error) {
    if (error instanceof SealroomError) return error;
    throw error;
  }
  throw new Error('expected a SealroomError, got none');
}

/** All that an error shows to a user or a log. */
export function wordsOf(error: SealroomError): string {
  const causes: unknown[] = [];
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) causes.push(cause.message);
  return [error.message, error.hint, JSON.stringify(error.where), error.stack, ...causes].join('\n');
}

/** Bytes in memory as a source; its chunks end at `ends`. */
export function memorySource(bytes: Uint8Array, ends: readonly number[] = []): ByteSource {
  return {
    name: 'memory.csv',
    path: null,
    bytes: bytes.length,
    async *chunks() {
      let start = 0;
      for (const end of [...ends, bytes.length]) {
        if (end > start) yield bytes.slice(start, end);
        start = Math.max(start, end);
      }
    },
    sha256: () => Promise.resolve(createHash('sha256').update(bytes).digest('hex')),
    close: () => Promise.resolve(),
  };
}

function isPresent(column: ColumnData, row: number): boolean {
  return column.validity === null || (((column.validity[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
}

/** The values of a column of byte strings; each byte is a character, so that any bytes can be compared. */
export function textsOf(column: ColumnData): (string | null)[] {
  if (column.layout !== 'bytes') throw new Error('a column of fixed width');
  return Array.from({ length: column.rows }, (_, row) =>
    isPresent(column, row)
      ? Buffer.from(column.bytes.subarray(column.offsets[row], column.offsets[row + 1])).toString('latin1')
      : null,
  );
}

/** The values of a column of fixed width, each as the hexadecimal form of its little-endian bytes. */
export function hexesOf(column: ColumnData): (string | null)[] {
  if (column.layout !== 'fixed') throw new Error('a column of byte strings');
  const { width, values } = column;
  return Array.from({ length: column.rows }, (_, row) =>
    isPresent(column, row) ? Buffer.from(values.subarray(row * width, (row + 1) * width)).toString('hex') : null,
  );
}

/** The values of a column in either form. */
export function valuesOf(column: ColumnData): (string | null)[] {
  return column.layout === 'bytes' ? textsOf(column) : hexesOf(column);
}

function validityOf(values: readonly unknown[]): Uint8Array | null {
  if (!values.includes(null)) return null;
  const validity = new Uint8Array((values.length + 7) >> 3);
  values.forEach((value, row) => {
    if (value !== null) validity[row >> 3] = (validity[row >> 3] ?? 0) | (1 << (row & 7));
  });
  return validity;
}

/** A column of byte strings; text is given as UTF-8. */
export function textColumn(values: readonly (string | Uint8Array | null)[]): ColumnData {
  const parts = values.map((value) => (value === null ? Buffer.alloc(0) : Buffer.from(value)));
  const offsets = new Int32Array(values.length + 1);
  parts.forEach((part, row) => (offsets[row + 1] = (offsets[row] ?? 0) + part.length));
  const bytes = new Uint8Array(Buffer.concat(parts));
  return { layout: 'bytes', rows: values.length, offsets, bytes, validity: validityOf(values) };
}

/** A column of fixed width from the hexadecimal forms of its values. */
export function fixedColumn(width: number, values: readonly (string | null)[]): ColumnData {
  const bytes = new Uint8Array(values.length * width);
  values.forEach((value, row) => {
    if (value !== null) bytes.set(Buffer.from(value, 'hex'), row * width);
  });
  return { layout: 'fixed', rows: values.length, width, values: bytes, validity: validityOf(values) };
}

/** The little-endian bytes of an integer as hexadecimal. */
export function hexOfInteger(value: bigint, width: number): string {
  const bytes = Array.from({ length: width }, (_, index) => Number(BigInt.asUintN(8, value >> BigInt(index * 8))));
  return Buffer.from(bytes).toString('hex');
}

export function batchOf(...columns: ColumnData[]): Batch {
  return { rows: columns[0]?.rows ?? 0, columns };
}

/** All values of some columns of a table (default: all of them), column by column. */
export async function columnsOf(
  reader: TableReader,
  columns: readonly number[] = reader.fields.map((_, index) => index),
): Promise<(string | null)[][]> {
  const values = columns.map((): (string | null)[] => []);
  for await (const batch of reader.batches({ columns })) {
    batch.columns.forEach((column, index) => {
      for (const value of valuesOf(column)) values[index]?.push(value);
    });
  }
  return values;
}

/** A table as a whole. */
export interface Content {
  readonly fields: readonly Field[];
  readonly rows: number | null;
  readonly warnings: readonly string[];
  readonly columns: (string | null)[][];
}

/** Opens, reads and closes a table. */
export async function readTable(
  input: string | TableInput,
  options: OpenOptions = {},
  columns?: readonly number[],
): Promise<Content> {
  const reader = await openTable(input, options);
  try {
    const { fields, rows, warnings } = reader;
    return { fields, rows, warnings, columns: await columnsOf(reader, columns) };
  } finally {
    await reader.close();
  }
}

/** Writes a table as a whole; returns its size. */
export async function writeTable(
  output: string | TableOutput,
  fields: readonly Field[],
  batches: readonly Batch[],
  options: CreateOptions = {},
): Promise<number> {
  const writer = await createTable(output, fields, options);
  try {
    for (const batch of batches) await writer.write(batch);
    return await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** UTF-8 text in the form of {@link textsOf}. */
export function latin(text: string): string {
  return Buffer.from(text).toString('latin1');
}
