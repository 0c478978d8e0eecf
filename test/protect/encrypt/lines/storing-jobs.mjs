// A job module: threads that store pieces at the same time.
import { storePieces } from '#src/protect/encrypt/lines/part-store';

/**
 * @typedef {import('#src/protect/encrypt/lines/part-store').SharedParts} SharedParts
 * @typedef {{ readonly store: SharedParts, readonly ready: Int32Array, readonly threads: number }} Setup
 * @typedef {{ readonly first: number, readonly count: number }} Job
 */

/** @type {import('#src/workers/index').CreateWorker<Setup, Job, readonly (number | null)[]>} */
export const createWorker = ({ store, ready, threads }) => ({
  /** Stores a piece for each of `count` numbers from `first` on, and tries to store one that is too large behind each of them. */
  run({ first, count }) {
    const tooLarge = new Uint8Array(store.memory.byteLength + 8);
    Atomics.add(ready, 0, 1);
    while (Atomics.load(ready, 0) < threads);
    const result = Array.from({ length: count }, (_, index) => {
      const place = storePieces(store, [new Uint8Array(Float64Array.of(first + index).buffer)]);
      storePieces(store, [tooLarge]);
      return place;
    });
    return { result, transfer: [] };
  },
  close: () => undefined,
});
