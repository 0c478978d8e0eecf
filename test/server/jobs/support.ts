import { readFile } from 'node:fs/promises';
import { type AttemptTrace, findAttempts } from '#src/audit/index';
import { hasEnded, type Job } from '#src/wire/index';
import { parseVerifiers, verifyLog } from 'sealroom/audit';
import { openPackage, type OpenedPackage } from 'sealroom/package';
import { printPublicKey, ROLES } from 'sealroom/collab';
import { openRoom, RoomReader } from 'sealroom/room';
import type { QueryRunner, RunnerLimits } from 'sealroom/query';
import type { RequestSender } from '#src/server/caller';
import { Jobs, type JobsOptions } from '#src/server/jobs/jobs';
import { keyOf } from '../../support/manifests.ts';
import { NOW, type SampleRoom } from '../../room/run/support.ts';

/** A query that the rules allow, over rows of two members. */
export const COUNT =
  'SELECT COUNT(DISTINCT i.email) AS people FROM impressions i JOIN purchases p ON i.email = p.email';

/** A query that is refused. */
export const REFUSED = 'SELECT i.email FROM impressions i';

/** 900 rows of three pages, each joined with all rows of its page five times over: 10^13 rows. */
export const RUNAWAY = `SELECT COUNT(*) AS n FROM visits a JOIN visits b ON a.page = b.page JOIN visits c ON a.page = c.page
  JOIN visits d ON a.page = d.page JOIN visits e ON a.page = e.page WHERE a.seconds + b.seconds + c.seconds + d.seconds + e.seconds > 1`;

/** A member that is one person, as its signature shows. */
export function callerOf(member: string): RequestSender {
  return { keyId: printPublicKey(keyOf(member)), member, person: null, roles: ROLES };
}

/** The jobs of a room, with what runs them. */
export interface OpenJobs extends AsyncDisposable {
  readonly jobs: Jobs;
  readonly runner: QueryRunner;
  /** How jobs ended, in order. */
  readonly ends: { readonly job: Job; readonly cause: unknown }[];
}

/** Opens the jobs of a room, one query at a time. */
export async function openJobs(
  room: SampleRoom,
  more: Partial<JobsOptions> = {},
  limits: Partial<RunnerLimits> = {},
): Promise<OpenJobs> {
  const runner = await room.runner(limits);
  const reader = new RoomReader(room.directory);
  const ends: { job: Job; cause: unknown }[] = [];
  const report = (job: Job, cause: unknown): void => void ends.push({ job, cause });
  const jobs = await Jobs.open({ reader, runner, processes: 1, now: NOW, report, ...more }).catch(
    async (error: unknown) => {
      await runner[Symbol.asyncDispose]();
      throw error;
    },
  );
  return {
    jobs,
    runner,
    ends,
    [Symbol.asyncDispose]: async () => {
      await jobs[Symbol.asyncDispose]();
      await runner[Symbol.asyncDispose]();
    },
  };
}

/** Waits until a job is something; a test's time limit ends it. */
export async function untilJob(
  jobs: Jobs,
  caller: RequestSender,
  id: string,
  isSo: (job: Job) => boolean,
): Promise<Job> {
  const { signal } = new AbortController();
  for (;;) {
    const entry = jobs.find(caller, id);
    const job = await jobs.read(entry);
    if (isSo(job)) return job;
    await jobs.waitForChange(entry, job.state, 1000, signal);
  }
}

/** Waits for the end of a job. */
export function endOf(jobs: Jobs, caller: RequestSender, id: string): Promise<Job> {
  return untilJob(jobs, caller, id, hasEnded);
}

/** What the log has of an attempt. */
export async function traceOf({ directory }: SampleRoom, attempt: string): Promise<AttemptTrace | undefined> {
  const { auditDirectory, verifierFile } = await openRoom(directory);
  const verifiers = parseVerifiers(await readFile(verifierFile, 'utf8'));
  return (await findAttempts({ directory: auditDirectory, verifiers }, [attempt])).get(attempt);
}

/** The problems of a room's log. */
export async function problemsOf({ directory }: SampleRoom): Promise<readonly unknown[]> {
  const { auditDirectory, verifierFile } = await openRoom(directory);
  const verifiers = parseVerifiers(await readFile(verifierFile, 'utf8'));
  return (await verifyLog({ directory: auditDirectory, verifiers, seen: [] })).problems;
}

/** Opens the package of a job for a member. */
export async function openResultOf(
  room: SampleRoom,
  jobs: Jobs,
  member: 'brand' | 'pub' | 'auditor',
  id: string,
): Promise<OpenedPackage> {
  const { verifierFile } = await openRoom(room.directory);
  const verifiers = parseVerifiers(await readFile(verifierFile, 'utf8'));
  const { file, bytes } = await jobs.openResult(callerOf(member), id);
  try {
    const content = new Uint8Array(await file.readFile());
    if (content.length !== bytes) throw new Error('the package has another length');
    return await openPackage(content, { member, identities: [room.identities[member]], verifiers });
  } finally {
    await file.close();
  }
}
