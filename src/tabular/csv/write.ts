import type { Batch, Field } from '../batch.ts';
import type { ByteSink } from '../byte-sink.ts';
import type { TableWriter } from '../table.ts';
import { CsvSerialiser, type CsvWriteOptions } from './serialise.ts';

/** Lines go to the sink in blocks of at least this size, in bytes. */
const BLOCK_BYTES = 1 << 20;

/**
 * Starts a CSV file.
 *
 * @throws {SealroomError} IO_FORMAT if a column is not text.
 */
export async function createCsv(
  sink: ByteSink,
  fields: readonly Field[],
  options: CsvWriteOptions,
): Promise<TableWriter> {
  const serialiser = new CsvSerialiser(fields, options);
  let block = new Uint8Array(BLOCK_BYTES * 2);
  let length = 0;
  const flush = async (): Promise<void> => {
    const bytes = block.subarray(0, length);
    length = 0;
    if (bytes.length > 0) await sink.write(bytes);
  };
  const append = (batch: Batch): void => {
    const lengths = new Int32Array(batch.rows);
    serialiser.measure(batch, lengths);
    const added = lengths.reduce((sum, bytes) => sum + bytes, 0);
    if (length + added > block.length) {
      const larger = new Uint8Array(length + added + BLOCK_BYTES);
      larger.set(block.subarray(0, length));
      block = larger;
    }
    for (let row = 0; row < batch.rows; row++) length = serialiser.put(batch, row, block, length);
  };
  await sink.write(serialiser.header());
  return {
    async write(batch) {
      append(batch);
      if (length >= BLOCK_BYTES) await flush();
    },
    async writeLines(lines) {
      await flush();
      await sink.write(lines);
    },
    async close() {
      await flush();
      return sink.close();
    },
    abort: () => sink.abort(),
  };
}
