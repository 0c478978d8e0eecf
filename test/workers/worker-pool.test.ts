import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createWorkerPool, type WorkerPool, type SentJob } from '#src/workers/index';
import type { Job, Result, Setup } from './jobs.mjs';

const MODULE = new URL('./jobs.mjs', import.meta.url);
const ENDED = { name: 'SealroomError', code: 'IO_ENGINE', message: 'a worker thread ended before its work was done' };

function setupOf(start: Setup['start'] = 'well'): Setup {
  return { start, closed: new Int32Array(new SharedArrayBuffer(4)), key: Uint8Array.of(1, 2, 3) };
}

async function withPool<T>(
  threads: number,
  use: (pool: WorkerPool<Job, Result>) => Promise<T>,
  setup = setupOf(),
): Promise<T> {
  const pool = await createWorkerPool<Job, Result>(MODULE, setup, threads);
  try {
    return await use(pool);
  } finally {
    await pool.close();
  }
}

/** A source of jobs that counts how many were pulled, and knows that it was ended. */
class Source implements AsyncIterable<SentJob<Job>> {
  pulled = 0;
  isEnded = false;
  readonly #jobs: Iterable<Job>;

  constructor(jobs: Iterable<Job>) {
    this.#jobs = jobs;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SentJob<Job>> {
    try {
      for (const job of this.#jobs) {
        this.pulled++;
        yield { job: job, transfer: job.kind === 'double' ? [job.bytes.buffer] : [] };
      }
    } finally {
      this.isEnded = true;
    }
  }
}

function* count(end = Infinity): Generator<Job> {
  for (let value = 0; value < end; value++) yield { kind: 'echo', value, ms: 0 };
}

function* thenFail(jobs: Iterable<Job>): Generator<Job> {
  yield* jobs;
  throw new RangeError('the source broke');
}

interface Outcome {
  readonly results: readonly Result[];
  readonly error: unknown;
}

/** What a pool makes of jobs until it fails, if it does. */
async function outcomeOf(pool: WorkerPool<Job, Result>, jobs: AsyncIterable<SentJob<Job>>): Promise<Outcome> {
  const results: Result[] = [];
  try {
    for await (const result of pool.runInOrder(jobs)) results.push(result);
  } catch (error) {
    return { results, error };
  }
  return { results, error: null };
}

describe.each([1, 2, 3])('a pool of %i', (threads) => {
  const outcome = (jobs: Iterable<Job>, setup?: Setup): Promise<Outcome> =>
    withPool(threads, (pool) => outcomeOf(pool, new Source(jobs)), setup);

  test('gives the results in the order of the jobs, however long each of them takes', async () => {
    await withPool(threads, async (pool) => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat({ max: 3 }), { maxLength: 20 }), async (durations) => {
          const jobs = durations.map((ms, value): Job => ({ kind: 'echo', value, ms }));
          expect(await outcomeOf(pool, new Source(jobs))).toEqual({ results: [...durations.keys()], error: null });
        }),
        { numRuns: 30 },
      );
    });
  });

  test('pulls at most two jobs per thread beyond the results that were taken', async () => {
    await withPool(threads, async (pool) => {
      const source = new Source(count());
      let taken = 0;
      for await (const result of pool.runInOrder(source)) {
        expect(result).toBe(taken++);
        // Whatever would be pulled without being asked for is pulled here.
        for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
        expect(source.pulled - taken).toBeLessThanOrEqual(2 * threads);
        if (taken === 30) break;
      }
      expect(source.isEnded).toBe(true);
    });
  });

  test('throws the error of a job after the results before it', async () => {
    const { results, error } = await outcome([...count(7), { kind: 'refuse' }, ...count(7)]);
    expect(results).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(error).toMatchObject({
      name: 'SealroomError',
      code: 'DATA_VALUE',
      message: 'refused',
      hint: 'ask for less',
      where: { file: 'a.csv', row: 7 },
    });
  });

  test('throws the error of the source after the results before it', async () => {
    const { results, error } = await outcome(thenFail(count(5)));
    expect(results).toEqual([0, 1, 2, 3, 4]);
    expect(error).toEqual(new RangeError('the source broke'));
    expect((await outcome(thenFail([{ kind: 'refuse' }]))).error).toMatchObject({ code: 'DATA_VALUE' });
  });

  test('works on after a consumer that left', async () => {
    await withPool(threads, async (pool) => {
      for (const leave of ['break', 'throw'] as const) {
        const source = new Source(count());
        const consume = async (): Promise<void> => {
          for await (const result of pool.runInOrder(source)) {
            if (result !== 3) continue;
            if (leave === 'throw') throw new Error('the consumer left');
            break;
          }
        };
        await consume().catch((error: unknown) => {
          expect(error).toEqual(new Error('the consumer left'));
        });
        expect(source.isEnded).toBe(true);
      }
      expect(await outcomeOf(pool, new Source(count(10)))).toEqual({ results: [...Array(10).keys()], error: null });
    });
  });

  test('throws a SealroomError of the start of its work to who takes the first result', async () => {
    expect(await outcome(count(3), setupOf('refuse'))).toMatchObject({ results: [], error: { code: 'DATA_VALUE' } });
  });

  test('closes its threads’ work once, with a key of its own to wipe', async () => {
    const setup = setupOf();
    await withPool(
      threads,
      async (pool) => {
        await outcomeOf(pool, new Source(count(20)));
        await Promise.all([pool.close(), pool.close()]);
      },
      setup,
    );
    expect(setup.closed[0]).toBe(threads);
    expect([...setup.key]).toEqual([1, 2, 3]);
  });

  test('does no job once it is closed', async () => {
    const pool = await createWorkerPool<Job, Result>(MODULE, setupOf(), threads);
    await pool.close();
    expect(await outcomeOf(pool, new Source(count()))).toMatchObject({ results: [], error: { code: 'IO_ABORTED' } });
  });

  test('takes a pool that is closed between results as stopped', async () => {
    await withPool(threads, async (pool) => {
      const consume = async (): Promise<void> => {
        for await (const result of pool.runInOrder(new Source(count()))) if (result === 4) await pool.close();
      };
      await expect(consume()).rejects.toMatchObject({ code: 'IO_ABORTED' });
    });
  });
});

describe('a pool of workers', () => {
  test('moves buffers there and back', async () => {
    await withPool(2, async (pool) => {
      const bytes = [1, 2, 3].map((byte) => Uint8Array.of(byte, byte));
      const jobs = bytes.map((bytes): Job => ({ kind: 'double', bytes }));
      const { results } = await outcomeOf(pool, new Source(jobs));
      expect(results).toEqual([Uint8Array.of(2, 2), Uint8Array.of(4, 4), Uint8Array.of(6, 6)]);
      expect(bytes.map((bytes) => bytes.buffer.byteLength)).toEqual([0, 0, 0]);
    });
  });

  test('keeps environment and options of the process from its workers', async () => {
    expect(process.env['PATH']).toBeDefined();
    expect((await withPool(2, (pool) => outcomeOf(pool, new Source([{ kind: 'look' }])))).results).toEqual([[]]);
  });

  test.each(['crash', 'exit', 'unclonable'] as const)('fails when a worker ends early: %s', async (kind) => {
    await withPool(2, async (pool) => {
      const { results, error } = await outcomeOf(pool, new Source([...count(4), { kind }, ...count(9)]));
      expect(results).toEqual([0, 1, 2, 3]);
      expect(error).toMatchObject({ ...ENDED, hint: 'run it again, with `--threads 1` if necessary' });
      expect((await outcomeOf(pool, new Source(count(20)))).error).toMatchObject(ENDED);
    });
  });

  test('fails when a worker cannot start', async () => {
    const crash = await withPool(2, (pool) => outcomeOf(pool, new Source(count(5))), setupOf('crash'));
    expect(crash).toMatchObject({ results: [], error: ENDED });
    const missing = await createWorkerPool<Job, Result>(new URL('./missing.mjs', import.meta.url), setupOf(), 2);
    expect(await outcomeOf(missing, new Source(count(5)))).toMatchObject({ results: [], error: ENDED });
    await missing.close();
  });

  test('is closed within a second while its workers hang, and its consumer hears of it', async () => {
    const pool = await createWorkerPool<Job, Result>(MODULE, setupOf(), 2);
    const outcome = outcomeOf(pool, new Source([...count(2), { kind: 'hang' }, { kind: 'hang' }, ...count(9)]));
    const start = performance.now();
    await pool.close();
    expect(performance.now() - start).toBeLessThan(1000);
    expect((await outcome).error).toMatchObject({ code: 'IO_ABORTED' });
  });

  test('prints nothing, leaves no rejection unhandled and lets the process end', async () => {
    const script = `
      import { createWorkerPool } from '#src/workers/index';
      const setup = { start: 'well', closed: new Int32Array(new SharedArrayBuffer(4)), key: new Uint8Array(1) };
      const pool = await createWorkerPool(new URL(${JSON.stringify(MODULE.href)}), setup, 2);
      async function* jobs() {
        for (const kind of ['print', 'print', 'refuse', 'crash', 'exit', 'print']) yield { job: { kind }, transfer: [] };
      }
      for await (const result of pool.runInOrder(jobs())) break;
      await pool.close();
      console.log('ended');
    `;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect([stdout, stderr]).toEqual(['ended\n', '']);
  });
});
