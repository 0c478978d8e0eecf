import { createTableMachine, type TableMachine } from '../../machine/machine.ts';
import type { EncryptWorkerSetup } from '../worker-setup.ts';
import type { DealSetup, DealtRange, Declined } from './deal-setup.ts';
import { Dealer } from './dealer.ts';
import type { TableDeal } from './table-deal.ts';
import { type ProtectedPart, PartProtector, type ProtectSetup, protectNext } from './part-protector.ts';
import { PartTurns } from './part-turns.ts';

/** What a thread needs from the start on. */
export interface LineThreadSetup {
  readonly deal: DealSetup;
  readonly protect: EncryptWorkerSetup;
}

/** What a thread is told to do: deal the next range, get ready for the second pass once all are dealt, or protect the next part. */
export type LineJob =
  { readonly kind: 'deal' } | { readonly kind: 'prepare'; readonly setup: ProtectSetup } | { readonly kind: 'protect' };

/** What a job gave: `null` if nothing was left to do. */
export type LineResult =
  | { readonly kind: 'dealt'; readonly range: DealtRange | Declined | null }
  | { readonly kind: 'prepared' }
  | { readonly kind: 'protected'; readonly part: ProtectedPart | null };

/** The work of one thread, in one memory: first it deals ranges of the file, then it protects parts. */
export class LineThread {
  readonly #setup: LineThreadSetup;
  readonly #machine: TableMachine;
  #dealer: Dealer | null = null;
  #protection: { readonly setup: ProtectSetup; readonly protector: PartProtector; readonly turns: PartTurns } | null =
    null;

  constructor(setup: LineThreadSetup) {
    this.#setup = setup;
    this.#machine = createTableMachine(setup.protect.kernel);
  }

  /** Runs a job to its end. */
  run(job: LineJob): LineResult {
    switch (job.kind) {
      case 'deal':
        return { kind: 'dealt', range: this.deal() };
      case 'prepare':
        this.prepare(job.setup);
        return { kind: 'prepared' };
      case 'protect': {
        const steps = this.protect();
        for (;;) {
          const step = steps.next();
          if (step.done === true) return { kind: 'protected', part: step.value };
        }
      }
    }
  }

  /** @throws {SealroomError} IO_READ, IO_WRITE. */
  deal(): DealtRange | Declined | null {
    this.#dealer ??= new Dealer(this.#machine, this.#setup.deal);
    return this.#dealer.dealNext();
  }

  /** Deals a table whose bytes come one after another; see {@link TableDeal.dealChunks}. */
  dealChunks(table: TableDeal, signal: AbortSignal | undefined): AsyncGenerator<number, DealtRange | Declined> {
    this.#dealer ??= new Dealer(this.#machine, this.#setup.deal);
    return table.dealChunks(this.#dealer, signal);
  }

  /** Ends the first pass, and returns what protects the parts. */
  prepare(setup: ProtectSetup): PartProtector {
    this.#dealer?.close();
    this.#dealer = null;
    const protector = new PartProtector(this.#machine, this.#setup.protect, setup);
    this.#protection = { setup, protector, turns: new PartTurns(setup.turns) };
    return protector;
  }

  /**
   * Protects the next part, see {@link protectNext}. If that fails, all threads are to stop.
   *
   * @throws {SealroomError} IO_WRITE, IO_READ.
   */
  *protect(): Generator<void, ProtectedPart | null> {
    if (this.#protection === null) throw new Error('a thread that is not prepared');
    const { setup, protector, turns } = this.#protection;
    try {
      return yield* protectNext(protector, turns, setup);
    } catch (error) {
      turns.stop();
      throw error;
    }
  }

  /** Wipes its keys and its memory. */
  close(): void {
    try {
      this.#protection?.protector.close();
    } finally {
      // All that a dealer has in it, too.
      this.#machine.wipe();
    }
  }
}
