import { type Allocator, FRESH_MEMORY } from '../../../bytes/index.ts';
import type { SealingRoot } from '../../keys.ts';
import { Machine } from './machine.ts';

/** A memory that a call let grow beyond this is given back after it. */
const KEPT_MEMORY_BYTES = 32 << 20;

/**
 * What the calls of one kernel share: the machine, and whose row keys its slots hold.
 *
 * The slots belong to one owner at a time, the row keys of a batch that is being sealed or the root of columns that are
 * being opened. Another owner's claim wipes them; the first owner's keys are then derived again when it comes back.
 */
export class Session {
  readonly #createMachine: () => Machine;
  #machine: Machine | null = null;
  #owner: object | null = null;
  #firstRow = 0;
  #isForgetting = false;

  /** Where results get their bytes from. */
  readonly memory: Allocator;

  /** `createMachine` is called when there is no machine yet, or the last one was given back. */
  constructor(memory: Allocator = FRESH_MEMORY, createMachine: () => Machine = () => new Machine()) {
    this.memory = memory;
    this.#createMachine = createMachine;
  }

  /** The machine, its memory clean but for the slots. */
  get machine(): Machine {
    return (this.#machine ??= this.#createMachine());
  }

  /** Takes the slots for `owner`, and for its rows from `firstRow` on. Returns whether they were not so already. */
  claimSlots(owner: object, firstRow: number): boolean {
    if (this.#owner === owner && this.#firstRow === firstRow) return false;
    this.#wipeSlots();
    this.#owner = owner;
    this.#firstRow = firstRow;
    return true;
  }

  /** Wipes the slots if they are `owner`'s. */
  releaseSlots(owner: object): void {
    if (this.#owner === owner) this.#wipeSlots();
  }

  /**
   * Wipes the slots, if they are `root`'s, as soon as the caller's code lets others run: until then neighbouring columns
   * of the same rows may use them, and nobody has to say when the last was opened.
   */
  releaseSlotsSoon(root: SealingRoot): void {
    if (this.#isForgetting) return;
    this.#isForgetting = true;
    queueMicrotask(() => {
      this.#isForgetting = false;
      this.releaseSlots(root);
    });
  }

  #wipeSlots(): void {
    this.#owner = null;
    this.#machine?.exports.wipeSlots();
  }

  /** Ends a call, which used `ioBytes` bytes of values and cells: wipes everything but the slots. */
  endCall(ioBytes: number): void {
    const machine = this.#machine;
    if (machine === null) return;
    machine.exports.wipeCall(Math.min(ioBytes, machine.bytes.length - machine.ioAt - machine.slackBytes));
    if (machine.bytes.length > KEPT_MEMORY_BYTES) {
      this.#wipeSlots();
      this.#machine = null;
    }
  }
}
