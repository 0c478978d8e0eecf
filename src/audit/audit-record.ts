import canonicalize from 'canonicalize';
import * as z from 'zod';
import { decodeUtf8, encodeUtf8 } from '../bytes/index.ts';
import { parseJson, SealroomError } from '../errors/index.ts';
import { keyEvent } from './key-event.ts';

/** The maximum length of a record's line in bytes, without its line break. A query's text has at most 20 kB; its IR may be longer. */
export const MAX_RECORD_BYTES = 4 * 1024 * 1024;

/** The version of the records that are written. Those of version 1 are read as well. */
export const RECORD_VERSION = 2;

const VERSIONS: readonly unknown[] = [1, RECORD_VERSION];

/** The maximum number of findings in a record; it says how many more there were. */
export const MAX_FINDINGS = 100;

/** The maximum length of a text in characters; the text of a query may have 20 kB. */
export const MAX_TEXT_CHARACTERS = 100_000;

//= audit A-2
const name = z.string().min(1).max(256);
const text = z.string().max(MAX_TEXT_CHARACTERS);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);
const time = z.string().refine((value) => !Number.isNaN(Date.parse(value)) && new Date(value).toISOString() === value);

/** Any value of JSON. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

const tableUse = z
  .strictObject({
    /** Name of the table in the manifest. */
    table: name,
    /** The member that owns it. */
    owner: name,
    /** Hash of the analysis rule that was applied. */
    ruleSha256: sha256,
    /** Hash of the snapshot that was read, or would have been; `null` if nothing is loaded. */
    snapshotSha256: sha256.nullable(),
  })
  .readonly();

/** The shape of a {@link BudgetChange}. */
export const budgetChange = z
  .strictObject({
    table: name,
    owner: name,
    type: z.enum(['CALENDAR_DAY', 'CALENDAR_WEEK', 'CALENDAR_MONTH', 'LIFETIME']),
    /** What is counted: released rows, or queries if it is left out. */
    unit: z.literal('ROWS').optional(),
    /** The day, week or month, such as `2026-11-24`, `2026-W48`, `2026-11`; `lifetime` for all time. */
    period: name,
    /** Number of queries or rows allowed in the period. */
    budget: count,
    /** Number of queries or rows left before this record and after it. */
    before: count,
    after: count,
  })
  .readonly();

const finding = z
  .strictObject({
    code: z.string().regex(/^[A-Z][A-Z0-9_]*$/),
    message: text,
    /** Start and end in bytes of the query's text, or `null` if it concerns the whole text. */
    span: z.strictObject({ start: count, end: count }).readonly().nullable(),
    /** The table whose rule caused it, or `null`. */
    table: name.nullable(),
  })
  .readonly();

const obligation = z
  .strictObject({
    kind: name,
    /** What is added, in words or SQL. */
    detail: text,
    table: name.nullable(),
  })
  .readonly();

/** What was asked, in clear: the owners want to see it. */
const openQuestion = z
  .strictObject({
    /** The template that was requested, or `null` for an ad-hoc query. */
    template: name.nullable(),
    /** Parameters of the template by name, as they were given. */
    parameters: z.record(z.string(), z.string().max(20_000).nullable()).readonly(),
    /** The text of the query, or `null` if it is too long for a query, or (in version 1) the owners only want its hash. */
    sql: text.nullable(),
    sqlSha256: sha256,
  })
  .readonly();

/** What was asked, as hashes that nobody can try out who does not have the salt of the attempt. */
const hiddenQuestion = z
  .strictObject({
    template: name.nullable(),
    /** The names of the parameters, and the salted hashes of their values. */
    saltedParameters: z.record(z.string(), sha256).readonly(),
    saltedSqlSha256: sha256,
  })
  .readonly();

const question = z.union([openQuestion, hiddenQuestion]);

/** How long an execution took; exact times would reveal something about the data. */
const DURATIONS = [
  { name: 'under 100 ms', belowMs: 100 },
  { name: 'under 1 s', belowMs: 1_000 },
  { name: 'under 10 s', belowMs: 10_000 },
  { name: 'under 60 s', belowMs: 60_000 },
  { name: 'longer', belowMs: Infinity },
] as const;

const duration = z.enum(DURATIONS.map((bucket) => bucket.name));

const outcome = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('refused') }).readonly(),
  z
    .strictObject({
      kind: z.literal('released'),
      rows: count,
      /** Salted hash of the result for the receivers, before encryption; only they have the salt. */
      saltedResultSha256: sha256.optional(),
      /** In version 1: the hash without a salt. */
      resultSha256: sha256.optional(),
      duration,
    })
    .readonly(),
  z
    .strictObject({
      kind: z.literal('failed'),
      /** The kind of failure, never the engine's message. */
      code: z.string().regex(/^[A-Z][A-Z0-9_]*$/),
      duration,
    })
    .readonly(),
]);

const start = z
  .strictObject({
    kind: z.literal('start'),
    attempt: z.uuid(),
    member: name,
    manifestSha256: sha256,
    /** Hash of the resolved query, salted if the owners only want hashes; one of the two. */
    irSha256: sha256.optional(),
    saltedIrSha256: sha256.optional(),
    /** The tables that will be read; one unit of each of their budgets is spent. */
    tables: z.array(tableUse).readonly(),
    budgets: z.array(budgetChange).readonly(),
  })
  .readonly();

const attempt = z
  .strictObject({
    kind: z.literal('attempt'),
    /** Identifies the attempt to its member, and links this record to the `start` before it. */
    attempt: z.uuid(),
    member: name,
    manifestSha256: sha256,
    question,
    /** The canonical IR, or `null` if the text could not be resolved, or the owners only want hashes. */
    ir: z.custom<JsonValue>((value) => value !== undefined),
    /** Salted hash of the resolved query, if the owners only want hashes and it could be resolved. */
    saltedIrSha256: sha256.optional(),
    /** Tables that the query names, or `null` if that is not known. */
    tables: z.array(tableUse).readonly().nullable(),
    findings: z.array(finding).readonly(),
    /** How many more findings there were than are recorded; left out if there were none. */
    omittedFindings: z.int().min(1).optional(),
    obligations: z.array(obligation).readonly(),
    budgets: z.array(budgetChange).readonly(),
    /** Members that receive the result, or would have received it. */
    receivers: z.array(name).readonly(),
    outcome,
  })
  .readonly();

const repair = z
  .strictObject({
    kind: z.literal('repair'),
    /** The number of bytes of an unfinished record that were removed from the end of the log, and their hash. */
    removedBytes: count,
    removedSha256: sha256,
  })
  .readonly();

const clock = z
  .strictObject({
    kind: z.literal('clock'),
    /** Time of the previous record, which is more than a day before the time of this one. */
    previousTime: time,
  })
  .readonly();

const manifest = z
  .strictObject({
    kind: z.literal('manifest'),
    /** Hash of the manifest that is in force from now on, and of the previous one, `null` in a new room. */
    manifestSha256: sha256,
    replacedSha256: sha256.nullable(),
  })
  .readonly();

const load = z
  .strictObject({
    kind: z.literal('load'),
    table: name,
    owner: name,
    manifestSha256: sha256,
    /** Hash of the analysis rule whose columns were loaded. */
    ruleSha256: sha256,
    /** Hash of the file that was loaded, and of the snapshot that was made from it. */
    sourceSha256: sha256,
    snapshotSha256: sha256,
    /** Hash of the snapshot that it replaces, or `null`. */
    replacedSha256: sha256.nullable(),
    rows: count,
  })
  .readonly();

const remove = z
  .strictObject({
    kind: z.literal('remove'),
    table: name,
    owner: name,
    manifestSha256: sha256,
    snapshotSha256: sha256,
    rows: count,
  })
  .readonly();

//= audit A-8
/** What happens to a room, other than queries. */
const roomEvent = z.discriminatedUnion('kind', [manifest, load, remove]);

const event = z.discriminatedUnion('kind', [start, attempt, repair, clock, roomEvent, keyEvent]);

const record = z
  .strictObject({
    version: z.union([z.literal(1), z.literal(RECORD_VERSION)]),
    /** Position in the log, from 0. */
    index: count,
    /** Leaf hash of the previous record, in hexadecimal; `null` in the first record. */
    previous: sha256.nullable(),
    /** When it was written: UTC, never earlier than the previous record. */
    time,
    event,
  })
  .readonly();

/** A table that an attempt touches: its owner, rule and snapshot. */
export type TableUse = z.infer<typeof tableUse>;

/** A budget of a table before and after an attempt. */
export type BudgetChange = z.infer<typeof budgetChange>;

/** A query was allowed and is about to run; its budgets are spent, whatever the outcome. */
export type StartEvent = z.infer<typeof start>;

/** Everything that is known about an attempt when it is over: it ran, failed or was refused. */
export type AttemptEvent = z.infer<typeof attempt>;

/** The room has another manifest, or a table was loaded or removed. */
export type RoomEvent = z.infer<typeof roomEvent>;

/** The event that a record reports. */
export type AuditEvent = z.infer<typeof event>;

/** One line of an audit log. */
export type AuditRecord = z.infer<typeof record>;

/** The bucket of a duration in milliseconds. */
export function durationBucket(durationMs: number): z.infer<typeof duration> {
  return DURATIONS.find((bucket) => durationMs < bucket.belowMs)?.name ?? 'longer';
}

/**
 * Formats a record as the bytes of its line, without line break: canonical JSON (RFC 8785) in UTF-8.
 *
 * @throws {SealroomError} AUDIT_RECORD if the record is malformed, contradicts itself, or is too long.
 */
export function printRecord(value: AuditRecord): Uint8Array {
  //= audit A-1, A-3
  const line = toCanonical(value);
  // Checks what a reader of the line will see.
  checkRecord(parseJson(line));
  const bytes = encodeUtf8(line);
  if (bytes.length > MAX_RECORD_BYTES) throw tooLong();
  return bytes;
}

/**
 * Parses the record of a line. A record has a single form: other spacing, another order of members and unknown members are refused.
 *
 * @param bytes the line without its line break
 * @throws {SealroomError} AUDIT_RECORD if it is not a record, or of an unknown version. The message never quotes its values.
 */
export function parseRecord(bytes: Uint8Array): AuditRecord {
  const { record: parsed, value, line } = readLine(bytes);
  //= audit A-3
  if (toCanonical(value) !== line) {
    throw new SealroomError('AUDIT_RECORD', 'the record is not in canonical JSON');
  }
  return parsed;
}

/**
 * Parses the record of a line that a signature covers. It does not check that the JSON is canonical, which would take most of the
 * time.
 *
 * @throws {SealroomError} AUDIT_RECORD if it is not a record, or of an unknown version.
 */
export function parseSignedRecord(bytes: Uint8Array): AuditRecord {
  return readLine(bytes).record;
}

function readLine(bytes: Uint8Array): { readonly record: AuditRecord; readonly value: unknown; readonly line: string } {
  if (bytes.length > MAX_RECORD_BYTES) throw tooLong();
  let line: string;
  try {
    line = decodeUtf8(bytes);
  } catch {
    throw notJson();
  }
  const value = parseJson(line);
  if (value === undefined) throw notJson();
  return { record: checkRecord(value), value, line };
}

function checkRecord(value: unknown): AuditRecord {
  //= audit A-4
  if (typeof value === 'object' && value !== null && 'version' in value && !VERSIONS.includes(value.version)) {
    throw new SealroomError('AUDIT_RECORD', `the version of the record is none of ${VERSIONS.join(', ')}`, {
      hint: 'read it with the version of sealroom that wrote it',
    });
  }
  const parsed = record.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue?.path.map(String).join('.') ?? '';
    throw new SealroomError('AUDIT_RECORD', `the record is malformed${path === '' ? '' : ` at \`${path}\``}`);
  }
  const contradiction = findContradiction(parsed.data);
  if (contradiction !== null) throw new SealroomError('AUDIT_RECORD', contradiction);
  return parsed.data;
}

/** A contradiction between two members of a record, or `null`. */
function findContradiction({ version, index, previous, event: told }: AuditRecord): string | null {
  if ((index === 0) !== (previous === null)) return 'a record must have `previous` unless it is the first';
  if (version === 1 ? isOfVersion2(told) : told.kind === 'attempt' && !hasHashOf(version, told))
    return `the record has members of another version than ${String(version)}`;
  if (told.kind === 'start' && (told.irSha256 === undefined) === (told.saltedIrSha256 === undefined))
    return 'a start must have either `irSha256` or `saltedIrSha256`';
  //= audit A-61
  if (told.kind === 'key' && told.action !== 'refuse' && (told.generation === null || told.secretId === null))
    return 'a record of what was done with a secret must name the secret';
  if (told.kind !== 'attempt') return null;
  //= audit A-6
  const { findings, outcome: end, ir, saltedIrSha256, tables } = told;
  if (findings.length > MAX_FINDINGS && version !== 1) return `an attempt has at most ${String(MAX_FINDINGS)} findings`;
  if ((end.kind === 'refused') !== findings.length > 0)
    return 'an attempt must have findings if it was refused, and only then';
  if (end.kind !== 'refused' && ((ir === null && saltedIrSha256 === undefined) || tables === null))
    return 'an attempt that ran must have `ir` and `tables`';
  if (ir !== null && saltedIrSha256 !== undefined) return 'an attempt has `ir` or a salted hash of it';
  return null;
}

/** Whether an event has what only records of version 2 have. */
function isOfVersion2(told: AuditEvent): boolean {
  const hasRows = (budgets: readonly BudgetChange[]): boolean => budgets.some(({ unit }) => unit !== undefined);
  switch (told.kind) {
    case 'clock':
      return true;
    case 'start':
      return told.saltedIrSha256 !== undefined || hasRows(told.budgets);
    case 'attempt':
      return (
        'saltedSqlSha256' in told.question ||
        told.saltedIrSha256 !== undefined ||
        told.omittedFindings !== undefined ||
        hasRows(told.budgets) ||
        !hasHashOf(1, told)
      );
    case 'repair':
    case 'manifest':
    case 'load':
    case 'remove':
    case 'key':
      return false;
  }
}

/** Whether the hash of a result, if there is one, is of the kind that a version has: salted since version 2. */
function hasHashOf(version: AuditRecord['version'], { outcome: end }: AttemptEvent): boolean {
  //= audit A-9
  if (end.kind !== 'released') return true;
  const { resultSha256: plain, saltedResultSha256: salted } = end;
  return (version === 1) === (plain !== undefined) && (version === 1) === (salted === undefined);
}

function toCanonical(value: unknown): string {
  try {
    return canonicalize(value) ?? '';
  } catch (error) {
    throw tooDeep(error);
  }
}

/** The error for a value that is nested too deeply for recursion, or that canonical JSON cannot represent. */
function tooDeep(error: unknown): SealroomError {
  return new SealroomError('AUDIT_RECORD', 'the record is nested too deeply, or has a number that JSON does not have', {
    cause: error,
  });
}

function notJson(): SealroomError {
  return new SealroomError('AUDIT_RECORD', 'the record is not JSON');
}

function tooLong(): SealroomError {
  return new SealroomError('AUDIT_RECORD', `the record has more than ${String(MAX_RECORD_BYTES)} bytes`);
}
