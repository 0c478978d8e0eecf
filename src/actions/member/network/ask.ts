import { randomUUID } from 'node:crypto';
import { type Ask, hasEnded, type Job } from '../../../wire/index.ts';
import type { RoomConnection } from './connection.ts';
import { isUnknown, PendingRequest, withWayOn } from './requests.ts';

/** A question that became a job. */
export interface SubmittedQuery {
  readonly job: Job;
  /** Whether it was asked before, and has not ended for this home. */
  readonly isContinued: boolean;
}

/** The question in a form that does not depend on how it was put. */
function normalForm(ask: Ask): unknown {
  const receivers = ask.receivers?.toSorted() ?? null;
  if (!('template' in ask)) return { sql: ask.sql, receivers };
  const parameters = Object.entries(ask.parameters ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { template: ask.template, parameters, receivers };
}

/**
 * Asks a question of a room. If it was asked before and has not ended, this is the same job: what was sent before the connection was
 * lost is not asked twice.
 *
 * @param isFollowed whether the home waits for the end of the job, and is to remember it until then
 * @throws {SealroomError} what the room refuses it with; IO_ROOM if it is not known whether it was asked, and it may be repeated.
 */
export async function submitQuery(room: RoomConnection, ask: Ask, isFollowed: boolean): Promise<SubmittedQuery> {
  const request = await PendingRequest.find(room, 'query', normalForm(ask));
  const { id } = request.known ?? { id: randomUUID() };
  if (request.known === null) await request.keep({ id, job: null });
  try {
    const job = await room.client.submit(ask, id, { signal: room.environment.signal });
    await (isFollowed ? request.keep({ id, job: job.id }) : request.forget());
    return { job, isContinued: request.known !== null };
  } catch (error) {
    if (isUnknown(error)) throw withWayOn(error, 'the same command asks again, and once');
    await request.forget();
    throw error;
  }
}

/** The command that goes on with a job. */
export function wayOnWith({ origin }: RoomConnection, job: string): string {
  return `job ${job} goes on in the room: \`sealroom room job ${job} --room ${origin}\``;
}

/**
 * Waits for the end of a job.
 *
 * @param onState called with the present state, and each that follows
 * @throws {SealroomError} IO_ROOM, IO_ABORTED with how to go on; the job does.
 */
export async function followJob(room: RoomConnection, started: Job, onState: (job: Job) => void): Promise<Job> {
  let last = started;
  onState(last);
  if (hasEnded(last)) return last;
  try {
    for await (const job of room.client.follow(started.id, { signal: room.environment.signal })) {
      if (job.state !== last.state) onState(job);
      last = job;
    }
    return last;
  } catch (error) {
    throw isUnknown(error) ? withWayOn(error, wayOnWith(room, started.id)) : error;
  }
}
