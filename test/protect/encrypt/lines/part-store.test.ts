import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { PartStore } from '#src/protect/encrypt/lines/part-store';
import { createWorkerPool } from '#src/workers/index';
import type { Job, Setup } from './storing-jobs.mjs';

const MODULE = new URL('./storing-jobs.mjs', import.meta.url);
const THREADS = 3;
/** So many that the threads are interrupted in between. */
const PIECES = 100_000;

test('pieces that threads store at the same time, where others find no room, have places of their own', async () => {
  const store = await PartStore.open(THREADS * PIECES * 8, tmpdir());
  const setup: Setup = { store: store.shared, ready: new Int32Array(new SharedArrayBuffer(4)), threads: THREADS };
  const pool = await createWorkerPool<Job, readonly (number | null)[]>(MODULE, setup, THREADS);
  try {
    const jobs = (async function* () {
      for (let thread = 0; thread < THREADS; thread++) {
        yield { job: { first: thread * PIECES, count: PIECES }, transfer: [] };
      }
      await Promise.resolve();
    })();
    const stored = new Float64Array(store.shared.memory);
    const places: (number | null)[] = [];
    for await (const result of pool.runInOrder(jobs)) for (const place of result) places.push(place);
    const wrong = places.filter((place, piece) => place === null || stored[place / 8] !== piece);
    expect(places.length).toBe(THREADS * PIECES);
    expect(wrong.length).toBe(0);
  } finally {
    await pool.close();
    await store.close();
  }
  expect(new Float64Array(store.shared.memory).every((number) => number === 0)).toBe(true);
});
