import { SealroomError } from '../errors/index.ts';

/** How many tokens come back in a second, and how many there are at most. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  /** When it had so many, in ms. */
  at: number;
}

/** How often each key may ask: a bucket of tokens for each, that fills with time. */
export class RateLimit {
  readonly #rate: Rate;
  readonly #elapsedMs: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param elapsedMs milliseconds since any instant, which never go back */
  constructor(rate: Rate, elapsedMs: () => number) {
    this.#rate = rate;
    this.#elapsedMs = elapsedMs;
  }

  /**
   * Takes a token of a key, whose holder was verified: others would fill the memory.
   *
   * @throws {SealroomError} SERVER_RATE if there is none.
   */
  take(keyId: string): void {
    const { perSecond, burst } = this.#rate;
    const now = this.#elapsedMs();
    const { tokens, at } = this.#buckets.get(keyId) ?? { tokens: burst, at: now };
    const left = Math.min(burst, tokens + ((now - at) / 1000) * perSecond) - 1;
    if (left < 0) {
      throw new SealroomError('SERVER_RATE', `a key may ask ${String(perSecond)} times in a second`, {
        hint: 'wait a second, and ask again',
      });
    }
    this.#buckets.set(keyId, { tokens: left, at: now });
  }

  /** Forgets the keys that are in force no more. */
  keep(keyIds: ReadonlySet<string>): void {
    for (const keyId of this.#buckets.keys()) if (!keyIds.has(keyId)) this.#buckets.delete(keyId);
  }
}

/** How many things may be done at the same time, and how many of them for one member. */
export class LimitedTurns {
  readonly #most: number;
  readonly #each: number;
  readonly #refuse: () => SealroomError;
  /** How many each member has; none has 0. */
  readonly #taken = new Map<string, number>();

  /**
   * @param each for one member; default: `most`
   * @param refuse the error for one too many; default: SERVER_BUSY
   */
  constructor(most: number, each: number = most, refuse: () => SealroomError = tooMuchToDo) {
    this.#most = most;
    this.#each = each;
    this.#refuse = refuse;
  }

  /** @throws {SealroomError} that of `refuse` if too many are being done, and what `action` throws. */
  async take<T>(member: string, action: () => Promise<T>): Promise<T> {
    this.#enter(member);
    try {
      return await action();
    } finally {
      this.#leave(member);
    }
  }

  /** As {@link LimitedTurns.take}, for as long as something is read. */
  async *stream<T>(member: string, source: AsyncIterable<T>): AsyncGenerator<T, undefined> {
    this.#enter(member);
    try {
      yield* source;
    } finally {
      this.#leave(member);
    }
  }

  #enter(member: string): void {
    const own = this.#taken.get(member) ?? 0;
    const all = [...this.#taken.values()].reduce((sum, each) => sum + each, 0);
    if (all >= this.#most || own >= this.#each) throw this.#refuse();
    this.#taken.set(member, own + 1);
  }

  #leave(member: string): void {
    const own = this.#taken.get(member) ?? 0;
    if (own > 1) this.#taken.set(member, own - 1);
    else this.#taken.delete(member);
  }
}

function tooMuchToDo(): SealroomError {
  return new SealroomError('SERVER_BUSY', 'the room has too much to do', { hint: 'ask again in a second' });
}
