import type { WasmMachine } from '#src/crypto/kernels/wasm/machine';
import type { SeededRandom } from './random.ts';

/** Random bytes at the beginning and at the end of IO, where descriptions point to. */
const WINDOW_BYTES = 4096;
/** The bytes from one value of tame descriptions to the next, where their cells begin, and from one cell to the next. */
const VALUE_STRIDE = 220;
const TARGETS_AT = 8192;
const TARGET_STRIDE = 640;
/** More than values and cells take together. */
const COMPARED_BYTES = 65_536;
const FUNCTIONS = ['fingerprintCells', 'sealCells', 'openCells'] as const;

type Outcome = 'trap' | number;

/** Two machines of different kinds, for descriptions of cells as no caller makes them. */
export class HostileDescriptions {
  readonly #machines: readonly [WasmMachine, WasmMachine];
  readonly #random: SeededRandom;
  /** Calls that both machines trapped on, and that both answered. */
  readonly counts = { trapped: 0, answered: 0 };

  constructor(one: WasmMachine, other: WasmMachine, random: SeededRandom) {
    this.#machines = [one, other];
    this.#random = random;
  }

  /**
   * Calls the same function of both machines with the same descriptions: places on either side of the borders of IO, lengths of
   * any kind, and counts that may be wrong.
   *
   * @throws {Error} if one of them traps and the other does not, or they leave other bytes.
   */
  compare(): void {
    const random = this.#random;
    const name = random.pick(FUNCTIONS);
    const count = random.happens(0.1) ? random.pick([0, -1, 2049, 2 ** 31 - 1]) : random.within(1, 12);
    const isTame = random.happens(0.5);
    const cells = Array.from({ length: Math.min(Math.max(count, 1), 12) }, (_, row) => this.#describe(row, isTame));
    const [head, tail, key] = [random.bytes(WINDOW_BYTES), random.bytes(WINDOW_BYTES), random.bytes(32)];
    const isLenient = random.within(0, 1);
    const results = this.#machines.map((machine) => {
      const { exports } = machine;
      machine.bytes.fill(0, machine.ioAt);
      machine.bytes.set(head, machine.ioAt);
      machine.bytes.set(tail, machine.bytes.length - WINDOW_BYTES);
      machine.bytes.set(key, machine.keyAt);
      if (name === 'fingerprintCells') exports.setFingerprintKey();
      else exports.setRoot();
      exports.beginHeader();
      exports.endHeader(7);
      for (const [index, cell] of cells.entries()) machine.cells.set(cell(machine), index * 8);
      const outcome = call(() => (name === 'openCells' ? exports.openCells(count, isLenient) : exports[name](count)));
      // Where places overlap or a cell is refused, what is left behind depends on the order of the work.
      const isRefused = outcome === 'trap' || (name === 'openCells' && outcome !== 1);
      const kept =
        isRefused || !isTame ? new Uint8Array() : machine.bytes.slice(machine.ioAt, machine.ioAt + COMPARED_BYTES);
      exports.wipeSlots();
      return { outcome, kept };
    });
    const [one, other] = results;
    if (one?.outcome !== other?.outcome) throw new Error(`${name}: ${String(one?.outcome)}, ${String(other?.outcome)}`);
    if (Buffer.compare(one?.kept ?? new Uint8Array(), other?.kept ?? new Uint8Array()) !== 0)
      throw new Error(`${name}: other bytes`);
    this.counts[one?.outcome === 'trap' ? 'trapped' : 'answered']++;
  }

  /** A description: its places depend on the machine's borders. */
  #describe(row: number, isTame: boolean): (machine: WasmMachine) => number[] {
    const random = this.#random;
    const place = (tameOffset: number): ((machine: WasmMachine) => number) => {
      if (isTame || random.happens(0.7)) return ({ ioAt }) => ioAt + tameOffset;
      const past = random.within(-200, 80);
      return random.pick([
        ({ ioAt }: WasmMachine) => ioAt + past,
        ({ bytes }: WasmMachine) => bytes.length + past,
        () => random.pick([0, -1, 2 ** 31 - 1, -(2 ** 31)]),
      ]);
    };
    const length = isTame ? random.within(0, 200) : random.pick([0, 1, 55, 64, -1, 12_288, 2 ** 31 - 1, -(2 ** 31)]);
    const [from, to] = [place(row * VALUE_STRIDE), place(TARGETS_AT + row * TARGET_STRIDE)];
    const body = random.pick([0, 60, 90]);
    const third = isTame ? body : random.pick([0, 1, 59, 60, -1, 12_289, 2 ** 31 - 1]);
    const fourth = isTame ? random.within(0, 40) : random.pick([0, -1, 65_535, 65_536, 2 ** 31 - 1]);
    const slot = isTame || random.happens(0.8) ? row : random.pick([-1, 2047, 2048, 2 ** 31 - 1]);
    return (machine) => [from(machine), length, third, fourth, to(machine), slot, 0, 0];
  }
}

function call(act: () => unknown): Outcome {
  try {
    return Number(act() ?? 0);
  } catch {
    return 'trap';
  }
}
