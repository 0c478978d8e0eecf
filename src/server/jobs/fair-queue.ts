/** The items of one member, first come first. */
interface Line<T> {
  readonly member: string;
  readonly items: T[];
}

/**
 * A queue that is fair among members: who has many items waits as long for the next one as who has one. Members stand in a ring; the next
 * item is the first one of the member whose turn it is.
 */
export class FairQueue<T> {
  /** The members that have items; the turn is the first one's. */
  readonly #ring: Line<T>[] = [];

  /** The number of items. */
  get size(): number {
    return this.#ring.reduce((size, { items }) => size + items.length, 0);
  }

  /** The number of items of a member. */
  sizeOf(member: string): number {
    return this.#lineOf(member)?.items.length ?? 0;
  }

  /** Adds an item as the last one of its member. */
  add(member: string, item: T): void {
    const line = this.#lineOf(member);
    if (line === undefined) this.#ring.push({ member, items: [item] });
    else line.items.push(item);
  }

  /** Takes the next item out; `undefined` if there is none. */
  take(): T | undefined {
    const line = this.#ring.shift();
    const item = line?.items.shift();
    if (line !== undefined && line.items.length > 0) this.#ring.push(line);
    return item;
  }

  /** Takes an item out of turn; returns whether it was there. */
  remove(item: T): boolean {
    const index = this.#ring.findIndex(({ items }) => items.includes(item));
    const line = this.#ring[index];
    if (line === undefined) return false;
    line.items.splice(line.items.indexOf(item), 1);
    if (line.items.length === 0) this.#ring.splice(index, 1);
    return true;
  }

  /** How many items are taken before an item and with it, if none comes; 0 if it is not there. */
  positionOf(item: T): number {
    const index = this.#ring.findIndex(({ items }) => items.includes(item));
    const depth = this.#ring[index]?.items.indexOf(item) ?? -1;
    if (depth < 0) return 0;
    // Each member has as many turns as this one before the item, and those who stand before it one more.
    return this.#ring.reduce(
      (before, { items }, each) => before + Math.min(items.length, each < index ? depth + 1 : depth),
      1,
    );
  }

  #lineOf(member: string): Line<T> | undefined {
    return this.#ring.find((line) => line.member === member);
  }
}
