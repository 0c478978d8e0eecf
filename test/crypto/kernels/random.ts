/** A generator of pseudorandom numbers for tests (mulberry32): the same seed gives the same cases everywhere. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** 32 random bits. */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A whole number of `[least, most]`. */
  within(least: number, most: number): number {
    return least + Math.floor((this.bits() / 2 ** 32) * (most - least + 1));
  }

  /** Whether something of this probability happened. */
  happens(probability: number): boolean {
    return this.bits() < probability * 2 ** 32;
  }

  /** One of some things. */
  pick<Thing>(things: readonly Thing[]): Thing {
    const thing = things[this.within(0, things.length - 1)];
    if (thing === undefined) throw new RangeError('nothing to pick from');
    return thing;
  }

  /** `length` random bytes. */
  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.bits();
    return bytes;
  }
}
