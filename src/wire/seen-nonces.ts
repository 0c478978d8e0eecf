import { SealroomError } from '../errors/index.ts';
import { MAX_AHEAD_SECONDS } from './profile.ts';

/** How long a generation takes nonces, in ms: longer than a request is accepted. */
const GENERATION_MS = 150_000;

/** How many nonces of one key a generation takes. */
const MAX_NONCES = 200_000;

/** The nonces of some time, by key. */
class Generation {
  readonly #nonces = new Map<string, Set<string>>();
  /** The highest `created` of all, in seconds. */
  newest = 0;

  has(keyId: string, nonce: string): boolean {
    return this.#nonces.get(keyId)?.has(nonce) ?? false;
  }

  /** Whether it took the nonce; it takes none of a key that has too many. */
  add(keyId: string, nonce: string, created: number): boolean {
    const ofKey = this.#nonces.get(keyId) ?? new Set();
    if (ofKey.size >= MAX_NONCES) return false;
    this.#nonces.set(keyId, ofKey.add(nonce));
    this.newest = Math.max(this.newest, created);
    return true;
  }
}

/**
 * The nonces that were seen, in two generations: the older one is forgotten whenever a new one begins.
 *
 * INVARIANT: a request that was made after `#forgotten` was not seen before, or its nonce is here. So it needs no file: what was seen
 * before a start is forgotten, and whatever was made until then is refused. This also holds if the clock is set back.
 */
export class SeenNonces {
  #current = new Generation();
  #previous = new Generation();
  /** When the current generation began, in ms. */
  #begun: number;
  /** The last second of which nonces may have been forgotten. */
  #forgotten: number;

  constructor(now: Date) {
    this.#begun = now.getTime();
    this.#forgotten = Math.floor(this.#begun / 1000) + MAX_AHEAD_SECONDS;
  }

  /** Whether the nonce of a request that was made in this second may have been forgotten. */
  isForgotten(created: number, now: Date): boolean {
    this.#renew(now.getTime());
    return created <= this.#forgotten;
  }

  /**
   * Takes the nonce of a request with a valid signature, for which `isForgotten` was just asked.
   *
   * @param created in seconds
   * @throws {SealroomError} AUTH_REPLAY if the key has used it before; AUTH_BUSY if the key has used too many.
   */
  take(keyId: string, nonce: string, created: number): void {
    if (this.#current.has(keyId, nonce) || this.#previous.has(keyId, nonce)) {
      throw new SealroomError('AUTH_REPLAY', 'the request was received before', {
        hint: 'sign it again: every request has a signature of its own',
      });
    }
    if (this.#current.add(keyId, nonce, created)) return;
    throw new SealroomError('AUTH_BUSY', 'there were too many requests with this key', { hint: 'wait some minutes' });
  }

  #renew(nowMs: number): void {
    if (nowMs - this.#begun < GENERATION_MS) return;
    this.#forgotten = Math.max(this.#forgotten, this.#previous.newest);
    this.#previous = this.#current;
    this.#current = new Generation();
    this.#begun = nowMs;
  }
}
