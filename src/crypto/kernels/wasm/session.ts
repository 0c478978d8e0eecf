import { type Allocator, FRESH_MEMORY } from '../../../bytes/index.ts';
import type { SealingRoot } from '../../keys.ts';
import { WasmMachine } from './machine.ts';

/** If a call grows the memory beyond this, the memory is released after the call. */
const KEPT_MEMORY_BYTES = 32 << 20;

/**
 * The state shared by the calls of one kernel: the machine, and the owner of the row keys in its slots.
 *
 * The slots belong to one owner at a time: the row keys of a batch being sealed, or the root of columns being opened.
 * Another owner's claim wipes them; the first owner's keys are derived again when it next claims them.
 */
export class Session {
  readonly #createMachine: () => WasmMachine;
  #machine: WasmMachine | null = null;
  #owner: object | null = null;
  #firstRow = 0;
  #isForgetting = false;

  /** Allocates the buffers of results. */
  readonly memory: Allocator;

  /** `createMachine` is called when there is no machine yet, or the last one was released. */
  constructor(memory: Allocator = FRESH_MEMORY, createMachine: () => WasmMachine = () => new WasmMachine()) {
    this.memory = memory;
    this.#createMachine = createMachine;
  }

  /** The machine, with a memory that is clean except for the slots. */
  get machine(): WasmMachine {
    return (this.#machine ??= this.#createMachine());
  }

  /** Claims the slots for `owner` and its rows from `firstRow` on. Returns false if it held them already. */
  claimSlots(owner: object, firstRow: number): boolean {
    if (this.#owner === owner && this.#firstRow === firstRow) return false;
    this.#wipeSlots();
    this.#owner = owner;
    this.#firstRow = firstRow;
    return true;
  }

  /** Wipes the slots if they belong to `owner`. */
  releaseSlots(owner: object): void {
    if (this.#owner === owner) this.#wipeSlots();
  }

  /**
   * Wipes the slots, if they belong to `root`, as soon as the caller yields to the event loop: until then, neighbouring
   * columns of the same rows can use them, and the caller need not say when the last one was opened.
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
