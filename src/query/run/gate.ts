import { randomUUID } from 'node:crypto';
import type { AuditLog, BudgetChange } from '../../audit/index.ts';
import { openRoom, openRoomLog, refuseSecrets, type Room } from '../../room/index.ts';
import { checkQuery, type Verdict } from '../check/check.ts';
import { type ParsedQuery, QueryParser } from '../parse/parser.ts';
import { chargesOf } from './facts.ts';
import { type QueryRequest, type Question, readQuestion } from './question.ts';

/** The most characters of a resolved query: it has to fit into the record of its attempt. */
const MAX_IR_CHARACTERS = 1 << 20;

/** The room that is asked. */
export interface RoomOptions {
  /** Absolute path of the room. */
  readonly directory: string;
  /** The environment, which must not have the shared secret. */
  readonly env: NodeJS.ProcessEnv;
  readonly now: () => Date;
  /** The most rows that are released; 1,000,000 if left out. */
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
  readonly question: Question;
  readonly parsed: ParsedQuery;
}

/** The verdict on a query whose budgets are used up. */
export function withoutBudget(parsed: ParsedQuery, { context }: Question, exhausted: readonly BudgetChange[]): Verdict {
  const budgetsLeft = new Map(exhausted.map(({ table }) => [table, 0]));
  return checkQuery(parsed, { ...context, budgetsLeft });
}

/** What every query to a room goes through before anything runs: it is read, checked, and held against the budgets. */
export class Gate implements AsyncDisposable {
  readonly #options: RoomOptions;
  readonly #parser: QueryParser;
  readonly log: AuditLog;

  private constructor(options: RoomOptions, parser: QueryParser, log: AuditLog) {
    this.#options = options;
    this.#parser = parser;
    this.log = log;
  }

  /**
   * Opens a room to ask it.
   *
   * @throws {SealroomError} SECRET_PRESENT if the environment has the shared secret; what `openRoom` and `openRoomLog` throw.
   */
  static async open(options: RoomOptions): Promise<Gate> {
    refuseSecrets(options.env);
    const log = await openRoomLog(await openRoom(options.directory), options.now);
    try {
      return new Gate(options, await QueryParser.open(), log);
    } catch (error) {
      await log[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * What would become of a query, and what it would cost.
   *
   * @throws {SealroomError} USAGE_OPTION as `readQuestion`; what `openRoom` throws; AUDIT_*, IO_* of the log.
   */
  async check(request: QueryRequest): Promise<QueryCheck> {
    const attempt = await this.begin(request);
    const verdict = await this.decide(attempt);
    const { text } = attempt.question;
    if (!verdict.allowed) return { text, verdict, budgets: [] };
    const outcome = await this.log.preview(chargesOf(attempt.room, verdict.tables));
    return { text, verdict, budgets: outcome.granted ? outcome.budgets : outcome.exhausted };
  }

  /** The room as it is now, and what is asked of it. */
  async begin(request: QueryRequest): Promise<Attempt> {
    const room = await openRoom(this.#options.directory);
    const question = readQuestion(request, room.manifest, this.#options.maxRows);
    // A template that does not exist has no text; the check says so, and nothing besides.
    const isKnown = request.question.kind === 'text' || question.text !== '';
    const parsed = isKnown
      ? await this.#parser.parse(question.text)
      : { text: question.text, statement: null, findings: [] };
    return { id: randomUUID(), room, question, parsed };
  }

  /** The verdict, with what the budgets have left now. */
  async decide({ room, question, parsed }: Attempt): Promise<Verdict> {
    const verdict = checkQuery(parsed, question.context);
    if (!verdict.allowed) return verdict;
    if (verdict.statement.ir.length > MAX_IR_CHARACTERS) {
      const span = { start: 0, end: question.text.length };
      const message = 'the query is too large once its names and types are written out';
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
 * @throws {SealroomError} as {@link Gate.open} and {@link Gate.check}
 */
export async function previewQuery(options: RoomOptions, request: QueryRequest): Promise<QueryCheck> {
  await using gate = await Gate.open(options);
  return await gate.check(request);
}
