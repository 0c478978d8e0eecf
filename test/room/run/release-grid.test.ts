import type { QueryRunner, ReleaseClock } from 'sealroom/query';
import { SYSTEM_CLOCK } from '#src/room/run/release-grid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, enginesOf, SampleRoom } from './support.ts';

const COUNT =
  'SELECT i.region, COUNT(DISTINCT i.email) AS n FROM impressions i JOIN purchases p ON i.email = p.email GROUP BY i.region';
const ROWS = 'SELECT v.page FROM visits v';
const CONSTRAINED = 'SELECT v.page, COUNT(DISTINCT v.email) AS n FROM visits v GROUP BY v.page';
const BEGAN = Date.parse('2026-11-24T12:00:00.000Z');

/** A clock that moves on by a step when it is looked at, until somebody has waited. */
class StepClock implements ReleaseClock {
  readonly #stepMs: number;
  #hasWaited = false;
  time = 0;
  /** The instants until which somebody waited. */
  readonly instants: number[] = [];
  onWait: () => void = () => undefined;

  constructor(stepMs = 137) {
    this.#stepMs = stepMs;
  }

  elapsedMs = (): number => {
    if (!this.#hasWaited) this.time += this.#stepMs;
    return this.time;
  };

  wait = (ms: number): Promise<void> => {
    this.#hasWaited = true;
    this.time += ms;
    this.instants.push(this.time);
    this.onWait();
    return Promise.resolve();
  };

  now = (): Date => new Date(BEGAN + this.time);

  /** Since the attempt began, when the clock was looked at for the first time. */
  get waits(): readonly number[] {
    return this.instants.map((instant) => instant - this.#stepMs);
  }
}

interface Recorded {
  readonly time: string;
  readonly event: { readonly outcome: { readonly kind: string; readonly code?: string; readonly duration?: string } };
}

let room: SampleRoom;

beforeAll(async () => {
  room = await SampleRoom.start();
});

afterAll(async () => {
  await room[Symbol.asyncDispose]();
});

async function lastRecord(): Promise<Recorded> {
  return JSON.parse((await room.log()).trimEnd().split('\n').at(-1) ?? '') as Recorded;
}

function runnerWith(clock: StepClock, limits = {}): Promise<QueryRunner> {
  return room.runner(limits, { clock, now: clock.now });
}

describe('an answer that hides single persons', () => {
  test('ends at a whole second since the attempt began, and so do its record and its statement', async () => {
    const clock = new StepClock();
    await using runner = await runnerWith(clock);
    clock.onWait = (): void => {
      // How long a process takes to end depends on what it did.
      expect(enginesOf(process.pid)).toEqual([]);
    };
    const outcome = await runner.run(ask(COUNT));
    expect(clock.waits).toEqual([1000]);
    const [instant = 0] = clock.instants;
    const released = new Date(BEGAN + instant).toISOString();
    expect(outcome).toMatchObject({ kind: 'released', result: { statement: { time: released } } });
    const { event, time } = await lastRecord();
    expect(time).toBe(released);
    expect(event.outcome).toMatchObject({ kind: 'released', duration: 'under 1 s' });
  });

  test('ends at the next one after each second that it takes', async () => {
    const clock = new StepClock(700);
    await using runner = await runnerWith(clock);
    expect(await runner.run(ask(COUNT))).toMatchObject({ kind: 'released' });
    expect(clock.waits).toEqual([2000]);
    expect((await lastRecord()).event.outcome).toMatchObject({ duration: 'under 10 s' });
  });

  test('does so if it fails', async () => {
    const clock = new StepClock();
    await using runner = await runnerWith(clock, { maxResultBytes: 5 });
    await expect(runner.run(ask(COUNT))).rejects.toMatchObject({ code: 'QUERY_FAILED' });
    expect(clock.waits).toEqual([1000]);
    const { event } = await lastRecord();
    expect(event.outcome).toMatchObject({ kind: 'failed', code: 'RESULT_SIZE', duration: 'under 1 s' });
  });

  test('is not released if the caller stops it while it waits, and the record does not say what it did', async () => {
    const clock = new StepClock();
    const abort = new AbortController();
    await using runner = await runnerWith(clock);
    clock.onWait = (): void => {
      abort.abort();
    };
    await expect(runner.run(ask(COUNT), { signal: abort.signal })).rejects.toMatchObject({ code: 'IO_ABORTED' });
    const { event } = await lastRecord();
    expect(event.outcome).toMatchObject({ kind: 'failed', code: 'ABORTED' });
  });

  test('does so under a custom rule with constraints', async () => {
    await using constrained = await SampleRoom.start(['visits']);
    await constrained.update((text) =>
      text.replace(
        '"allowedAnalysisProviders":["brand"]',
        '$&,"x-outputConstraints":[{"columnName":"email","minimum":5,"type":"COUNT_DISTINCT"}]',
      ),
    );
    const clock = new StepClock();
    await using runner = await constrained.runner({}, { clock });
    expect(await runner.run(ask(CONSTRAINED))).toMatchObject({ kind: 'released' });
    expect(clock.waits).toEqual([1000]);
  });

  test('takes a second where nothing replaces the clock', async () => {
    await using runner = await room.runner({}, { clock: SYSTEM_CLOCK });
    const start = performance.now();
    expect(await runner.run(ask(COUNT))).toMatchObject({ kind: 'released' });
    // A timer may be a little early.
    expect(performance.now() - start).toBeGreaterThan(990);
  });
});

describe('at once', () => {
  test('come rows of a custom rule without constraints, and what the check refuses', async () => {
    const clock = new StepClock();
    await using runner = await runnerWith(clock);
    expect(await runner.run(ask(ROWS))).toMatchObject({ kind: 'released' });
    expect(await runner.run(ask('SELECT i.email FROM impressions i'))).toMatchObject({ kind: 'refused' });
    expect(clock.instants).toEqual([]);
  });

  test('ends a wait that is stopped', async () => {
    const abort = new AbortController();
    const waits = SYSTEM_CLOCK.wait(3_600_000, abort.signal);
    abort.abort();
    await waits;
    await SYSTEM_CLOCK.wait(3_600_000, abort.signal);
  });
});
