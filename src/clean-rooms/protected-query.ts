import type { ProtectedQueryOutputConfiguration } from '@aws-sdk/client-cleanrooms';
import { awsFailureOf } from '../aws/index.ts';
import { quoteAws } from '../collab/index.ts';
import { quoteForMessage, SealroomError } from '../errors/index.ts';
import { type Answer, unexpectedAnswer } from './answer.ts';
import type { CleanRoomsConnection } from './connection.ts';

/** Where AWS puts a result. */
export type ResultPlace =
  | {
      readonly kind: 's3';
      readonly bucket: string;
      readonly prefix: string | undefined;
      readonly format: 'CSV' | 'PARQUET';
    }
  /** With the member that has this account, where its membership says. */
  | { readonly kind: 'member'; readonly account: string }
  /** Where the membership says. */
  | { readonly kind: 'default' };

/** A query for AWS. */
export interface ProtectedQueryRequest {
  readonly membershipId: string;
  /** The text that the member wrote. */
  readonly sql: string;
  readonly place: ResultPlace;
}

/** A query that AWS has run. */
export interface ProtectedQueryResult {
  readonly id: string;
  /** `s3://…`, or `null` if another member has it. */
  readonly location: string | null;
  /** The accounts that have the result, where it is not in a bucket of the caller's choice. */
  readonly accounts: readonly string[];
  readonly runtimeMs: number | null;
}

/** What waiting for a query needs. */
export interface WaitOptions {
  /** Cancels the query at AWS. */
  readonly signal?: AbortSignal | undefined;
  /** Resolves after a time, or as soon as the signal fires. */
  readonly wait: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** Called with each status that AWS gives. */
  readonly onStatus?: ((id: string, status: string) => void) | undefined;
}

const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 15_000;
const BACK_OFF = 1.5;

/** How many times in a row asking for the status may fail, each after the SDK's own repetitions. */
const MAX_FAILURES = 5;

const WAITING: readonly string[] = ['SUBMITTED', 'STARTED', 'CANCELLING'];

function outputConfiguration(
  place: Exclude<ResultPlace, { readonly kind: 'default' }>,
): ProtectedQueryOutputConfiguration {
  if (place.kind === 'member') return { member: { accountId: place.account } };
  const { bucket, prefix, format } = place;
  return { s3: { resultFormat: format, bucket, keyPrefix: prefix, singleFileOutput: true } };
}

async function startQuery(
  connection: CleanRoomsConnection,
  { membershipId, sql, place }: ProtectedQueryRequest,
): Promise<Answer> {
  // Not with the caller's signal: a query that AWS may have started has to be known, so that it can be cancelled.
  const answer = await connection.call('StartProtectedQuery', { subject: 'the query' }, (client, sdk) =>
    client.send(
      new sdk.StartProtectedQueryCommand({
        type: 'SQL',
        membershipIdentifier: membershipId,
        sqlParameters: { queryString: sql },
        ...(place.kind === 'default'
          ? {}
          : { resultConfiguration: { outputConfiguration: outputConfiguration(place) } }),
      }),
    ),
  );
  return answer.object('protectedQuery');
}

async function cancelQuery(connection: CleanRoomsConnection, membershipId: string, id: string): Promise<SealroomError> {
  try {
    await connection.call('UpdateProtectedQuery', { subject: 'cancelling the query' }, (client, sdk) =>
      client.send(
        new sdk.UpdateProtectedQueryCommand({
          membershipIdentifier: membershipId,
          protectedQueryIdentifier: id,
          targetStatus: 'CANCELLED',
        }),
      ),
    );
  } catch (error) {
    const reason = error instanceof SealroomError ? error.message : 'unknown';
    return new SealroomError('IO_ABORTED', `stopped, but the query ${id} may still run: ${reason}`, {
      hint: 'it may have ended already; see it in the console of AWS Clean Rooms',
      cause: error,
    });
  }
  return new SealroomError('IO_ABORTED', `stopped, and the query ${id} is cancelled at AWS`);
}

/** Whether asking again may help: AWS is throttling, or there was no answer. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof SealroomError) || error.code !== 'IO_CLEAN_ROOMS' || !(error.cause instanceof Error))
    return false;
  const { cause } = error;
  if (cause.name === 'ThrottlingException' || cause.name === 'InternalServerException') return true;
  return awsFailureOf(cause).kind === 'network';
}

function failureOf(id: string, status: string, query: Answer): SealroomError {
  const error = query.optionalObject('error');
  const code = error?.optionalText('code') ?? null;
  const message = error?.optionalText('message') ?? null;
  const why = [code === null ? '' : ` with ${quoteForMessage(code)}`, message === null ? '' : `: ${quoteAws(message)}`];
  switch (status) {
    case 'FAILED':
      return new SealroomError('IO_CLEAN_ROOMS', `the query ${id} failed at AWS${why.join('')}`, {
        hint: 'that it is allowed here is no promise that AWS takes it: see docs/clean-rooms.md',
      });
    case 'TIMED_OUT':
      return new SealroomError('IO_CLEAN_ROOMS', `the query ${id} took too long at AWS and was ended`, {
        hint: 'filter more, or ask for a larger worker in the console',
      });
    case 'CANCELLED':
      return new SealroomError('IO_CLEAN_ROOMS', `the query ${id} was cancelled at AWS by somebody else`);
    default:
      return unexpectedAnswer('GetProtectedQuery', `has the status ${quoteForMessage(status)}, which is not known`);
  }
}

function readResult(id: string, query: Answer): ProtectedQueryResult {
  const output = query.optionalObject('result')?.optionalObject('output') ?? null;
  const members = output?.optionalObjects('memberList') ?? [];
  const runtime = query.optionalObject('statistics')?.raw['totalDurationInMillis'];
  return Object.freeze({
    id,
    location: output?.optionalObject('s3')?.text('location') ?? null,
    accounts: members.map((member) => member.text('accountId')),
    runtimeMs: typeof runtime === 'number' ? runtime : null,
  });
}

async function askStatus(connection: CleanRoomsConnection, membershipId: string, id: string): Promise<Answer> {
  const answer = await connection.call('GetProtectedQuery', { subject: 'the query' }, (client, sdk) =>
    client.send(new sdk.GetProtectedQueryCommand({ membershipIdentifier: membershipId, protectedQueryIdentifier: id })),
  );
  return answer.object('protectedQuery');
}

/**
 * Starts a query at AWS and waits until it has ended. It asks less and less often, up to every 15 s, and goes on when a question is
 * throttled or gets no answer.
 *
 * @throws {SealroomError} IO_CLEAN_ROOMS if AWS refuses the query, or it fails, takes too long or is cancelled there; IO_ABORTED if the
 *   signal fires, after cancelling the query at AWS.
 */
export async function runProtectedQuery(
  connection: CleanRoomsConnection,
  request: ProtectedQueryRequest,
  { signal, wait, onStatus }: WaitOptions,
): Promise<ProtectedQueryResult> {
  if (signal?.aborted === true) throw new SealroomError('IO_ABORTED', 'stopped before the query was sent');
  const { membershipId } = request;
  let query = await startQuery(connection, request);
  const id = query.text('id');
  let failures = 0;
  for (let pauseMs = FIRST_WAIT_MS; ; pauseMs = Math.min(pauseMs * BACK_OFF, MAX_WAIT_MS)) {
    const status = query.text('status');
    onStatus?.(id, status);
    if (status === 'SUCCESS') return readResult(id, query);
    if (!WAITING.includes(status)) throw failureOf(id, status, query);
    if (!isAborted(signal)) await wait(pauseMs, signal);
    if (isAborted(signal)) throw await cancelQuery(connection, membershipId, id);
    try {
      query = await askStatus(connection, membershipId, id);
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures > MAX_FAILURES || !isPassing(error)) throw nameQuery(error, id);
    }
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** The error of a question about a query that goes on at AWS. */
function nameQuery(error: unknown, id: string): unknown {
  if (!(error instanceof SealroomError)) return error;
  const hint = [`the query ${id} may still run at AWS`, ...(error.hint === undefined ? [] : [error.hint])].join('; ');
  return new SealroomError(error.code, error.message, { hint, cause: error.cause });
}
