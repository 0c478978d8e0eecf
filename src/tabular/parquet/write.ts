import type { Field } from '../batch.ts';
import { quotePath } from '../engine.ts';
import { EngineTask } from '../engine-task.ts';
import type { OutputTarget } from '../target.ts';
import type { TableWriter } from '../table.ts';

const WRITING = { memoryMiB: 256, threads: 2, spillDirectory: null };

/** Starts a Parquet file with these columns, all optional; the engine writes it in a thread of its own. */
export function createParquet(target: OutputTarget, fields: readonly Field[]): TableWriter {
  const task = new EngineTask({
    // A dictionary of cells that are all different only costs time; the engine gives up on it by itself.
    sql: `COPY $input TO ${quotePath(target.path)} (FORMAT parquet, COMPRESSION snappy, USE_TMP_FILE false)`,
    fields,
    limits: WRITING,
  });
  return {
    write: (batch) => task.push(batch),
    async close() {
      await task.finish();
      return target.commit();
    },
    async abort() {
      await task.abort();
      await target.discard();
    },
  };
}
