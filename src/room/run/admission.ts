import { randomUUID } from 'node:crypto';
import type { AuditLog, BudgetChange } from '../../audit/index.ts';
import { openRoom, openRoomLog, openRoomOnce, type Room } from '../room.ts';
import { refuseSecrets } from '../no-secrets.ts';
import { createSalt } from '../../platform/index.ts';
import { checkQuery, type SnapshotFacts, type Verdict } from '../../query/index.ts';
import { type ParsedQuery, QueryParser } from '../../query/index.ts';
import { chargesOf, printIr } from './audit-events.ts';
import type { Attempt } from './attempt.ts';
import { type QueryRequest, type ResolvedRequest, resolveRequest } from './request.ts';

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
  readonly allowClockJump?: boolean | undefined;
  /** The maximum number of rows to release; default: `DEFAULT_MAX_ROWS`. */
  readonly maxRows?: number | undefined;
}

/** What would happen to a query. */
export interface QueryCheck {
  /** The text that was checked: the request's or the template's. */
  readonly text: string;
  readonly verdict: Verdict;
  /** How it would change the budgets of its tables; empty if it is refused. */
  readonly budgets: readonly BudgetChange[];
}

/** The verdict on a query whose budgets are used up. */
export function withoutBudget(
  parsed: ParsedQuery,
  { context }: ResolvedRequest,
  exhausted: readonly BudgetChange[],
): Verdict {
  const budgetsLeft = new Map(exhausted.map(({ table }) => [table, 0]));
  return checkQuery(parsed, { ...context, budgetsLeft });
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
  readonly #parser: QueryParser;
  readonly log: AuditLog;

  private constructor(options: RoomOptions, parser: QueryParser, log: AuditLog) {
    this.#options = options;
    this.#parser = parser;
    this.log = log;
  }

  /**
   * Opens the log of a room for checking queries. The caller has refused an environment with the shared secret.
   *
   * @throws {SealroomError} SECRET_INVALID if the room's signer cannot be read; IO_READ, IO_LOCKED and AUDIT_* for the log.
   */
  static async open(options: RoomOptions, room: Room): Promise<Admission> {
    const log = await openRoomLog(room, options);
    try {
      return new Admission(options, await QueryParser.open(), log);
    } catch (error) {
      await log[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * What would happen to a query, and what it would cost.
   *
   * @param room as it is now; read again if left out
   * @throws {SealroomError} USAGE_OPTION if a member is not in the collaboration or a value is malformed; IO_*, ROOM_* and
   *   MANIFEST_* for the room; AUDIT_* for its log.
   */
  async check(request: QueryRequest, room?: Room): Promise<QueryCheck> {
    const attempt = await this.prepare(request, room);
    const verdict = await this.admit(attempt);
    const { text } = attempt.request;
    if (!verdict.allowed) return { text, verdict, budgets: [] };
    const outcome = await this.log.preview(chargesOf(attempt.room, verdict.tables));
    return { text, verdict, budgets: outcome.granted ? outcome.budgets : outcome.exhausted };
  }

  /** Resolves a request in the room as it is now, which is read if it was not just opened. */
  async prepare(request: QueryRequest, opened?: Room): Promise<Attempt> {
    const room = await openRoomOnce(this.#options.directory, opened);
    const asked = resolveRequest(request, room.manifest, this.#options.maxRows);
    const question = { ...asked, context: { ...asked.context, facts: factsOf(room, asked.context.member) } };
    // A template that does not exist has no text; then the check reports that and nothing else.
    const isKnown = request.query.kind === 'text' || question.text !== '';
    const parsed = isKnown
      ? await this.#parser.parse(question.text)
      : { text: question.text, statement: null, findings: [] };
    return { id: randomUUID(), salt: createSalt(), room, request: question, parsed };
  }

  /** The verdict, taking into account what is left of the budgets. */
  async admit({ room, request, parsed }: Attempt): Promise<Verdict> {
    const verdict = checkQuery(parsed, request.context);
    if (!verdict.allowed) return verdict;
    if (printIr(verdict.statement).length > MAX_IR_CHARACTERS) {
      const span = { start: 0, end: request.text.length };
      const message = 'the query is too large once its names and types are written out';
      const finding = { code: 'TOO_LARGE', span, message, help: 'Ask for less at once.', rule: null } as const;
      return { allowed: false, findings: [finding], obligations: [], tables: verdict.tables };
    }
    const outcome = await this.log.preview(chargesOf(room, verdict.tables));
    return outcome.granted ? verdict : withoutBudget(parsed, request, outcome.exhausted);
  }

  /** Closes the log. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#parser.close();
    await this.log[Symbol.asyncDispose]();
  }
}

/**
 * What would happen to a query, and what it would cost. Nothing runs, nothing is spent and nothing is recorded.
 *
 * @throws {SealroomError} SECRET_PRESENT if the environment contains the shared secret; the codes of {@link Admission.open} and
 *   {@link Admission.check}
 */
export async function previewQuery(options: RoomOptions, request: QueryRequest): Promise<QueryCheck> {
  refuseSecrets(options.env);
  const room = await openRoom(options.directory);
  await using admission = await Admission.open(options, room);
  return await admission.check(request, room);
}
