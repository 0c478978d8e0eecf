import type { Socket } from 'node:net';
import type { Batch, ColumnData, Field } from '../columns/index.ts';
import { SealroomError } from '../errors/index.ts';
import { BatchReceiver } from './batch-stream.ts';
import { openDataLink } from './data-link.ts';
import type { Engine } from './engine.ts';
import { LimitedProcess, ProcessFailure, Spare } from './limited-process.ts';
import type { ReadingQuery, ReadingReply, ReadingRequest } from './reading-messages.ts';
import type { SmallRow } from './small-result.ts';

/** Data of a process that reads, in MiB: the engine's limit, and what the engine does not count. */
const PROCESS_MIB = 768;

/** A process that still has more data than this is not kept, because what the next reader's engine takes counts on top of it. */
const MAX_IDLE_BYTES = 256 << 20;

/** A process that has sent more than this to its last reader is not kept: its memory is worth more than the start of another one. */
const MAX_SENT_BYTES = 64 << 20;

/** How long a process may take to end a stream that is given up, in ms; starting another one takes about as long. */
const STOP_MS = 200;

/** What ended a reading: the engine's failure by its kind, such as `Out of Memory Error`, or `ended` if the process died. */
export class ReadingFailure extends Error {
  readonly kind: string;

  constructor(kind: string) {
    super(`the reading process: ${kind}`);
    this.kind = kind;
  }
}

/** An engine that reads tables for one reader, who closes it. */
export type Reading = Pick<ReadingProcess, 'rows' | 'stream' | 'close'>;

/**
 * An engine that reads tables in a process of its own, of which the system limits the memory: some small files become very large in
 * memory, and nothing in them says so.
 */
class ReadingProcess {
  readonly #process: LimitedProcess<ReadingRequest, ReadingReply>;
  /** What {@link ReadingProcess.#batches} takes its bytes from. */
  readonly #stream: Socket;
  readonly #batches: BatchReceiver;
  #isBusy = false;

  private constructor(process: LimitedProcess<ReadingRequest, ReadingReply>, stream: Socket, batches: BatchReceiver) {
    this.#process = process;
    this.#stream = stream;
    this.#batches = batches;
  }

  static async start(): Promise<ReadingProcess> {
    const batches = new BatchReceiver();
    const link = await openDataLink((bytes) => batches.take(bytes));
    const script = new URL('./reading-main.js', import.meta.url);
    const started = new LimitedProcess<ReadingRequest, ReadingReply>(script, PROCESS_MIB, link?.far ?? 'pipe');
    const stream = link?.near ?? started.data;
    if (stream === null) throw new Error('a reading process without a stream for batches');
    stream.unref();
    batches.listenTo(stream);
    started.data?.on('data', (bytes: Uint8Array) => {
      if (!batches.take(bytes)) stream.pause();
    });
    return new ReadingProcess(started, stream, batches);
  }

  /** Whether it can read another table. */
  get isIdle(): boolean {
    return this.#process.isAlive && !this.#isBusy;
  }

  async kill(): Promise<void> {
    await this.#process.kill();
    this.#stream.destroy();
  }

  /**
   * All rows of a small query, such as a file's metadata, as plain objects.
   *
   * @throws {ReadingFailure} if the engine failed, or the process ended.
   */
  async rows(sql: string): Promise<readonly SmallRow[]> {
    const reply = await this.#ask({ kind: 'rows', sql });
    if (reply.kind !== 'rows') throw new TypeError('another answer than rows');
    return reply.rows;
  }

  /**
   * Runs a query and yields its batches, as `Engine.stream` does.
   *
   * @throws {ReadingFailure} if the engine failed, or the process ended; {SealroomError} DATA_CORRUPT, DATA_LENGTH without the file's name.
   */
  async *stream(query: ReadingQuery): AsyncGenerator<Batch> {
    this.#isBusy = true;
    await this.#process.send({ kind: 'stream', query });
    let isGivenUp = false;
    try {
      for (;;) {
        const batch = await this.#process.held(() => this.#nextBatch(query.fields));
        if (batch === null) break;
        isGivenUp = true;
        yield batch;
        isGivenUp = false;
      }
      this.#isBusy = false;
    } finally {
      if (isGivenUp) await this.#stop(query.fields);
      this.#batches.wipe();
    }
  }

  /** Ends a stream whose other rows are not wanted. If that takes long, the process stays busy. */
  async #stop(fields: readonly Field[]): Promise<void> {
    const drain = async (): Promise<boolean> => {
      await this.#process.send({ kind: 'stop' });
      while ((await this.#nextBatch(fields)) !== null);
      return true;
    };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, STOP_MS, false);
    });
    const isOver = this.#process.held(drain).catch(() => false);
    this.#isBusy = !(await Promise.race([isOver, late]));
    clearTimeout(timer);
  }

  /** The next batch of a stream, or `null` at its end. */
  async #nextBatch(fields: readonly Field[]): Promise<Batch | null> {
    const batch = await this.#batches.receive(fields);
    if (batch === null) throw new ReadingFailure('ended');
    if (batch !== 'end') return batch;
    await this.#next();
    return null;
  }

  /** Ends the reading. A process that is in the middle of it, has sent or taken much, is killed; any other one is kept for the next. */
  async close(): Promise<void> {
    const isSmall = this.#batches.takenBytes <= MAX_SENT_BYTES;
    this.#batches.takenBytes = 0;
    const reply = this.isIdle && isSmall ? await this.#ask({ kind: 'close' }).catch(() => null) : null;
    const isKept = reply?.kind === 'closed' && reply.dataBytes <= MAX_IDLE_BYTES;
    await (isKept ? spare.leave(this) : this.kill());
  }

  async #ask(request: ReadingRequest): Promise<ReadingReply> {
    return this.#process.held(async () => {
      await this.#process.send(request);
      return this.#next();
    });
  }

  async #next(): Promise<ReadingReply> {
    const reply = await this.#process.next().catch((error: unknown) => {
      throw error instanceof ProcessFailure ? new ReadingFailure('ended') : error;
    });
    if (reply.kind === 'failed') throw new ReadingFailure(reply.failure);
    if (reply.kind === 'refused')
      throw new SealroomError(reply.code, reply.message, { hint: reply.hint, where: reply.where });
    return reply;
  }
}

/** A process without a reader. */
const spare = new Spare<ReadingProcess>();

/** The same in this process, where a runtime starts no process with limits: then nothing bounds what a small file becomes. */
class ReadingHere implements Reading {
  #engine: Engine | null = null;

  async #open(): Promise<Engine> {
    const { Engine: Opened } = await import('./engine.ts');
    this.#engine ??= await Opened.open();
    return this.#engine;
  }

  async rows(sql: string): Promise<readonly SmallRow[]> {
    const engine = await this.#open();
    return engine.rows(sql).catch(fail);
  }

  async *stream({ sql, fields, expectedRows, maxValueBytes }: ReadingQuery): AsyncGenerator<Batch> {
    const engine = await this.#open();
    try {
      yield* engine.stream(sql, fields, expectedRows, maxValueBytes);
    } catch (error) {
      await fail(error);
    }
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- as the process is closed
  async close(): Promise<void> {
    this.#engine?.close();
    this.#engine = null;
  }
}

async function fail(error: unknown): Promise<never> {
  if (error instanceof SealroomError) throw error;
  const { engineFailure } = await import('./engine.ts');
  throw new ReadingFailure(engineFailure(error));
}

/**
 * An engine that reads tables, in a process of its own where the runtime can limit one. Deno, for notebooks, writes files whenever it
 * starts, which the limits forbid. The caller must close it.
 */
export async function openReading(): Promise<Reading> {
  if (process.versions['deno'] !== undefined) return new ReadingHere();
  return spare.take() ?? ReadingProcess.start();
}

/** Copies a batch: arrays that arrive share the message's memory, at offsets where arrays of numbers cannot start. */
export function detach({ rows, columns }: Batch): Batch {
  const own = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);
  const detached = columns.map((column): ColumnData => {
    const validity = column.validity === null ? null : own(column.validity);
    return column.layout === 'bytes'
      ? { ...column, validity, bytes: own(column.bytes), offsets: new Int32Array(column.offsets) }
      : { ...column, validity, values: own(column.values) };
  });
  return { rows, columns: detached };
}
