import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import duckdb from '@duckdb/node-bindings';
import { type ErrorCode, SealroomError } from '../errors/index.ts';
import { type Batch, buffersOf } from '../columns/index.ts';
import { Engine, engineFailure, OUT_OF_MEMORY } from './engine.ts';
import type { TaskOrder, TaskReply, TaskRequest, TaskRest } from './engine-messages.ts';
import { engineTypeOf } from './engine-types.ts';
import { quoteIdentifier } from './sql.ts';
import { writeChunk } from './vectors.ts';

// Runs SQL statements, each on its own database, over batches that the main thread sends. The engine calls for rows and
// must be answered before the call returns, so this thread waits for the next message with Atomics.wait; the main thread
// never blocks.

if (parentPort === null) throw new Error('engine-worker runs only as a worker thread');
const port = parentPort;

/** A chunk of long texts has fewer rows, since its texts are one block in the engine's memory. */
const CHUNK_TEXT_BYTES = 16 << 20;

/** The batches of a task, as a table of the engine. */
class TaskInput {
  readonly #order: TaskOrder;
  #current: Batch | null = null;
  #consumed = 0;
  #stopped = false;
  /** Why the input ended, if we caused it; the engine would only repeat it inside its own message. */
  failure: SealroomError | null = null;

  constructor(order: TaskOrder) {
    this.#order = order;
  }

  register(connection: duckdb.Connection): void {
    const types = this.#order.fields.map((field) => engineTypeOf(field.type));
    const input = duckdb.create_table_function();
    duckdb.table_function_set_name(input, 'input');
    duckdb.table_function_set_bind(input, (info) => {
      types.forEach((type, index) => {
        duckdb.bind_add_result_column(info, `c${String(index)}`, type);
      });
    });
    duckdb.table_function_set_init(input, (info) => {
      duckdb.init_set_max_threads(info, 1);
    });
    duckdb.table_function_set_function(input, (info, chunk) => {
      this.#fillChunk(info, chunk);
    });
    duckdb.register_table_function(connection, input);
    duckdb.destroy_table_function_sync(input);
  }

  #nextRequest(): TaskRequest {
    const { signal, requests } = this.#order;
    for (;;) {
      const seen = Atomics.load(signal, 0);
      const received = receiveMessageOnPort(requests) as { message: TaskRequest } | undefined;
      if (received !== undefined) return received.message;
      Atomics.wait(signal, 0, seen);
    }
  }

  #fillChunk(info: duckdb.TableFunctionInfo, chunk: duckdb.DataChunk): void {
    try {
      while (this.#current === null || this.#consumed === this.#current.rows) {
        if (this.#current !== null) giveBack(this.#current);
        this.#current = null;
        const request: TaskRequest = this.#stopped ? { kind: 'end' } : this.#nextRequest();
        if (request.kind === 'abort') throw new Error('aborted');
        if (request.kind === 'end') {
          this.#stopped = true;
          duckdb.data_chunk_set_size(chunk, 0);
          return;
        }
        this.#current = request.batch;
        this.#consumed = 0;
      }
      const rows = chunkRows(this.#current, this.#consumed);
      duckdb.data_chunk_set_size(chunk, rows);
      writeChunk(chunk, this.#order.fields, this.#current, this.#consumed, rows);
      this.#consumed += rows;
    } catch (error) {
      // A throw must not cross the engine's frames.
      if (error instanceof SealroomError) this.failure = error;
      duckdb.function_set_error(info, 'the input ended');
    }
  }
}

function giveBack(batch: Batch): void {
  const buffers = buffersOf([batch]);
  port.postMessage({ kind: 'taken', buffers } satisfies TaskReply, buffers);
}

function chunkRows(batch: Batch, start: number): number {
  let rows = Math.min(batch.rows - start, duckdb.vector_size());
  const isTooLong = (): boolean =>
    batch.columns.some(
      (column) =>
        column.layout === 'bytes' &&
        (column.offsets[start + rows] ?? 0) - (column.offsets[start] ?? 0) > CHUNK_TEXT_BYTES,
    );
  while (rows > 1 && isTooLong()) rows = rows >> 1;
  return rows;
}

function failureOf(error: unknown): { readonly code: ErrorCode; readonly failure: string } {
  const kind = engineFailure(error);
  const isMemory = kind === OUT_OF_MEMORY || (error instanceof Error && /out of memory|allocat/i.test(error.message));
  if (isMemory) return { code: 'IO_ENGINE', failure: 'the table engine needs more memory than it may have' };
  // No one else writes to a task's output, so only the disk can prevent the commit now.
  const isDisk = kind === 'IO Error' || kind === 'TransactionContext Error';
  if (isDisk) return { code: 'IO_WRITE', failure: 'cannot write: the disk may be full, or the file gone' };
  return { code: 'IO_ENGINE', failure: `the table engine failed: ${kind}` };
}

function reply(message: TaskReply): void {
  port.postMessage(message);
}

/** Returns whether the task was done. */
async function runTask(order: TaskOrder): Promise<boolean> {
  const { fields, sql, limits } = order;
  const engine = await Engine.open(limits);
  const input = new TaskInput(order);
  try {
    input.register(engine.connection);
    const names = fields.map((field, index) => `c${String(index)} AS ${quoteIdentifier(field.name)}`).join(', ');
    reply({ kind: 'done', rows: await engine.rows(sql.replace('$input', () => `(SELECT ${names} FROM input())`)) });
    return true;
  } catch (error) {
    const { failure } = input;
    reply({
      kind: 'failed',
      ...(failure === null ? failureOf(error) : { code: failure.code, failure: failure.message }),
    });
    return false;
  } finally {
    engine.close();
    order.requests.close();
  }
}

// The next order is sent when this thread rests, so none arrives while there is no listener. A thread that saw a failure ends.
for (;;) {
  const order = await new Promise<TaskOrder>((resolve) => port.once('message', resolve));
  if (!(await runTask(order))) break;
  port.postMessage({ kind: 'rest' } satisfies TaskRest);
}
