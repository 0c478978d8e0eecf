import type { Field } from '../batch.ts';
import type { ByteSink } from '../byte-sink.ts';
import type { TableWriter } from '../table.ts';
import { CsvSerialiser, type CsvWriteOptions } from './serialise.ts';

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
  await sink.write(serialiser.header());
  return {
    write: (batch) => sink.write(serialiser.serialise(batch)),
    writeLines: (lines) => sink.write(lines),
    close: () => sink.close(),
    abort: () => sink.abort(),
  };
}
