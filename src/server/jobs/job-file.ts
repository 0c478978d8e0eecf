import * as z from 'zod';
import { parseJson } from '../../errors/index.ts';
import { type Ask, askBody, type Job, jobBody } from '../../wire/index.ts';

const text = z.string();
const uuid = z.uuid();
const time = z.iso.datetime({ precision: 3 });
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const result = z
  .strictObject({
    bytes: z.int().min(0),
    sha256,
    expires: time,
    /** Whether a receiver has read all of it. */
    isFetched: z.boolean(),
    /** The receivers that said that they have it. */
    takenBy: z.array(text).readonly(),
  })
  .readonly();

const caller = z.strictObject({ keyId: text, member: text, person: text.nullable() }).readonly();

const common = { id: uuid, created: time, caller, ended: time.nullable() };

const queryHead = z
  .strictObject({
    kind: z.literal('query'),
    ...common,
    state: z.enum(['queued', 'released', 'refused', 'failed', 'cancelled']),
    receivers: z.array(text).min(1).readonly(),
    /** Drawn when the job is made, so that the log never has an attempt whose job is not known. */
    attempt: uuid,
    salt: sha256,
    idempotency: z.strictObject({ key: text, requestSha256: sha256 }).readonly(),
    /** The package that is kept; `null` if there is none, or not any more. */
    result: result.nullable(),
  })
  .readonly();

const loadHead = z
  .strictObject({
    kind: z.literal('load'),
    ...common,
    state: z.enum(['queued', 'done', 'failed', 'cancelled']),
    table: text,
    /** The path of the file in the directory of the room. */
    path: text,
    format: z.enum(['csv', 'parquet', 'arrow']),
    csvInputNull: z.array(text).readonly().nullable(),
    sha256,
    /** How often the room began to load it and was killed, or is loading it now. */
    begun: z.int().min(0),
  })
  .readonly();

const jobFile = z
  .strictObject({
    version: z.literal(1),
    head: z.discriminatedUnion('kind', [queryHead, loadHead]),
    /** The question, until the job ends; `null` for a load. */
    ask: askBody.nullable(),
    /** What members are told once the job has ended. */
    end: jobBody.nullable(),
  })
  .readonly();

/** A query job, without its question and without what its end tells: what is kept in memory. */
export type QueryHead = z.infer<typeof queryHead>;

/** A load job. */
export type LoadHead = z.infer<typeof loadHead>;

/** A job, without the parts that may be long. */
export type JobHead = QueryHead | LoadHead;

/** A package that is kept for its receivers. */
export type KeptPackage = z.infer<typeof result>;

/** What the file of a job has. */
export interface JobFile {
  readonly head: JobHead;
  readonly ask: Ask | null;
  readonly end: Job | null;
}

/** The text of the file of a job. */
export function printJobFile({ head, ask, end }: JobFile): string {
  return `${JSON.stringify({ version: 1, head, ask, end })}\n`;
}

/** Parses what {@link printJobFile} writes; `null` if it is something else. */
export function parseJobFile(content: string): JobFile | null {
  const parsed = jobFile.safeParse(parseJson(content));
  if (!parsed.success) return null;
  const { head, ask, end } = parsed.data;
  const isWhole = head.ended === null ? (head.kind === 'query') === (ask !== null) : end !== null;
  return isWhole ? { head, ask, end } : null;
}

/** The head of a job that has ended. */
export function endHead(head: JobHead, job: Job, result: KeptPackage | null, ended: string): JobHead {
  if (job.state === 'queued' || job.state === 'running') throw new TypeError('a job ends in a last state');
  if (head.kind === 'query' && job.kind === 'query') return { ...head, state: job.state, result, ended };
  if (head.kind === 'load' && job.kind === 'load') return { ...head, state: job.state, ended };
  throw new TypeError('a job ends as a job of its kind');
}

/** What members are told of a job that runs. */
export function runningJob(head: JobHead): Job {
  return head.kind === 'query'
    ? { ...describeHead(head), state: 'running', attempt: head.attempt }
    : { ...describeHead(head), state: 'running' };
}

/** What members are told of a job in each of its states. */
export function describeHead(head: QueryHead): Omit<Extract<Job, { kind: 'query'; state: 'cancelled' }>, 'state'>;
export function describeHead(head: LoadHead): Omit<Extract<Job, { kind: 'load'; state: 'cancelled' }>, 'state'>;
export function describeHead(head: JobHead): object {
  const { id, created, caller: asker } = head;
  const said = { id, member: asker.member, person: asker.person, created };
  return head.kind === 'query'
    ? { kind: head.kind, ...said, receivers: head.receivers }
    : { kind: head.kind, ...said, table: head.table };
}
