/** Takes the next of a list of random numbers, which choose the parts of a query. */
export class Choices {
  readonly #numbers: readonly number[];
  #next = 0;

  /** @param numbers each from 0 to 999,999 */
  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** A whole number from 0 to less than `end`. */
  below(end: number): number {
    this.#next += 1;
    return Math.floor(((this.#numbers[this.#next % this.#numbers.length] ?? 0) * end) / 1_000_000);
  }

  /** One of the values. */
  of<Value>(list: readonly Value[]): Value {
    const value = list[this.below(list.length)];
    if (value === undefined) throw new Error('nothing to choose from');
    return value;
  }

  /** Whether something that happens once in `n` times happens. */
  once(n: number): boolean {
    return this.below(n) === 0;
  }
}
