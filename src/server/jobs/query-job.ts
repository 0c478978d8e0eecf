import type { AttemptEvent, AttemptTrace } from '../../audit/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { type Recipients, recipientsOf } from '../../package/index.ts';
import { FINDINGS, type Finding, type FindingCode } from '../../query/index.ts';
import {
  type QueryOutcome,
  type QueryRequest,
  type QueryResult,
  type QueryRunner,
  receiversOf,
  recordedFailure,
  resolveRequest,
  type Room,
  type RoomReader,
  totalChanges,
} from '../../room/index.ts';
import { type Ask, describeFailure, type FailureReport, type Job } from '../../wire/index.ts';
import { requireKeyRole, toQueryRequest } from '../ask.ts';
import type { RequestSender } from '../caller.ts';
import { openForMembers } from '../gate.ts';
import { clockToldOf } from '../problems.ts';
import { describeHead, type JobHead, type KeptPackage, type QueryHead } from './job-file.ts';
import type { RoomResults } from './result-store.ts';

/** How a job has ended. */
export interface EndedJob {
  readonly job: Job;
  /** The package that is kept. */
  readonly result: KeptPackage | null;
  /** Why it failed. */
  readonly cause: unknown;
}

/** What queries are run with. */
export interface QueryJobParts {
  readonly reader: RoomReader;
  readonly runner: QueryRunner;
  readonly results: RoomResults;
  /** Is awaited before anything is run or released, and does not return if another process may have the room by now. */
  readonly requireLock?: (() => Promise<void>) | undefined;
  /** When a package that is made now is removed; ISO 8601, UTC. */
  readonly expiry: () => string;
}

/** A query, and who may get its result. */
export interface AdmittedQuery {
  readonly request: QueryRequest;
  readonly recipients: Recipients;
}

/**
 * Requires a question that the room can take from a caller, before anything is spent: a role, members that exist, and receivers that have
 * keys. Whether it is allowed is for the check.
 *
 * @throws {SealroomError} RULE_ROLE; USAGE_OPTION.
 */
export function admitQuery(
  { manifest }: Room,
  caller: Pick<RequestSender, 'keyId' | 'member' | 'person'>,
  ask: Ask,
): AdmittedQuery {
  requireKeyRole(manifest, caller, 'query');
  const request = toQueryRequest(ask, caller);
  resolveRequest(request, manifest);
  return { request, recipients: recipientsOf(manifest, receiversOf(request)) };
}

/**
 * Runs a query. Its result is kept before its release is recorded, and packed once the record and its proof are there.
 *
 * @throws {SealroomError} what `admitQuery` and `QueryRunner.run` throw, and then nothing was released; {@link NotPacked}.
 */
export async function runQueryJob(
  parts: QueryJobParts,
  head: QueryHead,
  ask: Ask,
  signal: AbortSignal,
): Promise<EndedJob> {
  const { reader, runner, results, requireLock } = parts;
  const { attempt, salt } = head;
  const room = await openForMembers(reader);
  const { request, recipients } = admitQuery(room, head.caller, ask);
  await requireLock?.();
  const outcome = await runner.run(request, {
    attempt,
    salt,
    room,
    signal,
    beforeRelease: async (result) => {
      await requireLock?.();
      await results.keep(attempt, { ...result, recipients });
    },
  });
  if (outcome.kind === 'refused') return endOf(refusedJob(head, outcome));
  return packJob(parts, head, outcome, recipients);
}

/** Thrown if a result was released and is kept, but could not be packed. */
export class NotPacked extends Error {
  constructor(cause: unknown) {
    super('a result was released and not packed', { cause });
  }
}

/**
 * How a query ended by what the log has of its attempt; `null` if the log has nothing, so that nothing was spent. An attempt that started
 * and did not end is recorded as one that failed.
 *
 * @throws {SealroomError} IO_*, AUDIT_* for the log; {@link NotPacked}.
 */
export async function settleQueryJob(
  parts: QueryJobParts,
  head: QueryHead,
  ask: Ask,
  trace: AttemptTrace | undefined,
): Promise<EndedJob | null> {
  const { start = null, end = null } = trace ?? {};
  const { attempt, salt } = head;
  if (end === null) {
    if (start === null) return null;
    await parts.runner.recordCrash({ start, request: toQueryRequest(ask, head.caller), salt });
    return failedJob(head, recordedFailure(attempt, 'CRASH'));
  }
  const { event, receipt } = end;
  switch (event.outcome.kind) {
    case 'refused':
      return settleRefused(head, ask, end);
    case 'failed':
      return failedJob(head, recordedFailure(attempt, event.outcome.code));
    case 'released': {
      const budgets = totalChanges(start?.event.budgets ?? [], event.budgets);
      const kept = await parts.results.readKept(attempt);
      const facts = { attempt, salt, receipt, budgets };
      if (kept === null) return endOf(releasedJob(head, facts, event.outcome.rows, false, parts.expiry(), null));
      const { statement, table, recipients } = kept;
      const result = { statement: { ...statement, proof: receipt.proof }, table, record: receipt.record };
      return packJob(parts, head, { ...facts, result }, recipients);
    }
  }
}

type Released = Extract<QueryOutcome, { readonly kind: 'released' }>;

/** Makes the package of a result that was released. @throws {NotPacked} */
async function packJob(
  { runner, results, expiry }: QueryJobParts,
  head: QueryHead,
  { result, ...facts }: Omit<Released, 'kind'>,
  recipients: Recipients,
): Promise<EndedJob> {
  const { rows, isCut } = result.statement;
  const expires = expiry();
  try {
    const placed = await results.place(head.attempt, await runner.pack(result satisfies QueryResult, recipients));
    return {
      job: releasedJob(head, facts, rows, isCut, expires, placed.bytes),
      result: { ...placed, expires, isFetched: false, takenBy: [] },
      cause: null,
    };
  } catch (error) {
    throw new NotPacked(error);
  }
}

function endOf(job: Job): EndedJob {
  return { job, result: null, cause: null };
}

function releasedJob(
  head: QueryHead,
  { attempt, salt, receipt, budgets }: Omit<Released, 'kind' | 'result'>,
  rows: number,
  isCut: boolean,
  expires: string,
  resultBytes: number | null,
): Job {
  const { index, checkpoint } = receipt;
  const facts = { attempt, salt, receipt: { index, checkpoint }, rows, isCut, budgets, resultBytes, expires };
  return { ...describeHead(head), state: 'released', ...facts };
}

function refusedJob(
  head: QueryHead,
  {
    attempt,
    salt,
    receipt: { index, checkpoint },
    text: sql,
    findings,
    ...more
  }: Omit<Extract<QueryOutcome, { readonly kind: 'refused' }>, 'kind'>,
): Job {
  const suggested = more.suggestion === undefined ? {} : { suggestion: more.suggestion };
  const facts = { attempt, salt, receipt: { index, checkpoint }, sql, findings, ...suggested };
  return { ...describeHead(head), state: 'refused', ...facts };
}

/** What members are told of a job that failed: that the room cannot read its own manifest is a failure of the room. */
export function describeJobFailure(cause: unknown, id: string): FailureReport {
  const isOwn = cause instanceof SealroomError && cause.code.startsWith('MANIFEST_');
  return describeFailure(isOwn ? null : clockToldOf(cause), id);
}

/** The end of a query that was not answered. */
export function failedJob(head: QueryHead, cause: unknown): EndedJob {
  const { id, attempt } = head;
  return {
    job: { ...describeHead(head), state: 'failed', attempt, failure: describeJobFailure(cause, id) },
    result: null,
    cause,
  };
}

/** The end of a job that was cancelled, and has changed nothing and cost nothing. */
export function cancelledJob(head: JobHead): EndedJob {
  const job: Job =
    head.kind === 'query'
      ? { ...describeHead(head), state: 'cancelled' }
      : { ...describeHead(head), state: 'cancelled' };
  return endOf(job);
}

/** The end of an attempt whose record says that it was refused: by the rules, or because it could not run. */
function settleRefused(head: QueryHead, ask: Ask, { event, receipt }: NonNullable<AttemptTrace['end']>): EndedJob {
  const { attempt, salt } = head;
  const { question, findings: recorded } = event;
  const text = ('sql' in question ? question.sql : null) ?? ('sql' in ask ? ask.sql : '');
  const findings = recorded.flatMap((finding) => readFinding(finding, text) ?? []);
  if (findings.length === recorded.length) return endOf(refusedJob(head, { attempt, salt, receipt, text, findings }));
  return failedJob(head, recordedFailure(attempt, recorded[0]?.code ?? ''));
}

/** A finding of a record, whose place is in bytes there; `null` for one that is not about the query. */
function readFinding({ code, message, span }: AttemptEvent['findings'][number], text: string): Finding | null {
  if (!isFindingCode(code)) return null;
  const bytes = Buffer.from(text);
  const characterAt = (byte: number): number => bytes.subarray(0, byte).toString().length;
  const place =
    span === null ? { start: 0, end: text.length } : { start: characterAt(span.start), end: characterAt(span.end) };
  return { code, span: place, message, help: FINDINGS[code].help, rule: null };
}

function isFindingCode(code: string): code is FindingCode {
  return Object.hasOwn(FINDINGS, code);
}
