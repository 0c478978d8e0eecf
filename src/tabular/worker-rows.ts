import { Arena } from '../bytes/index.ts';
import { type Batch, buffersOf, copyColumn, type Field } from '../columns/index.ts';
import { CsvSerialiser } from './csv/serialise.ts';
import type { TableWriter } from './table.ts';

// Copies that go to another thread. Their buffers come back, so that each is allocated once and used for many.

/** A buffer of at least so many bytes: one of `spare`, which loses it, or a new one. */
function takeBuffer(spare: ArrayBuffer[], bytes: number): ArrayBuffer {
  const found = spare.pop();
  return found !== undefined && found.byteLength >= bytes ? found : new ArrayBuffer(bytes + (bytes >> 3));
}

/** A copy of bytes at the start of a buffer of its own, which may be one of `spare`. */
function packBytes(bytes: Uint8Array, spare: ArrayBuffer[]): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(takeBuffer(spare, bytes.length), 0, bytes.length);
  copy.set(bytes);
  return copy;
}

/** A copy of a batch in one buffer of its own, which may be one of `spare`. */
export function copyBatch({ rows, columns }: Batch, spare: ArrayBuffer[]): Batch {
  const memory = new Arena(takeBuffer(spare, bytesOf(columns)));
  return { rows, columns: columns.map((column) => copyColumn(column, memory)) };
}

function bytesOf(columns: Batch['columns']): number {
  let bytes = 0;
  for (const column of columns) {
    bytes += Arena.sizeOf(column.validity?.length ?? 0);
    if (column.layout === 'fixed') bytes += Arena.sizeOf(column.values.length);
    else {
      const { offsets, rows } = column;
      bytes += Arena.sizeOf((rows + 1) * 4) + Arena.sizeOf((offsets[rows] ?? 0) - (offsets[0] ?? 0));
    }
  }
  return bytes;
}

/** The fields of a CSV file and its null text. */
export interface CsvLines {
  readonly fields: readonly Field[];
  readonly nullText: string | undefined;
}

/** Rows on their way to a writer: lines of CSV, or batches for the other formats. */
export interface RowsForWriter {
  readonly lines: readonly Uint8Array<ArrayBuffer>[];
  readonly batches: readonly Batch[];
}

/** Packs the rows of an output in the form in which its writer takes them. */
export class RowEncoder {
  readonly #serialiser: CsvSerialiser | null;

  /** @param csv how lines are written, or `null` for a format that takes batches */
  constructor(csv: CsvLines | null) {
    this.#serialiser = csv === null ? null : new CsvSerialiser(csv.fields, { nullText: csv.nullText });
  }

  /** Copies of batches, each of which is done with when the next one is asked for; their buffers may be some of `spare`. */
  encode(batches: Iterable<Batch>, spare: ArrayBuffer[]): RowsForWriter {
    const encoded: { lines: Uint8Array<ArrayBuffer>[]; batches: Batch[] } = { lines: [], batches: [] };
    for (const batch of batches) {
      if (this.#serialiser === null) encoded.batches.push(copyBatch(batch, spare));
      else encoded.lines.push(packBytes(this.#serialiser.serialise(batch), spare));
    }
    return encoded;
  }

  /** Overwrites what it holds of the last rows with zeros. */
  wipe(): void {
    this.#serialiser?.wipe();
  }
}

/** The buffers of the rows, which can be transferred to another thread. */
export function buffersOfRows({ lines, batches }: RowsForWriter): ArrayBuffer[] {
  return [...lines.map((part) => part.buffer), ...buffersOf(batches)];
}

/** Writes the rows, and adds to `spare` the buffers that can be used again; without a writer, those of its lines. */
export async function writeRows(
  writer: TableWriter | null,
  { lines, batches }: RowsForWriter,
  spare: ArrayBuffer[],
): Promise<void> {
  for (const part of lines) {
    await writer?.writeLines(part);
    spare.push(part.buffer);
  }
  for (const batch of batches) await writer?.write(batch);
  spare.push(...(writer?.spare.splice(0) ?? []));
}
