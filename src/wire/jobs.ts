import * as z from 'zod';
import { budgetChange } from '../audit/light.ts';
import { count, finding, memberId, name, sha256, suggestion, text, time, uuid } from './parts.ts';
import { failure } from './problem.ts';

/** What a member keeps of a record in the audit log. */
const receipt = z
  .strictObject({
    index: count,
    /** The signed checkpoint that covers the record. */
    checkpoint: text,
  })
  .readonly();

const common = {
  id: uuid,
  member: memberId,
  /** Id of the person who asked; `null` for a member that is one person. */
  person: name.nullable(),
  created: time,
};

const waiting = { state: z.literal('queued'), queuePosition: z.int().min(1) };

const query = { kind: z.literal('query'), ...common, receivers: z.array(memberId).min(1).readonly() };

/** Of what an attempt leaves in the log; the salt opens the hashes in its record. */
const attempted = { attempt: uuid, salt: sha256, receipt };

const queryJob = z.discriminatedUnion('state', [
  z.strictObject({ ...query, ...waiting }).readonly(),
  z.strictObject({ ...query, state: z.literal('running'), attempt: uuid }).readonly(),
  z
    .strictObject({
      ...query,
      state: z.literal('released'),
      ...attempted,
      rows: count,
      isCut: z.boolean(),
      budgets: z.array(budgetChange).readonly(),
      /** Bytes of the package; `null` once it is no longer kept. */
      resultBytes: count.nullable(),
      /** Until when it is kept, unless all receivers have it before. */
      expires: time,
    })
    .readonly(),
  z
    .strictObject({
      ...query,
      state: z.literal('refused'),
      ...attempted,
      /** The text that the places of the findings are in. */
      sql: text,
      findings: z.array(finding).min(1).readonly(),
      suggestion: suggestion.exactOptional(),
    })
    .readonly(),
  z.strictObject({ ...query, state: z.literal('failed'), attempt: uuid, failure }).readonly(),
  z.strictObject({ ...query, state: z.literal('cancelled') }).readonly(),
]);

const load = { kind: z.literal('load'), ...common, table: name };

const loadJob = z.discriminatedUnion('state', [
  z.strictObject({ ...load, ...waiting }).readonly(),
  z.strictObject({ ...load, state: z.literal('running') }).readonly(),
  z
    .strictObject({
      ...load,
      state: z.literal('done'),
      rows: count,
      sourceSha256: sha256,
      snapshotSha256: sha256,
      /** The snapshot that was replaced. */
      replacedSha256: sha256.nullable(),
      /** Headers of columns that were not loaded, because the rule does not name them. */
      leftOut: z.array(text).readonly(),
      /** The key of the owner that signed the file. */
      signedBy: name.nullable(),
      notes: z.array(text).readonly(),
      warnings: z.array(text).readonly(),
    })
    .readonly(),
  z.strictObject({ ...load, state: z.literal('failed'), failure }).readonly(),
  z.strictObject({ ...load, state: z.literal('cancelled') }).readonly(),
]);

/** Long work of a room: a query, or the load of a table. */
export const jobBody = z.discriminatedUnion('kind', [queryJob, loadJob]);

/** Long work of a room. It tells nothing that depends on the rows of others before it ends. */
export type Job = z.infer<typeof jobBody>;

/** One page of a member's jobs, newest first. */
export const jobPageBody = z
  .strictObject({
    jobs: z.array(jobBody).max(100).readonly(),
    /** What `after` is for the next page; `null` on the last one. */
    next: uuid.nullable(),
  })
  .readonly();

/** One page of a member's jobs. */
export type JobPage = z.infer<typeof jobPageBody>;

/** Whether a job has ended, and will not change any more. */
export function hasEnded({ state }: Job): boolean {
  return state !== 'queued' && state !== 'running';
}
