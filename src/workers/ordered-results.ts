/** Results under way, in the order of their jobs: one side adds, the other takes, and neither gets too far ahead. */
export class OrderedResults<Result> {
  readonly #limit: number;
  readonly #underWay: Promise<Result>[] = [];
  /** Results that are added and not taken; one that is waited for counts. */
  #open = 0;
  #isComplete = false;
  #isLeft = false;
  #wakeAdder = (): void => undefined;
  #wakeTaker = (): void => undefined;

  /** At most `limit` results are under way. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds the result of the next job. Its error is thrown to who takes it, and to no one if it is not taken. */
  add(result: Promise<Result>): void {
    result.catch(() => undefined);
    this.#underWay.push(result);
    this.#open++;
    this.#wakeTaker();
  }

  /** Waits until one more may be added; false if no one takes results any more. */
  async hasRoom(): Promise<boolean> {
    while (this.#open >= this.#limit && !this.#isLeft) {
      await new Promise<void>((resolve) => (this.#wakeAdder = resolve));
    }
    return !this.#isLeft;
  }

  /** Says that there are no more results. */
  complete(): void {
    this.#isComplete = true;
    this.#wakeTaker();
  }

  /** Says that no more results are taken. */
  leave(): void {
    this.#isLeft = true;
    this.#wakeAdder();
  }

  /** Takes the results; to be called once. */
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
