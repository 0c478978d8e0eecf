import * as z from 'zod';
import { ERROR_CODES, type ErrorCode, joinProblems, listProblems, SealroomError } from '../errors/index.ts';
import { textWithin, text, uuid } from './parts.ts';

/** What each status of an answer is called (RFC 9110). */
const TITLES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;

/** The status of an answer that is a problem. */
export type ProblemStatus = keyof typeof TITLES;

/**
 * The status of each code that a member is told. All other codes are of the room's own failures: their texts may quote paths, engines
 * and data, so that a member is told `SERVER_INTERNAL` instead.
 */
const STATUS: Partial<Record<ErrorCode, ProblemStatus>> = {
  USAGE_BODY: 400,
  USAGE_OPTION: 400,
  IDEMPOTENCY_KEY: 400,
  AUTH_DIGEST: 400,
  AUTH_MISSING: 401,
  AUTH_MALFORMED: 401,
  AUTH_COVERAGE: 401,
  AUTH_PARAMETERS: 401,
  AUTH_CLOCK: 401,
  AUTH_STALE: 401,
  AUTH_KEY: 401,
  AUTH_SIGNATURE: 401,
  AUTH_REPLAY: 401,
  RULE_ROLE: 403,
  SERVER_NOT_FOUND: 404,
  UPLOAD_OFFSET: 409,
  UPLOAD_INCOMPLETE: 409,
  JOB_NOT_RELEASED: 409,
  MANIFEST_OLD: 409,
  RESULT_EXPIRED: 410,
  MANIFEST_CHANGED: 412,
  SERVER_TOO_LARGE: 413,
  IDEMPOTENCY_MISMATCH: 422,
  MANIFEST_SYNTAX: 422,
  MANIFEST_INVALID: 422,
  MANIFEST_UNSUPPORTED: 422,
  MANIFEST_UNSIGNED: 422,
  MANIFEST_SIGNATURE: 422,
  AUDIT_PROOF: 422,
  SERVER_RATE: 429,
  SERVER_QUEUE_FULL: 429,
  SERVER_INTERNAL: 500,
  AUTH_BUSY: 503,
  SERVER_BUSY: 503,
  SERVER_DRAINING: 503,
  SERVER_STANDBY: 503,
  // How jobs end: a query for the member who asked it, a load for the owner of the table.
  QUERY_FAILED: 422,
  QUERY_UNLOADED: 422,
  RULE_BUDGET: 422,
  IO_ABORTED: 422,
  IO_FORMAT: 422,
  RULE_DUPLICATES: 422,
  RULE_PROTECTION: 422,
  RULE_SIGNATURE: 422,
  RULE_SOURCE: 422,
  FORMAT_CELL: 422,
  FORMAT_SIGNATURE: 422,
  DATA_ENCODING: 422,
  DATA_FIELDS: 422,
  DATA_HEADER: 422,
  DATA_COLUMN: 422,
  DATA_TYPE: 422,
  DATA_VALUE: 422,
  DATA_LENGTH: 422,
  DATA_CORRUPT: 422,
};

/** How many errors are told at most. */
const MAX_PROBLEMS = 1000;

const position = z.int().min(1).optional();

const error = z
  .strictObject({
    code: z.enum(ERROR_CODES),
    /** The message of the error. */
    detail: text,
    hint: text.optional(),
    /** Where in what the member sent; the room's own files are never named. */
    where: z
      .strictObject({
        line: position,
        character: position,
        path: text.optional(),
        row: position,
        column: text.optional(),
      })
      .readonly()
      .optional(),
  })
  .readonly();

/** Why a request or a job failed. */
export const failure = error
  .unwrap()
  .extend({
    /** The errors, where there are several: the first is the one above. */
    problems: z.array(error).min(2).max(MAX_PROBLEMS).readonly().optional(),
  })
  .readonly();

/** Why a request or a job failed. */
export type FailureReport = z.infer<typeof failure>;

/** The body of an answer that is no success (RFC 9457), `application/problem+json`. */
export const problemBody = failure
  .unwrap()
  .extend({
    type: z.literal('about:blank'),
    title: z.enum(Object.values(TITLES)),
    status: z.int().min(400).max(599),
    /** Under which the operator finds the request. */
    requestId: uuid,
  })
  .readonly();

/** The body of an answer that is no success. */
export type Problem = z.infer<typeof problemBody>;

function isTold({ code }: SealroomError): boolean {
  return STATUS[code] !== undefined;
}

function toError({ code, message, hint, where }: SealroomError): z.infer<typeof error> {
  const { line, character, path, row, column } = where;
  const places = { line, character, path: path && textWithin(path), row, column: column && textWithin(column) };
  const given = Object.entries(places).filter(([, value]) => value !== undefined);
  return {
    code,
    detail: textWithin(message),
    ...(hint === undefined ? {} : { hint: textWithin(hint) }),
    ...(given.length === 0 ? {} : { where: Object.fromEntries(given) }),
  };
}

/**
 * What a member is told of a failure. Of the room's own failures that is an id and nothing else.
 *
 * @param requestId of the request, or of the job; a UUID
 */
export function describeFailure(cause: unknown, requestId: string): FailureReport {
  const [first, ...rest] = cause instanceof SealroomError ? listProblems(cause) : [];
  if (!(cause instanceof SealroomError) || first === undefined || ![cause, first, ...rest].every(isTold)) {
    return {
      code: 'SERVER_INTERNAL',
      detail: `the room failed; its operator finds the reason under ${requestId}`,
    };
  }
  const problems = [first, ...rest].slice(0, MAX_PROBLEMS).map(toError);
  return { ...toError(cause), ...(rest.length === 0 ? {} : { problems }) };
}

/** The status of the answer that tells an error with this code; 500 for those that members are not told. */
export function statusOf(code: ErrorCode): ProblemStatus {
  return STATUS[code] ?? 500;
}

/** The problem that answers a request that failed. */
export function toProblem(cause: unknown, requestId: string): Problem & { readonly status: ProblemStatus } {
  const told = describeFailure(cause, requestId);
  const status = statusOf(told.code);
  return { type: 'about:blank', title: TITLES[status], status, ...told, requestId };
}

/** The error that was described by `describeFailure` or {@link toProblem}. */
export function toSealroomError({ code, detail, hint, where, problems }: FailureReport): SealroomError {
  const [first, ...rest] = (problems ?? []).map(toSealroomError);
  if (first !== undefined) return joinProblems(first, rest);
  return new SealroomError(code, detail, { hint, where });
}
