/**
 * The error codes, stable and documented in `docs/errors.md`. The prefix says which kind of thing is wrong; the
 * command line derives its exit code from it.
 */
export const ERROR_CODES = [
  'SECRET_MISSING', // no shared secret where one was looked for
  'SECRET_INVALID', // not Base64, too short, or an unreadable or unsafe secret file
  'SECRET_IDENTITY', // no identity that opens a result package
  'SECRET_PRESENT', // the shared secret is in the environment of a room, which must not have it
  'CUSTODY_ENVELOPE', // an envelope that is malformed, was changed, or is of an unknown version
  'CUSTODY_KEY', // the key that an envelope or a message needs is missing, or is the wrong one
  'CUSTODY_UNAVAILABLE', // the service, token or module that holds a key does not answer
  'CUSTODY_DENIED', // the service, token or module that holds a key refuses its use
  'CUSTODY_MESSAGE', // a card, request or secret sent between members is malformed, changed, replayed or expired
  'RULE_ROLE', // an action that the person's role does not allow
  'FORMAT_CELL', // a sealed cell is truncated, not Base64, or of an unknown version
  'FORMAT_TAG', // a sealed cell failed authentication: wrong secret, wrong collaboration id, or changed
  'FORMAT_VALUE', // an authentic cell whose content does not decode to a value
  'FORMAT_SIGNATURE', // a signed table that is not the one that was signed, or whose signature is malformed or by an unknown key
  'FORMAT_SIDECAR', // the origin of a protected file is malformed, or belongs to another file
  'FORMAT_PACKAGE', // a result package that is malformed, was changed, or is for others
  'FORMAT_REPLAY', // a result package that was opened before
  'SCHEMA_SYNTAX', // the schema file is not the JSON it should be
  'SCHEMA_INVALID', // the schema is well-formed but breaks a rule
  'SCHEMA_HEADER', // a column header breaks the naming rule
  'SCHEMA_UNSUPPORTED', // the schema asks for something that this release or runtime does not have
  'DATA_ENCODING', // text that is not UTF-8
  'DATA_FIELDS', // a record with the wrong number of fields
  'DATA_HEADER', // a missing, blank or duplicate header in a table
  'DATA_COLUMN', // the schema and the table's columns do not fit together
  'DATA_TYPE', // a column type that this operation does not support
  'DATA_VALUE', // a value that its column's type or limits do not allow
  'DATA_LENGTH', // a value, a pad or a cell over its limit
  'DATA_CORRUPT', // a table file that is truncated or damaged
  'RULE_CLEARTEXT', // a cleartext column where the collaboration forbids them
  'RULE_DUPLICATES', // repeated values in a fingerprint column where the collaboration forbids them
  'RULE_FINGERPRINT', // fingerprint cells where the caller forbids them
  'RULE_PROTECTION', // a value that is not protected as the manifest says
  'RULE_SIGNATURE', // a table that is not signed as the manifest demands
  'RULE_SOURCE', // a file that is not the one in the manifest
  'RULE_QUERY', // a query that the rules of its tables do not allow
  'RULE_BUDGET', // a result with more rows than a budget has left
  'QUERY_FAILED', // an allowed query that could not be completed
  'QUERY_UNLOADED', // an allowed query over a table whose rows are not loaded
  'AUDIT_RECORD', // an audit record that is malformed, too long or of an unknown version
  'AUDIT_CHAIN', // an audit log that was changed, truncated or rolled back
  'AUDIT_NOTE', // a signed note that is malformed, or not signed by a known key
  'AUDIT_PROOF', // a proof that is malformed, or cannot be made
  'AUDIT_FORK', // two checkpoints of one log that cannot both be true
  'MANIFEST_SYNTAX', // the manifest is not YAML or JSON that means what it shows
  'MANIFEST_INVALID', // the manifest is well-formed but breaks a rule
  'MANIFEST_UNSUPPORTED', // the manifest asks for something that this release does not have
  'MANIFEST_UNSIGNED', // a member has not signed the manifest
  'MANIFEST_SIGNATURE', // an invalid signature: the manifest was changed after signing, or another key signed it
  'ROOM_STATE', // the list of snapshots of a room was damaged
  'ROOM_SNAPSHOT', // a snapshot of a room was changed, is missing or has another form
  'IO_READ', // an input that is missing or unreadable
  'IO_WRITE', // an output that cannot be written
  'IO_EXISTS', // an output that exists already
  'IO_FORMAT', // a table format that is unknown or does not support the operation
  'IO_ADDRESS', // an address such as s3:// in the place of a path
  'IO_ENGINE', // the table engine or a worker thread failed internally
  'IO_CLEAN_ROOMS', // the AWS Clean Rooms API refused or failed
  'IO_FIPS', // FIPS was asked for, and this runtime does not offer it or fails its tests
  'IO_LOCKED', // a file that another process is writing
  'IO_CLOCK', // a clock that is far ahead of the last record of a log
  'IO_ABORTED', // stopped by the caller
  'AUTH_MISSING', // a request to a room that is not signed
  'AUTH_MALFORMED', // a request or signature that is not of the form that rooms accept
  'AUTH_COVERAGE', // a signature that covers something else than it must
  'AUTH_PARAMETERS', // a signature with other parameters than it must have
  'AUTH_CLOCK', // a request from the future, or too old, by the room's clock
  'AUTH_STALE', // a request from before the room started
  'AUTH_KEY', // a request that was signed with a key that the manifest does not have
  'AUTH_SIGNATURE', // a request whose signature is not valid
  'AUTH_REPLAY', // a request that was received before
  'AUTH_DIGEST', // a body that is not the one that was signed
  'AUTH_BUSY', // more requests with one key than a room can tell apart
  'IDEMPOTENCY_KEY', // a query to a room over the network without a key that tells it from its repetitions
  'IDEMPOTENCY_MISMATCH', // another query under a key that was used before
  'JOB_NOT_RELEASED', // the result of a job that has none, or not yet
  'RESULT_EXPIRED', // a result that the room no longer keeps
  'UPLOAD_OFFSET', // a part of an upload that is not the next one
  'UPLOAD_INCOMPLETE', // an upload that was ended before all of it arrived
  'MANIFEST_CHANGED', // a manifest that replaces another than the one in force
  'MANIFEST_OLD', // a manifest that was in force before
  'SERVER_NOT_FOUND', // what a room does not have, or does not show to this member
  'SERVER_TOO_LARGE', // a body, part or upload over a room's limit
  'SERVER_RATE', // more requests in a time than a room takes of one key
  'SERVER_QUEUE_FULL', // more waiting jobs than a room takes
  'SERVER_BUSY', // a room that has too much to do
  'SERVER_DRAINING', // a room that is about to stop
  'SERVER_STANDBY', // a room that another machine serves
  'SERVER_INTERNAL', // a room that failed, for a reason that only its operator learns
  'IO_ROOM', // a room over the network that cannot be reached, or answers with something else than it may
  'USAGE_OPTION', // options that are invalid or contradict each other
  'USAGE_BODY', // the body of a request that is not what the room takes
  'USAGE_PROJECT', // a project file that is malformed, or says what no project file may
] as const;

/** One of {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * Where an error happened. Rows are 1-based data rows (a header is not counted), lines and the characters in them are
 * 1-based too; a path leads to a value within a document.
 */
export interface ErrorPlace {
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly character?: number | undefined;
  readonly path?: string | undefined;
  readonly row?: number | undefined;
  readonly column?: string | undefined;
}

/** What {@link SealroomError} takes besides its code and message. */
export interface ErrorDetails {
  readonly hint?: string | undefined;
  readonly where?: ErrorPlace | undefined;
  readonly cause?: unknown;
  /** Texts that prove what the message says, such as two signed checkpoints. */
  readonly evidence?: readonly string[] | undefined;
}

/**
 * The one error type of sealroom: broken input or a broken machine.
 *
 * `message` is one line: lower-case first letter, no final period, names in backticks. It says what is wrong; for values
 * and counts, expected before actual. It never holds a secret, a key or a cleartext value; headers, file names and row
 * numbers may appear.
 */
export class SealroomError extends Error {
  override readonly name = 'SealroomError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly where: ErrorPlace;
  /** Texts that prove what the message says; empty for most errors. */
  readonly evidence: readonly string[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.where = Object.freeze({ ...details.where });
    this.evidence = Object.freeze([...(details.evidence ?? [])]);
  }

  /** A copy of the error with `where` added to its place; what is already known is kept. */
  at(where: ErrorPlace): SealroomError {
    return this.#copy(this.hint, { ...where, ...this.where });
  }

  /** A copy of the error with another hint. */
  withHint(hint: string): SealroomError {
    return this.#copy(hint, this.where);
  }

  #copy(hint: string | undefined, where: ErrorPlace): SealroomError {
    const { code, message, cause, evidence, stack } = this;
    const copy = new SealroomError(code, message, { hint, where, cause, evidence });
    if (stack !== undefined) copy.stack = stack;
    return copy;
  }

  /** A copy of the error with another place. */
  atPlace(where: ErrorPlace): SealroomError {
    const { code, message, hint, cause, evidence } = this;
    return new SealroomError(code, message, { hint, where, cause, evidence });
  }

  /**
   * A copy of the error placed in a table: its 0-based row within a batch becomes a 1-based row of the table.
   *
   * @param firstRow rows of the table before the batch
   */
  inTable(file: string, column: string | undefined, firstRow: number): SealroomError {
    const { code, message, hint, cause, where } = this;
    const row = where.row === undefined ? undefined : firstRow + where.row + 1;
    return new SealroomError(code, message, { hint, cause, where: { file, column, row } });
  }
}

/** Describes the code of a system error, such as `ENOENT`. */
export function systemReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOENT':
      return 'no such file or directory';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'ENOSPC':
      return 'no space left on the device';
    case 'EISDIR':
      return 'is a directory';
    case 'ENOTDIR':
      return 'part of the path is not a directory';
    case 'EROFS':
      return 'the file system is read-only';
    case 'EMFILE':
    case 'ENFILE':
      return 'too many open files';
    case 'EPIPE':
    case 'ERR_STREAM_DESTROYED':
      return 'the other end is closed';
    case 'ERR_INVALID_ARG_VALUE':
      return 'not a valid file name';
    case 'ABORT_ERR':
      return 'stopped';
    default:
      return code === '' ? 'input or output failed' : `system error ${code}`;
  }
}
