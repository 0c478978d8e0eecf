import { randomUUID } from 'node:crypto';
import type { AuditLog, BudgetChange, ClockJumps } from '../../audit/index.ts';
import { openRoomLog, type Room } from '../room.ts';
import { RoomReader } from '../room-reader.ts';
import { refuseSecrets } from '../no-secrets.ts';
import { createSalt } from '../../platform/index.ts';
import type { SnapshotFacts, Verdict } from '../../query/index.ts';
import { chargesOf, printIr } from './audit-events.ts';
import type { Attempt } from './attempt.ts';
import { QueryChecker } from './query-checker.ts';
import { type QueryRequest, resolveRequest } from './request.ts';
import { VerdictCache } from './verdict-cache.ts';

/** The maximum length of a resolved query in characters, so that it fits into the record of its attempt. */
const MAX_IR_CHARACTERS = 1 << 20;

/** Which room to query. */
export interface RoomOptions {
  /** Absolute path of the room. */
  readonly directory: string;
  /** The environment, which must not contain the shared secret. */
  readonly env: NodeJS.ProcessEnv;
  readonly now: () => Date;
  /** Whether a record may come more than a day after the one before it; see `AuditLogOptions`. */
  readonly allowClockJump?: ClockJumps | undefined;
  /** The maximum number of rows to release; default: `DEFAULT_MAX_ROWS`. */
  readonly maxRows?: number | undefined;
  /** What reads the room, if it was read before; default: a new one. One of another directory is not used. */
  readonly reader?: RoomReader | undefined;
}

/** The reader of the options, or a new one. */
export function readerOf({ directory, reader }: Pick<RoomOptions, 'directory' | 'reader'>): RoomReader {
  return reader?.directory === directory ? reader : new RoomReader(directory);
}

/** What would happen to a query. */
export interface QueryCheck {
  /** The text that was checked: the request's or the template's. */
  readonly text: string;
  /** The values of the template's parameters, with its defaults; empty for a query. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly verdict: Verdict;
  /** How it would change the budgets of its tables; empty if it is refused. */
  readonly budgets: readonly BudgetChange[];
}

/** What is known of a member's own tables. Nothing of the tables of others is looked at before a query runs. */
function factsOf({ tables }: Room, member: string): ReadonlyMap<string, SnapshotFacts> {
  const facts = new Map<string, SnapshotFacts>();
  for (const { name, owner, snapshot } of tables) {
    if (owner !== member || snapshot === null) continue;
    facts.set(name, { rows: snapshot.rows, multiplicity: new Map(Object.entries(snapshot.multiplicity)) });
  }
  return facts;
}

/** What every query goes through before anything runs: it is parsed, checked, and compared with the budgets. */
export class Admission implements AsyncDisposable {
  readonly #options: RoomOptions;
  readonly #checker: QueryChecker;
  readonly #verdicts = new VerdictCache();
  readonly reader: RoomReader;
  readonly log: AuditLog;

  private constructor(options: RoomOptions, reader: RoomReader, checker: QueryChecker, log: AuditLog) {
    this.#options = options;
    this.#checker = checker;
    this.reader = reader;
    this.log = log;
  }

  /**
   * Opens a room and its log for checking queries. The caller has refused an environment with the shared secret.
   *
   * @param checker is closed with this, but not if this throws
   * @throws {SealroomError} SECRET_INVALID if the room's signer cannot be read; IO_READ, IO_LOCKED, ROOM_* and MANIFEST_* for the room,
   *   and AUDIT_* for its log.
   */
  static async open(options: RoomOptions, checker: QueryChecker): Promise<Admission> {
    const reader = readerOf(options);
    return new Admission(options, reader, checker, await openRoomLog(await reader.open(), options));
  }

  /**
   * What would happen to a query, and what it would cost.
   *
   * @throws {SealroomError} IO_ABORTED if the signal fires; USAGE_OPTION if a member is not in the collaboration or a value is malformed; IO_*, ROOM_* and
   *   MANIFEST_* for the room; AUDIT_* for its log.
   */
  async check(request: QueryRequest, signal?: AbortSignal): Promise<QueryCheck> {
    const attempt = await this.prepare(request);
    const { text, context } = attempt.request;
    const { parameters = {} } = context;
    const verdict = await this.judge(attempt, signal);
    if (!verdict.allowed) return { text, parameters, verdict, budgets: [] };
    const outcome = await this.log.preview(chargesOf(attempt.room, verdict.tables));
    if (outcome.granted) return { text, parameters, verdict, budgets: outcome.budgets };
    return { text, parameters, verdict: await this.withoutBudget(attempt, outcome.exhausted), budgets: [] };
  }

  /**
   * Resolves a request in the room as it is now.
   *
   * @param id of the attempt, a UUID that no other has
   * @param salt of the hashes in its record, 32 random bytes in hexadecimal
   */
  async prepare(request: QueryRequest, id: string = randomUUID(), salt: string = createSalt()): Promise<Attempt> {
    const room = await this.reader.open();
    const asked = resolveRequest(request, room.manifest, this.#options.maxRows);
    const question = { ...asked, context: { ...asked.context, facts: factsOf(room, asked.context.member) } };
    return { id, salt, room, request: question };
  }

  /**
   * The verdict, taking into account what is left of the budgets.
   *
   * @throws {SealroomError} IO_ABORTED if the signal fires; AUDIT_* for the log.
   */
  async admit(attempt: Attempt, signal?: AbortSignal): Promise<Verdict> {
    const { room } = attempt;
    const verdict = await this.judge(attempt, signal);
    if (!verdict.allowed) return verdict;
    const outcome = await this.log.preview(chargesOf(room, verdict.tables));
    return outcome.granted ? verdict : this.withoutBudget(attempt, outcome.exhausted);
  }

  /**
   * The verdict of the rules alone, whatever is left of the budgets.
   *
   * @throws {SealroomError} IO_ABORTED if the signal fires.
   */
  async judge({ room, request }: Attempt, signal?: AbortSignal): Promise<Verdict> {
    const { text, context } = request;
    const verdict = await this.#verdicts.find(room, request, () => this.#checker.check(text, context, signal));
    if (!verdict.allowed || printIr(verdict.statement).length <= MAX_IR_CHARACTERS) return verdict;
    const span = { start: 0, end: text.length };
    const message = 'the query is too large once its names and types are written out';
    const finding = { code: 'TOO_LARGE', span, message, help: 'Ask for less at once.', rule: null } as const;
    return { allowed: false, findings: [finding], obligations: [], tables: verdict.tables };
  }

  /** The verdict on a query whose budgets are used up. */
  withoutBudget({ request: { text, context } }: Attempt, exhausted: readonly BudgetChange[]): Promise<Verdict> {
    const budgetsLeft = new Map(exhausted.map(({ table }) => [table, 0]));
    return this.#checker.check(text, { ...context, budgetsLeft });
  }

  /** Closes the log, and ends the process that checks. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#checker[Symbol.asyncDispose]();
    await this.log[Symbol.asyncDispose]();
  }
}

/**
 * What would happen to a query, and what it would cost. Nothing runs, nothing is spent and nothing is recorded.
 *
 * @throws {SealroomError} SECRET_PRESENT if the environment contains the shared secret; the codes of `Admission.open` and
 *   `Admission.check`
 */
export async function previewQuery(
  options: RoomOptions,
  request: QueryRequest,
  signal?: AbortSignal,
): Promise<QueryCheck> {
  refuseSecrets(options.env);
  await using checker = new QueryChecker();
  await using admission = await Admission.open(options, checker);
  return await admission.check(request, signal);
}
