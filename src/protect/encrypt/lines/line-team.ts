import { setImmediate } from 'node:timers/promises';
import { type HelperThreads, startHelpers, whenAllEnded } from '../../../workers/index.ts';
import type { DealtRange, Declined } from './deal-setup.ts';
import { type LineJob, type LineResult, LineThread, type LineThreadSetup } from './line-thread.ts';
import type { ProtectedPart, ProtectSetup } from './part-protector.ts';
import type { TableDeal } from './table-deal.ts';
import type { PartTurns } from './part-turns.ts';

/** The threads of an encryption: this one, which works like the others, and its helpers. */
export class LineTeam {
  readonly #here: LineThread;
  readonly #helpers: HelperThreads<LineJob, LineResult>;
  #closing: Promise<void> | null = null;

  private constructor(here: LineThread, helpers: HelperThreads<LineJob, LineResult>) {
    this.#here = here;
    this.#helpers = helpers;
  }

  /** @throws {SealroomError} IO_ENGINE if the system gives no more threads. */
  static async start(setup: LineThreadSetup, threads: number): Promise<LineTeam> {
    const module = new URL('./worker.js', import.meta.url);
    const helpers = await startHelpers<LineJob, LineResult>(module, setup, threads - 1);
    return new LineTeam(new LineThread(setup), helpers);
  }

  /**
   * Deals a table whose bytes come one after another, in this thread.
   *
   * @param note gets the number of rows so far
   * @throws {SealroomError} IO_READ, IO_WRITE; errors of `note`; the reason of the signal.
   */
  async dealChunks(
    table: TableDeal,
    note: (rows: number) => void,
    signal: AbortSignal | undefined,
  ): Promise<DealtRange | Declined> {
    const chunks = this.#here.dealChunks(table, signal);
    for (;;) {
      const next = await chunks.next();
      if (next.done === true) return next.value;
      note(next.value);
      await setImmediate();
    }
  }

  /**
   * Deals all ranges of a plain file.
   *
   * @param take gets what the ranges gave, in no order
   * @throws {SealroomError} IO_READ, IO_WRITE, IO_ENGINE; errors of `take`. The other threads find no further range then.
   */
  async deal(table: Pick<TableDeal, 'stop'>, take: (range: DealtRange | Declined) => void): Promise<void> {
    let isDone = false;
    const takeNext = (range: DealtRange | Declined | null): void => {
      if (range === null) isDone = true;
      else take(range);
    };
    const stop = (error: unknown): never => {
      isDone = true;
      table.stop();
      throw error;
    };
    const here = async (): Promise<void> => {
      while (!isDone) {
        takeNext(this.#here.deal());
        await setImmediate();
      }
    };
    const helped = this.#helpers.run(
      () => (isDone ? null : { kind: 'deal' }),
      (result) => {
        if (result.kind === 'dealt') takeNext(result.range);
      },
    );
    await whenAllEnded([helped.catch(stop), here().catch(stop)]);
  }

  /**
   * Protects all parts, and writes their lines to their places in a file.
   *
   * @param take gets what else was made of the parts, one after another, in no order
   * @throws {SealroomError} IO_READ, IO_WRITE, IO_ENGINE; errors of `take`; the reason of the signal.
   */
  async protect(
    setup: ProtectSetup,
    turns: PartTurns,
    take: (part: ProtectedPart) => Promise<void>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    let isDone = false;
    let taking = Promise.resolve();
    const takeInTurn = (part: ProtectedPart | null): Promise<void> => {
      if (part === null) isDone = true;
      else taking = taking.then(() => take(part));
      return taking;
    };
    const stop = (error: unknown): never => {
      turns.stop();
      throw error;
    };
    const here = async (): Promise<void> => {
      this.#here.prepare(setup);
      while (!isDone) {
        const steps = this.#here.protect();
        let step = steps.next();
        while (step.done !== true) {
          await setImmediate();
          signal?.throwIfAborted();
          step = steps.next();
        }
        await takeInTurn(step.value);
      }
    };
    const helped = async (): Promise<void> => {
      await this.#helpers.runOnce({ kind: 'prepare', setup });
      await this.#helpers.run(
        () => (isDone || turns.isStopped ? null : { kind: 'protect' }),
        async (result) => {
          if (result.kind === 'protected') await takeInTurn(result.part);
        },
      );
    };
    await whenAllEnded([helped().catch(stop), here().catch(stop)]);
  }

  /**
   * Protects all parts in this thread, in their order.
   *
   * @param write takes lines, which are overwritten once it has returned
   * @throws {SealroomError} IO_READ; errors of `write` and `take`; the reason of the signal.
   */
  async protectHere(
    setup: ProtectSetup,
    write: (lines: Uint8Array) => Promise<void>,
    take: (part: ProtectedPart) => Promise<void>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const protector = this.#here.prepare(setup);
    for (const part of setup.parts.keys()) {
      protector.open(part);
      const lines = protector.lines();
      let next = lines.next();
      while (next.done !== true) {
        await write(next.value);
        signal?.throwIfAborted();
        next = lines.next();
      }
      await take(next.value);
    }
  }

  /** Lets all threads wipe their keys and their memory, and ends the helpers. Can be called repeatedly. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      this.#here.close();
    } finally {
      await this.#helpers.close();
    }
  }
}
