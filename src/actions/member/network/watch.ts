import { setTimeout as sleep } from 'node:timers/promises';
import { SealroomError } from '../../../errors/index.ts';
import { hasEnded, type Job } from '../../../wire/index.ts';
import type { RoomConnection } from './connection.ts';

/** How often a room is asked for the states of jobs, in ms. */
const INTERVAL_MS = 2000;

/** How often in a row it may be out of reach. */
const MAX_FAILURES = 10;

/**
 * The member's jobs that have not ended, and then each change of one, until the signal fires.
 *
 * @throws {SealroomError} IO_ROOM if the room cannot be reached ten times in a row.
 */
export async function* watchJobs({ client, environment }: RoomConnection): AsyncGenerator<Job> {
  const { signal } = environment;
  const states = new Map<string, Job['state']>();
  let isFirst = true;
  let failures = 0;
  const isStopped = (): boolean => signal?.aborted === true;
  while (!isStopped()) {
    try {
      const { jobs } = await client.jobs(null, { signal });
      failures = 0;
      for (const job of jobs.toReversed()) {
        const isNews = states.get(job.id) !== job.state && !(isFirst && hasEnded(job));
        states.set(job.id, job.state);
        if (isNews) yield job;
      }
      isFirst = false;
    } catch (error) {
      if (isStopped()) return;
      if (!(error instanceof SealroomError) || error.code !== 'IO_ROOM' || failures === MAX_FAILURES) throw error;
      failures += 1;
    }
    await pause(signal);
  }
}

/** Ends early if the signal fires. */
async function pause(signal: AbortSignal | undefined): Promise<void> {
  await sleep(INTERVAL_MS, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    if (signal?.aborted !== true) throw error;
  });
}
