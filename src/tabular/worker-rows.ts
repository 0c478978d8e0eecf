import { Arena } from '../bytes/index.ts';
import { type Batch, buffersOf, copyColumn, type Field } from '../columns/index.ts';
import { CsvSerialiser } from './csv/serialise.ts';
import type { TableWriter } from './table.ts';

// Copies that are sent to another thread. Their buffers come back, so that each is allocated once and reused.

/** A buffer of at least `bytes` bytes, taken out of `spare` or new. */
export function takeBuffer(spare: ArrayBuffer[], bytes: number): ArrayBuffer {
  const found = spare.pop();
  return found !== undefined && found.byteLength >= bytes ? found : new ArrayBuffer(bytes + (bytes >> 3));
}

/** Copies bytes to the start of a buffer, which is taken out of `spare` or new. */
function packBytes(bytes: Uint8Array, spare: ArrayBuffer[]): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(takeBuffer(spare, bytes.length), 0, bytes.length);
  copy.set(bytes);
  return copy;
}

/** Copies a batch into a single buffer, which is taken out of `spare` or new. */
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

/** Rows to be sent to a writer: CSV lines, or batches for the other formats. */
export interface RowsForWriter {
  readonly lines: readonly Uint8Array<ArrayBuffer>[];
  readonly batches: readonly Batch[];
}

/** Packs the rows of an output in the form that its writer takes. */
export class RowEncoder {
  readonly #serialiser: CsvSerialiser | null;

  /** @param csv the line format, or `null` for a format that takes batches */
  constructor(csv: CsvLines | null) {
    this.#serialiser = csv === null ? null : new CsvSerialiser(csv.fields, { nullText: csv.nullText });
  }

  /** Packs copies of batches, each of which is used until the next one is requested; buffers may come from `spare`. */
  encode(batches: Iterable<Batch>, spare: ArrayBuffer[]): RowsForWriter {
    const encoded: { lines: Uint8Array<ArrayBuffer>[]; batches: Batch[] } = { lines: [], batches: [] };
    for (const batch of batches) {
      if (this.#serialiser === null) encoded.batches.push(copyBatch(batch, spare));
      else encoded.lines.push(packBytes(this.#serialiser.serialise(batch), spare));
    }
    return encoded;
  }

  /** Overwrites what is left of the last rows with zeros. */
  wipe(): void {
    this.#serialiser?.wipe();
  }
}

/** The buffers of the rows, which can be transferred to another thread. */
export function buffersOfRows({ lines, batches }: RowsForWriter): ArrayBuffer[] {
  return [...lines.map((part) => part.buffer), ...buffersOf(batches)];
}

/** Writes a encoded, and adds its reusable buffers to `spare`; without a writer, only those of its lines. */
export async function writeEncodedRows(
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
