import { encodeUtf8 } from '../../bytes/index.ts';
import { hasEnded, type Job } from '../../wire/index.ts';
import type { JobEntry } from './job-store.ts';
import type { Jobs } from './jobs.ts';

/** What a stream of events has besides its job. */
export interface JobEventsOptions {
  /** How often a comment is sent while nothing happens, in ms. */
  readonly commentMs: number;
  /** Ends the stream. */
  readonly signal: AbortSignal;
}

/** The ids of events: a job goes through its states in this order, so that a later event has a greater id. */
const IDS: Partial<Record<Job['state'], number>> = { queued: 1, running: 2 };

const LAST_ID = 3;

/**
 * The states of a job, as events of a stream (`text/event-stream`): the present one at once, the others as they come. After the last one,
 * or when the room stops, the stream ends. Whoever connects again is told the present state, whatever event was seen last.
 */
export async function* jobEvents(
  jobs: Jobs,
  entry: JobEntry,
  { commentMs, signal }: JobEventsOptions,
): AsyncGenerator<Uint8Array> {
  let told: Job['state'] | null = null;
  while (!signal.aborted) {
    const job = await jobs.read(entry);
    if (job.state !== told) {
      told = job.state;
      yield encodeUtf8(printEvent(job));
      if (hasEnded(job)) return;
    } else if (jobs.closing.aborted) {
      yield encodeUtf8(': the room stops\n\n');
      return;
    } else {
      yield encodeUtf8(':\n\n');
    }
    await jobs.waitForChange(entry, job.state, commentMs, signal);
  }
}

function printEvent(job: Job): string {
  return `event: ${job.state}\nid: ${String(IDS[job.state] ?? LAST_ID)}\ndata: ${JSON.stringify(job)}\n\n`;
}
