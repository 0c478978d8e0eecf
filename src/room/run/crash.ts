import { type AttemptEvent, type AttemptTrace, durationBucket, recordQuery } from '../../audit/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { saltedHash } from '../../platform/index.ts';
import type { Admission } from './admission.ts';
import { type AttemptFacts, describeAttempt, hashOfIr } from './audit-events.ts';
import { type QueryRequest, receiversOf } from './request.ts';

/** The kind of failure of an attempt whose process was killed. */
const CRASH = 'CRASH';

/** An attempt that started, and what was asked. */
export interface CrashedAttempt {
  readonly start: NonNullable<AttemptTrace['start']>;
  readonly request: QueryRequest;
  /** The salt that the attempt was run with. */
  readonly salt: string;
}

/**
 * The record of the end of an attempt whose process was killed while it ran. How long it ran is not known, and the record says how
 * long it can have been at most.
 *
 * @throws {SealroomError} the codes of `Admission.prepare` but USAGE_OPTION.
 */
export async function describeCrash(admission: Admission, crashed: CrashedAttempt, now: Date): Promise<AttemptEvent> {
  const { start } = crashed;
  const facts = (await describeAgain(admission, crashed)) ?? (await describeStarted(admission, crashed));
  const duration = durationBucket(now.getTime() - Date.parse(start.time));
  return { ...facts, budgets: start.event.budgets, outcome: { kind: 'failed', code: CRASH, duration } };
}

/** What was known of the attempt before it ran, if the same follows from the room as it is now; else `null`. */
async function describeAgain(
  admission: Admission,
  { start: { event: start }, request, salt }: CrashedAttempt,
): Promise<AttemptFacts | null> {
  try {
    const attempt = await admission.prepare(request, start.attempt, salt);
    if (attempt.room.manifest.sha256 !== start.manifestSha256) return null;
    const verdict = await admission.judge(attempt);
    if (!verdict.allowed) return null;
    const { irSha256, saltedIrSha256 } = start;
    const hash = hashOfIr(attempt, verdict.statement);
    const isSame = 'irSha256' in hash ? hash.irSha256 === irSha256 : hash.saltedIrSha256 === saltedIrSha256;
    return isSame ? describeAttempt(attempt, verdict) : null;
  } catch (error) {
    // Somebody that the request names is no longer in the collaboration.
    if (error instanceof SealroomError && error.code === 'USAGE_OPTION') return null;
    throw error;
  }
}

/** What the record of the start and the request tell. */
async function describeStarted(
  { reader }: Admission,
  { start: { event: start }, request, salt }: CrashedAttempt,
): Promise<AttemptFacts> {
  const { manifest } = await reader.open();
  const { attempt, member, manifestSha256, tables, irSha256 = '', saltedIrSha256 } = start;
  const { query } = request;
  const asked =
    query.kind === 'text'
      ? { sql: query.sql, template: null, parameters: {} }
      : {
          sql: manifest.templates.find(({ id }) => id === query.id)?.sql ?? '',
          template: query.id,
          parameters: query.parameters,
        };
  return {
    kind: 'attempt',
    attempt,
    member,
    manifestSha256,
    question: recordQuery({ ...asked, keepText: manifest.log.queryText !== 'hash', salt }),
    ir: null,
    saltedIrSha256: saltedIrSha256 ?? saltedHash(salt, 'ir', irSha256),
    tables,
    findings: [],
    obligations: [],
    receivers: receiversOf(request),
  };
}
