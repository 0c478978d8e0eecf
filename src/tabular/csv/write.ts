import { wipe } from '../../bytes/index.ts';
import type { Field } from '../../columns/index.ts';
import type { ByteSink } from '../../files/index.ts';
import type { TableWriter } from '../table.ts';
import { CsvSerialiser, type CsvWriteOptions } from './serialise.ts';

/** Lines are sent to the sink in blocks of this size, in bytes; lines that fill much of a block are sent by themselves. */
const BLOCK_BYTES = 1 << 20;

/**
 * Creates a CSV file.
 *
 * @throws {SealroomError} IO_FORMAT if a column is not text.
 */
export async function createCsv(
  sink: ByteSink,
  fields: readonly Field[],
  options: CsvWriteOptions,
): Promise<TableWriter> {
  const serialiser = new CsvSerialiser(fields, options);
  const block = new Uint8Array(BLOCK_BYTES);
  let length = 0;
  const flush = async (): Promise<void> => {
    const bytes = block.subarray(0, length);
    length = 0;
    if (bytes.length > 0) await sink.write(bytes);
  };
  const append = async (lines: Uint8Array): Promise<void> => {
    const isLong = lines.length > BLOCK_BYTES / 4;
    if (isLong || length + lines.length > BLOCK_BYTES) await flush();
    if (isLong) return sink.write(lines);
    block.set(lines, length);
    length += lines.length;
  };
  const wipeAll = (): void => {
    wipe(block);
    serialiser.wipe();
  };
  const header = serialiser.header();
  await sink.write(header);
  return {
    lineFile: sink.file === undefined ? undefined : { ...sink.file, start: header.length },
    spare: [],
    async write(batch) {
      await append(serialiser.serialise(batch));
    },
    writeLines: append,
    async close() {
      await flush();
      wipeAll();
      return sink.close();
    },
    abort() {
      wipeAll();
      return sink.abort();
    },
  };
}
