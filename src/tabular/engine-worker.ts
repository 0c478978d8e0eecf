import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import duckdb from '@duckdb/node-bindings';
import { type ErrorCode, SealroomError } from '../errors.ts';
import { type Batch, buffersOf } from './batch.ts';
import { Engine, engineFailure, quoteName } from './engine.ts';
import type { EngineReply, EngineRequest, EngineTaskOptions } from './engine-task.ts';
import { engineTypeOf } from './engine-types.ts';
import { writeChunk } from './vectors.ts';

// Runs one SQL statement over batches that the main thread sends. The engine requests rows through a synchronous callback,
// so this thread waits for the next message with Atomics.wait; the main thread never blocks.

if (parentPort === null) throw new Error('engine-worker runs only as a worker thread');
const port = parentPort;
const { fields, sql, limits, signal, requests } = workerData as EngineTaskOptions & {
  signal: Int32Array;
  requests: MessagePort;
};

let current: Batch | null = null;
let consumed = 0;
let stopped = false;
/** Why the input ended, if we caused it; the engine would only repeat it inside its own message. */
let inputFailure: SealroomError | null = null;

/** A chunk of long texts has fewer rows, since its texts are one block in the engine's memory. */
const CHUNK_TEXT_BYTES = 16 << 20;

function nextRequest(): EngineRequest {
  for (;;) {
    const seen = Atomics.load(signal, 0);
    const received = receiveMessageOnPort(requests) as { message: EngineRequest } | undefined;
    if (received !== undefined) return received.message;
    Atomics.wait(signal, 0, seen);
  }
}

function fillChunk(info: duckdb.TableFunctionInfo, chunk: duckdb.DataChunk): void {
  try {
    while (current === null || consumed === current.rows) {
      if (current !== null) giveBack(current);
      current = null;
      const request: EngineRequest = stopped ? { kind: 'end' } : nextRequest();
      if (request.kind === 'abort') throw new Error('aborted');
      if (request.kind === 'end') {
        stopped = true;
        duckdb.data_chunk_set_size(chunk, 0);
        return;
      }
      current = request.batch;
      consumed = 0;
    }
    const rows = chunkRows(current, consumed);
    duckdb.data_chunk_set_size(chunk, rows);
    writeChunk(chunk, fields, current, consumed, rows);
    consumed += rows;
  } catch (error) {
    // A throw must not cross the engine's frames.
    if (error instanceof SealroomError) inputFailure = error;
    duckdb.function_set_error(info, 'the input ended');
  }
}

function giveBack(batch: Batch): void {
  const buffers = buffersOf([batch]);
  port.postMessage({ kind: 'taken', buffers } satisfies EngineReply, buffers);
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
  if (inputFailure !== null) return { code: inputFailure.code, failure: inputFailure.message };
  const kind = engineFailure(error);
  // No one else writes to a task's output, so only the disk can prevent the commit.
  const isDisk = kind === 'IO Error' || kind === 'TransactionContext Error';
  if (isDisk) return { code: 'IO_WRITE', failure: 'cannot write: the disk may be full, or the file gone' };
  return { code: 'IO_ENGINE', failure: `the table engine failed: ${kind}` };
}

function reply(message: EngineReply): void {
  port.postMessage(message);
}

function registerInput(connection: duckdb.Connection): void {
  const types = fields.map((field) => engineTypeOf(field.type));
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
  duckdb.table_function_set_function(input, fillChunk);
  duckdb.register_table_function(connection, input);
  duckdb.destroy_table_function_sync(input);
}

const engine = await Engine.open(limits);
try {
  registerInput(engine.connection);
  const names = fields.map((field, index) => `c${String(index)} AS ${quoteName(field.name)}`).join(', ');
  reply({ kind: 'done', rows: await engine.rows(sql.replace('$input', () => `(SELECT ${names} FROM input())`)) });
} catch (error) {
  reply({ kind: 'failed', ...failureOf(error) });
} finally {
  engine.close();
}
requests.close();
