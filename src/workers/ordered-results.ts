/** A bounded queue of pending results, in the order of their jobs: one side adds, the other takes. */
export class OrderedResults<Result> {
  readonly #limit: number;
  readonly #underWay: Promise<Result>[] = [];
  /** Results that were added and not taken, including one that is being awaited. */
  #open = 0;
  #isComplete = false;
  #isLeft = false;
  #wakeAdder = (): void => undefined;
  #wakeTaker = (): void => undefined;

  /** @param limit most results in flight */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds the result of the next job. Its error is thrown to the consumer that takes it, or dropped if none does. */
  add(result: Promise<Result>): void {
    result.catch(() => undefined);
    this.#underWay.push(result);
    this.#open++;
    this.#wakeTaker();
  }

  /** Waits until one more may be added; false if the consumer has stopped. */
  async hasRoom(): Promise<boolean> {
    while (this.#open >= this.#limit && !this.#isLeft) {
      await new Promise<void>((resolve) => (this.#wakeAdder = resolve));
    }
    return !this.#isLeft;
  }

  /** Signals that there are no more results. */
  complete(): void {
    this.#isComplete = true;
    this.#wakeTaker();
  }

  /** Signals that no more results will be taken. */
  leave(): void {
    this.#isLeft = true;
    this.#wakeAdder();
  }

  /** Yields the results; can be called once. */
  async *results(): AsyncGenerator<Result> {
    for (;;) {
      const next = this.#underWay.shift();
      if (next !== undefined) {
        const result = await next;
        this.#open--;
        this.#wakeAdder();
        yield result;
      } else if (this.#isComplete) {
        return;
      } else {
        await new Promise<void>((resolve) => (this.#wakeTaker = resolve));
      }
    }
  }
}
