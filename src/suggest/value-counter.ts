/** How often the values of a column occur. Shares are of the values that were counted, nulls not among them. */
export interface Repetition {
  /** Number of different values. */
  readonly distinct: number;
  /** Whether the counts are exact; otherwise `distinct` is an estimate, and `top` holds lower bounds. */
  readonly isExact: boolean;
  /** How often the most frequent values occur, from the most frequent on; at most ten. */
  readonly top: readonly number[];
  /**
   * Values that occur as often as no other value does, and that occur twice or more, in rows: who knows how often values
   * occur recognises them. `null` if the counts are not exact.
   */
  readonly standOutRows: number | null;
}

/** How many of the most frequent values are counted one by one. */
const TOP_VALUES = 10;

/** Counters for the most frequent values, once not all values are counted: one that is more frequent than 1/256 is among them. */
const HEAVY_COUNTERS = 256;

const FIRST_CAPACITY = 1 << 10;

/**
 * Counts different values in bounded memory, by their hashes: it keeps no value.
 *
 * Up to `limit` different values the counts are exact, but for collisions of 64-bit hashes. Beyond it counts the values of
 * which the hash ends in more and more zero bits (adaptive sampling, Flajolet 1990): the number of different values is then
 * an estimate with a standard error of about 1.2 / sqrt(limit), 0.5 % for 65,536. The most frequent values are followed by
 * Misra and Gries's algorithm (1982), which counts too low by at most 1/256 of the rows. 12 bytes for each of at most
 * 4 · `limit` places.
 */
export class ValueCounter {
  readonly #limit: number;
  #high = new Uint32Array(FIRST_CAPACITY);
  #low = new Uint32Array(FIRST_CAPACITY);
  #counts = new Uint32Array(FIRST_CAPACITY);
  #used = 0;
  #level = 0;
  #heavy: Map<number, number> | null = null;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts one value. */
  add(value: Uint8Array): void {
    let high = 0xdeadbeef;
    let low = 0x41c6ce57;
    // After cyrb53 (public domain). Not cryptographic: hashes never leave this class.
    for (const byte of value) {
      high = Math.imul(high ^ byte, 0x9e3779b1);
      low = Math.imul(low ^ byte, 0x5f356495);
    }
    const mixedHigh = (Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35)) >>> 0;
    const mixedLow = (Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35)) >>> 0;
    if (this.#heavy !== null) this.#countHeavy(this.#heavy, mixedHigh * 0x20_0000 + (mixedLow >>> 11));
    if (!this.#isSampled(mixedLow)) return;
    this.#insert(mixedHigh, mixedLow, 1);
    if (this.#used > this.#limit) this.#sampleLess();
  }

  /** The counts so far. */
  finish(): Repetition {
    const counts = this.#counts.filter((count) => count > 0);
    if (this.#heavy !== null) {
      const top = [...this.#heavy.values()].sort((a, b) => b - a).slice(0, TOP_VALUES);
      return { distinct: this.#used * 2 ** this.#level, isExact: false, top, standOutRows: null };
    }
    counts.sort();
    const top = [...counts.subarray(-TOP_VALUES)].reverse();
    return { distinct: this.#used, isExact: true, top, standOutRows: countStandOuts(counts) };
  }

  #isSampled(low: number): boolean {
    return this.#level === 0 || (low & ((1 << this.#level) - 1)) === 0;
  }

  #insert(high: number, low: number, count: number): void {
    if (this.#used * 2 >= this.#counts.length) this.#rebuild(this.#counts.length * 2);
    const mask = this.#counts.length - 1;
    // The low bits are all zero in a sample.
    let at = (high ^ (low >>> 16)) & mask;
    while (this.#counts[at] !== 0 && (this.#high[at] !== high || this.#low[at] !== low)) at = (at + 1) & mask;
    if (this.#counts[at] === 0) {
      this.#high[at] = high;
      this.#low[at] = low;
      this.#used++;
    }
    this.#counts[at] = (this.#counts[at] ?? 0) + count;
  }

  #rebuild(capacity: number): void {
    const [high, low, counts] = [this.#high, this.#low, this.#counts];
    this.#high = new Uint32Array(capacity);
    this.#low = new Uint32Array(capacity);
    this.#counts = new Uint32Array(capacity);
    this.#used = 0;
    for (let at = 0; at < counts.length; at++) {
      const count = counts[at] ?? 0;
      if (count > 0 && this.#isSampled(low[at] ?? 0)) this.#insert(high[at] ?? 0, low[at] ?? 0, count);
    }
  }

  #sampleLess(): void {
    this.#heavy ??= this.#startHeavy();
    while (this.#used > this.#limit) {
      this.#level++;
      this.#rebuild(this.#counts.length);
    }
  }

  /** The most frequent values so far, less the count of the most frequent one that is left out. */
  #startHeavy(): Map<number, number> {
    const ranked = this.#counts.slice().sort();
    const base = ranked.at(-HEAVY_COUNTERS) ?? 0;
    const heavy = new Map<number, number>();
    for (let at = 0; at < this.#counts.length; at++) {
      const count = this.#counts[at] ?? 0;
      if (count > base) heavy.set((this.#high[at] ?? 0) * 0x20_0000 + ((this.#low[at] ?? 0) >>> 11), count - base);
    }
    return heavy;
  }

  #countHeavy(heavy: Map<number, number>, key: number): void {
    const count = heavy.get(key);
    if (count !== undefined || heavy.size < HEAVY_COUNTERS) {
      heavy.set(key, (count ?? 0) + 1);
      return;
    }
    for (const [other, rest] of heavy) {
      if (rest === 1) heavy.delete(other);
      else heavy.set(other, rest - 1);
    }
  }
}

/** The rows of values with a count of two or more that no other value has. `counts` is in ascending order. */
function countStandOuts(counts: Uint32Array): number {
  let rows = 0;
  for (let at = 0; at < counts.length; at++) {
    const count = counts[at] ?? 0;
    if (count > 1 && counts[at - 1] !== count && counts[at + 1] !== count) rows += count;
  }
  return rows;
}
