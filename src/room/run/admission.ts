import { randomUUID } from 'node:crypto';
import type { AuditLog, BudgetChange } from '../../audit/index.ts';
import { openRoom, openRoomLog, type Room } from '../room.ts';
import { refuseSecrets } from '../no-secrets.ts';
import { checkQuery, type Verdict } from '../../query/index.ts';
import { type ParsedQuery, QueryParser } from '../../query/index.ts';
import { chargesOf, printIr } from './audit-events.ts';
import { type QueryRequest, type ResolvedRequest, resolveRequest } from './request.ts';

/** The most characters of a resolved query: it has to fit into the record of its attempt. */
const MAX_IR_CHARACTERS = 1 << 20;

/** The room that is asked. */
export interface RoomOptions {
  /** Absolute path of the room. */
  readonly directory: string;
  /** The environment, which must not have the shared secret. */
  readonly env: NodeJS.ProcessEnv;
  readonly now: () => Date;
  /** The most rows that are released; `DEFAULT_MAX_ROWS` if left out. */
  readonly maxRows?: number | undefined;
}

/** What would become of a query. */
export interface QueryCheck {
  /** The text that was checked: that of the request, or of the template. */
  readonly text: string;
  readonly verdict: Verdict;
  /** What it would do to the budgets of its tables; empty if it is refused. */
  readonly budgets: readonly BudgetChange[];
}

/** One attempt, as far as it has come. */
export interface Attempt {
  readonly id: string;
  readonly room: Room;
  readonly request: ResolvedRequest;
  readonly parsed: ParsedQuery;
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

/** What every query to a room goes through before anything runs: it is read, checked, and held against the budgets. */
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
   * Opens the log of a room, to ask the room. That its secret is not at hand was looked at before.
   *
   * @throws {SealroomError} as `openRoomLog`
   */
  static async open(options: RoomOptions, room: Room): Promise<Admission> {
    const log = await openRoomLog(room, options.now);
    try {
      return new Admission(options, await QueryParser.open(), log);
    } catch (error) {
      await log[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * What would become of a query, and what it would cost.
   *
   * @param room as it is now; read anew if left out
   * @throws {SealroomError} USAGE_OPTION as `resolveRequest`; what `openRoom` throws; AUDIT_*, IO_* of the log.
   */
  async check(request: QueryRequest, room?: Room): Promise<QueryCheck> {
    const attempt = await this.prepare(request, room);
    const verdict = await this.admit(attempt);
    const { text } = attempt.request;
    if (!verdict.allowed) return { text, verdict, budgets: [] };
    const outcome = await this.log.preview(chargesOf(attempt.room, verdict.tables));
    return { text, verdict, budgets: outcome.granted ? outcome.budgets : outcome.exhausted };
  }

  /** The room as it is now, read anew if it was not just opened, and what is asked of it. */
  async prepare(request: QueryRequest, opened?: Room): Promise<Attempt> {
    const room = opened ?? (await openRoom(this.#options.directory));
    const question = resolveRequest(request, room.manifest, this.#options.maxRows);
    // A template that does not exist has no text; the check says so, and nothing besides.
    const isKnown = request.query.kind === 'text' || question.text !== '';
    const parsed = isKnown
      ? await this.#parser.parse(question.text)
      : { text: question.text, statement: null, findings: [] };
    return { id: randomUUID(), room, request: question, parsed };
  }

  /** The verdict, with what the budgets have left now. */
  async admit({ room, request: question, parsed }: Attempt): Promise<Verdict> {
    const verdict = checkQuery(parsed, question.context);
    if (!verdict.allowed) return verdict;
    if (printIr(verdict.statement).length > MAX_IR_CHARACTERS) {
      const span = { start: 0, end: question.text.length };
      const message = 'the query is too large when its names and types are written out';
      const finding = { code: 'TOO_LARGE', span, message, help: 'Ask for less at once.', rule: null } as const;
      return { allowed: false, findings: [finding], obligations: [], tables: verdict.tables };
    }
    const outcome = await this.log.preview(chargesOf(room, verdict.tables));
    return outcome.granted ? verdict : withoutBudget(parsed, question, outcome.exhausted);
  }

  /** Closes the log. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#parser.close();
    await this.log[Symbol.asyncDispose]();
  }
}

/**
 * What would become of a query to a room, and what it would cost. Nothing runs, nothing is spent and nothing is recorded.
 *
 * @throws {SealroomError} as `openRoom`, {@link Admission.open} and {@link Admission.check}
 */
export async function previewQuery(options: RoomOptions, request: QueryRequest): Promise<QueryCheck> {
  refuseSecrets(options.env);
  const room = await openRoom(options.directory);
  await using admission = await Admission.open(options, room);
  return await admission.check(request, room);
}
