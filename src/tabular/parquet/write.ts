import { type ErrorPlace, SealroomError } from '../../errors/index.ts';
import type { Field } from '../../columns/index.ts';
import { EngineTask, quoteIdentifier, quoteText } from '../../engine/index.ts';
import { engineTypeOf } from '../../engine/native.ts';
import type { OutputTarget } from '../../files/index.ts';
import { noLines, type TableWriter } from '../table.ts';

// One thread: a second one gains nothing here, and row groups bounded by bytes need a single one. The memory is a cap.
const WRITING = { memoryMiB: 2048, threads: 1, spillDirectory: null };

/**
 * Creates a Parquet file with these columns, all optional; the engine writes it in a separate thread. Errors name `file`.
 *
 * The engine has no zoned milliseconds or nanoseconds: zoned milliseconds become microseconds, zoned nanoseconds keep
 * their digits and lose their zone.
 *
 * @param metadata key-value metadata of the file
 * @throws {SealroomError} DATA_TYPE if a column's type cannot be written.
 */
export function createParquet(
  target: OutputTarget,
  file: string,
  fields: readonly Field[],
  metadata: ReadonlyMap<string, string> = new Map(),
): TableWriter {
  for (const { name, type } of fields) {
    try {
      // Refused here and not in the thread, which does not know the column.
      engineTypeOf(type);
    } catch (error) {
      failAt({ file, column: name })(error);
    }
  }
  const task = new EngineTask({
    sql:
      `COPY $input TO ${quoteText(target.path)} (FORMAT parquet, COMPRESSION ${compressionOf(fields)}, USE_TMP_FILE false, ` +
      `ROW_GROUP_SIZE_BYTES '16MiB', DICTIONARY_SIZE_LIMIT ${dictionaryLimit(fields)}${keyValues(metadata)})`,
    fields,
    limits: WRITING,
  });
  return {
    spare: task.spare,
    write: (batch) => task.push(batch).catch(failAt({ file })),
    writeLines: () => Promise.reject(noLines()),
    async close() {
      await task.finish().catch(failAt({ file }));
      return target.commit();
    },
    async abort() {
      await task.abort();
      await target.abort();
    },
  };
}

function keyValues(metadata: ReadonlyMap<string, string>): string {
  const entries = [...metadata].map(([key, value]) => `${quoteIdentifier(key)}: ${quoteText(value)}`);
  return entries.length === 0 ? '' : `, KV_METADATA {${entries.join(', ')}}`;
}

/** Snappy saves next to nothing on the Base64 of cells, and takes a third of the writing time. */
function compressionOf(fields: readonly Field[]): string {
  const plain = fields.filter((field) => field.isPlain === true).length;
  return plain * 2 > fields.length ? 'uncompressed' : 'snappy';
}

/**
 * Most values in the dictionary of a column. The engine looks each value up until a row group has more of them, and then drops the
 * dictionary: cells that are all different only cost time in it. Its dictionaries treat 0.0 and -0.0, and all NaNs, as one value, and
 * would write the first one for all.
 */
function dictionaryLimit(fields: readonly Field[]): number {
  return fields.some(isFloating) ? 0 : 1000;
}

function isFloating({ type }: Field): boolean {
  return type.kind === 'float' || type.kind === 'double';
}

function failAt(where: ErrorPlace): (error: unknown) => never {
  return (error) => {
    throw error instanceof SealroomError ? error.at(where) : error;
  };
}
