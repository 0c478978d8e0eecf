import type { TableMachine } from './machine.ts';

/** The next multiple of 16. */
export function align(place: number): number {
  return Math.ceil(place / 16) * 16;
}

/** Gives places in the memory of a machine, one behind the other, each with the room behind it that the machine's vectors may reach. */
export class Places {
  readonly #machine: TableMachine;
  /** The end of what was taken; a multiple of 16. */
  end: number;

  /** @param at the first place */
  constructor(machine: TableMachine, at = align(machine.ioAt)) {
    this.#machine = machine;
    this.end = at;
  }

  /** A place for so many bytes. Views of the memory that were made before may be old. */
  take(bytes: number): number {
    const at = this.end;
    this.end = align(at + bytes + this.#machine.slackBytes);
    this.#machine.reserve(this.end - this.#machine.ioAt);
    return at;
  }

  /** Writes bytes to a place of their own. */
  put(value: Uint8Array): [at: number, bytes: number] {
    const at = this.take(value.length);
    this.#machine.bytes.set(value, at);
    return [at, value.length];
  }
}
