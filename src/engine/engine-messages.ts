import type { MessagePort } from 'node:worker_threads';
import type { Batch, Field } from '../columns/index.ts';
import type { ErrorCode } from '../errors/index.ts';
import type { DatabaseLimits } from './database.ts';
import type { SmallRow } from './small-result.ts';

/** What an engine task runs: `sql` reads the pushed batches as the table `$input` with the columns `fields`. */
export interface EngineTaskOptions {
  readonly sql: string;
  readonly fields: readonly Field[];
  readonly limits: DatabaseLimits;
}

/** Messages to the worker thread. */
export type TaskRequest =
  { readonly kind: 'batch'; readonly batch: Batch } | { readonly kind: 'end' } | { readonly kind: 'abort' };

/** Messages from the worker thread. */
export type TaskReply =
  | { readonly kind: 'taken'; readonly buffers: readonly ArrayBuffer[] }
  | { readonly kind: 'done'; readonly rows: readonly SmallRow[] }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly failure: string };

/** The last message of a task that was done: its database is closed, and the thread takes another task. */
export interface TaskRest {
  readonly kind: 'rest';
}

/** A task as the thread gets it. */
export interface TaskOrder extends EngineTaskOptions {
  /** Counts the requests, so that the thread can wait for the next one. */
  readonly signal: Int32Array;
  readonly requests: MessagePort;
}
