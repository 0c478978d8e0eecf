import { randomBytes } from 'node:crypto';
import { type AttemptTrace, type BudgetChange, durationBucket, findAttempts, type Receipt } from '../../audit/index.ts';
import { type Signer } from '../../tlog/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { saltedHash, sha256Hex } from '../../platform/index.ts';
import { type Recipients, type ResultStatement, sealPackage } from '../../package/index.ts';
import { isSameAgreement, readRoomSigner, type Room } from '../room.ts';
import { ProcessFailure } from '../../engine/index.ts';
import { refuseSecrets } from '../no-secrets.ts';
import { preloadArrow } from '../../tabular/index.ts';
import { DEFAULT_MAX_ROWS, type Finding, type Suggestion, type Verdict } from '../../query/index.ts';
import type { EngineProcess } from './engine-process.ts';
import { chargesOf, describeAttempt, formatObligation, hashOfIr, printIr, totalChanges } from './audit-events.ts';
import type { Attempt } from './attempt.ts';
import { Admission, type QueryCheck, readerOf, type RoomOptions } from './admission.ts';
import { type CrashedAttempt, describeCrash } from './crash.ts';
import type { EngineLimits, SnapshotFile } from './engine-messages.ts';
import { failed, failureKindOf, ManifestChanged, refusalCodeOf, tooManyRows } from './failures.ts';
import { EnginePool } from './engine-pool.ts';
import { QueryChecker } from './query-checker.ts';
import { type ReleaseClock, ReleaseGrid, SYSTEM_CLOCK } from './release-grid.ts';
import type { QueryRequest } from './request.ts';
import { encodeResult, nameColumns } from './encode-result.ts';

/** The limits of a query, and how many queries run at the same time. */
export interface RunnerLimits extends EngineLimits {
  /** Number of queries that run at the same time, each in a separate process. */
  readonly processes: number;
}

const DEFAULT_LIMITS: RunnerLimits = {
  memoryMiB: 1024,
  threads: 2,
  timeoutMs: 60_000,
  maxResultBytes: 256 << 20,
  processes: 1,
};

/** What a runner is opened with. */
export interface RunnerOptions extends RoomOptions {
  readonly limits?: Partial<RunnerLimits> | undefined;
  /**
   * The clock by which answers are released; default: that of the system. Tests and measurements have others. With a clock that does
   * not wait, the duration of a query tells of the rows that it read.
   */
  readonly clock?: ReleaseClock | undefined;
}

/** A result that the room releases. */
export interface QueryResult {
  /** What was asked, of which tables, and under which rules. */
  readonly statement: ResultStatement;
  /** The rows, as an Arrow stream. Protected columns are still protected. */
  readonly table: Uint8Array;
  /** The line of the attempt in the audit log, without line break. */
  readonly record: string;
}

/** A result before its release is recorded, and so before anybody may get it. */
export interface UnreleasedResult {
  /** As in {@link QueryResult}, without the proof that its record is in the log. */
  readonly statement: Omit<ResultStatement, 'proof'>;
  readonly table: Uint8Array;
}

/** What goes with one query besides the request. */
export interface RunOptions {
  /**
   * The room under whose manifest the caller was let in. If another is in force by now, the query does not run. It is compared, and
   * nothing else of it is used.
   */
  readonly room?: Room | undefined;
  /** Ends the query. */
  readonly signal?: AbortSignal | undefined;
  /** The id of the attempt, a UUID that no attempt in the log has; default: a new one. */
  readonly attempt?: string | undefined;
  /** The salt of the hashes in its record: 32 random bytes in hexadecimal, of no other attempt; default: a new one. */
  readonly salt?: string | undefined;
  /**
   * Is called with the result once the query is over, and before its release is recorded: what keeps it here has it after a crash as
   * well. If it throws, the attempt has failed (`NOT_KEPT`), and its result is released to nobody. If the result has more rows than a
   * budget has left, it is not released either, and what was kept has to be removed.
   */
  readonly beforeRelease?: ((result: UnreleasedResult) => Promise<void>) | undefined;
}

/** How an attempt ended, with the receipt of its audit record and the salt of the hashes in it. */
export type QueryOutcome = { readonly attempt: string; readonly salt: string; readonly receipt: Receipt } & (
  | {
      readonly kind: 'refused';
      readonly text: string;
      readonly findings: readonly Finding[];
      /** The nearest query that would be allowed, where one was found. */
      readonly suggestion?: Suggestion;
    }
  | { readonly kind: 'released'; readonly result: QueryResult; readonly budgets: readonly BudgetChange[] }
);

/** The turn of an attempt in the pool. */
interface Turn {
  readonly engine: EngineProcess;
  /** Kills the engine, and waits until the attempt may end. What follows does not depend on rows, but for the size of the result. */
  readonly end: () => Promise<void>;
  readonly signal: AbortSignal | undefined;
  readonly beforeRelease: RunOptions['beforeRelease'];
}

type Allowed = Extract<Verdict, { readonly allowed: true }>;

/**
 * Answers queries to a room. Each query is checked, its budgets are spent and recorded, it runs in a separate process, its end is
 * recorded, and only then is its result released.
 *
 * It holds no secret and opens no cell. Several runners, in several processes, may work on one room.
 */
export class QueryRunner implements AsyncDisposable {
  readonly #now: () => Date;
  readonly #clock: ReleaseClock;
  readonly #admission: Admission;
  readonly #pool: EnginePool;
  readonly #signer: Signer;

  private constructor(
    { now, clock = SYSTEM_CLOCK }: Pick<RunnerOptions, 'now' | 'clock'>,
    admission: Admission,
    pool: EnginePool,
    signer: Signer,
  ) {
    this.#now = now;
    this.#clock = clock;
    this.#admission = admission;
    this.#pool = pool;
    this.#signer = signer;
  }

  /**
   * Opens a room for queries, and starts the processes in which they run.
   *
   * @throws {SealroomError} SECRET_PRESENT if the environment contains the shared secret; SECRET_INVALID if the room's
   *   signer cannot be read; IO_READ, IO_LOCKED, ROOM_*, MANIFEST_* and AUDIT_* for the room and its log.
   */
  static async open({ limits, ...options }: RunnerOptions): Promise<QueryRunner> {
    const { processes, ...ofEach } = { ...DEFAULT_LIMITS, ...limits };
    refuseSecrets(options.env);
    const pool = new EnginePool(processes, ofEach);
    const checker = new QueryChecker();
    try {
      const reader = readerOf(options);
      const signer = await readRoomSigner(await reader.open());
      // Loading the library that writes results takes longer than a query over small tables.
      const [admission] = await Promise.all([Admission.open({ ...options, reader }, checker), preloadArrow()]);
      return new QueryRunner(options, admission, pool, signer);
    } catch (error) {
      await Promise.all([pool[Symbol.asyncDispose](), checker[Symbol.asyncDispose]()]);
      throw error;
    }
  }

  /**
   * What would happen to a query. Nothing runs, nothing is spent and nothing is recorded.
   *
   * @throws {SealroomError} USAGE_OPTION if a member is not in the collaboration; IO_*, ROOM_* and MANIFEST_* for the room;
   *   AUDIT_* for its log.
   */
  check(request: QueryRequest, { signal }: Pick<RunOptions, 'signal'> = {}): Promise<QueryCheck> {
    return this.#admission.check(request, signal);
  }

  /**
   * Answers a query. A refusal is an outcome, not an error. Either is in the audit log when this returns.
   *
   * @throws {SealroomError} QUERY_FAILED if the query was allowed but could not be completed, for any reason: the audit log
   *   has the kind of the failure under the id that the error names. QUERY_UNLOADED if one of its tables is not loaded;
   *   ROOM_SNAPSHOT if one was changed; RULE_BUDGET if the result has more rows than a budget has left; IO_CLOCK if the clock is more
   *   than a day past the last record, and then nothing is recorded; IO_ABORTED if the signal fires; and the codes of
   *   {@link QueryRunner.check}.
   */
  async run(request: QueryRequest, options: RunOptions = {}): Promise<QueryOutcome> {
    const { room, signal, attempt: id, salt, beforeRelease } = options;
    const grid = new ReleaseGrid(this.#clock, signal);
    await this.#admission.log.requireClock();
    const attempt = await this.#admission.prepare(request, id, salt);
    if (room !== undefined && !isSameAgreement(attempt.room, room)) {
      const error = new ManifestChanged();
      await this.#recordNotRun(attempt, UNDECIDED, ...refusalCodeOf(error));
      throw failed(attempt.id, error);
    }
    const verdict = await this.#admit(attempt, signal);
    // Follows from the text and the manifest, and not from rows.
    if (!verdict.allowed) return this.#refuse(attempt, verdict);
    const snapshots = await this.#snapshotsOf(attempt, verdict);
    const tables = attempt.room.manifest.tables.filter(({ name }) => verdict.tables.includes(name));
    return this.#pool.use((engine) => {
      const end = async (): Promise<void> => {
        // Before the wait, since how long a process takes to end depends on what it did.
        await engine.kill();
        await grid.reach(tables);
      };
      return this.#runWith({ engine, end, signal, beforeRelease }, attempt, verdict, snapshots);
    });
  }

  /**
   * A result as a package that only its receivers can open, signed by the room.
   *
   * @throws {SealroomError} CUSTODY_KEY if a receiving key cannot be encrypted to.
   */
  async pack(result: QueryResult, recipients: Recipients): Promise<Uint8Array> {
    return sealPackage(result, recipients, this.#signer);
  }

  /**
   * What the log has of attempts, by id.
   *
   * @throws {SealroomError} AUDIT_* if the log is not as it was last signed; IO_READ.
   */
  async findAttempts(attempts: readonly string[]): Promise<ReadonlyMap<string, AttemptTrace>> {
    const { auditDirectory: directory } = await this.#admission.reader.open();
    return findAttempts({ directory, verifiers: [this.#signer.verifier] }, attempts);
  }

  /**
   * Records that an attempt ended because the process that ran it was killed. What it has spent remains spent.
   *
   * @throws {SealroomError} AUDIT_RECORD if its end is recorded already; IO_*, ROOM_*, MANIFEST_* and AUDIT_* for the room and its log.
   */
  async recordCrash(crashed: CrashedAttempt): Promise<Receipt> {
    return this.#admission.log.append(await describeCrash(this.#admission, crashed, this.#now()));
  }

  /** Kills the processes and closes the log. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
    await this.#admission[Symbol.asyncDispose]();
  }

  async #admit(attempt: Attempt, signal: AbortSignal | undefined): Promise<Verdict> {
    try {
      return await this.#admission.admit(attempt, signal);
    } catch (error) {
      if (error instanceof SealroomError && error.code === 'IO_ABORTED') {
        await this.#recordNotRun(attempt, UNDECIDED, ...refusalCodeOf(new ProcessFailure('ABORTED')));
      }
      throw error;
    }
  }

  async #refuse(attempt: Attempt, verdict: Verdict): Promise<QueryOutcome> {
    const { id, salt, request } = attempt;
    const event = describeAttempt(attempt, verdict);
    const receipt = await this.#admission.log.append({ ...event, budgets: [], outcome: { kind: 'refused' } });
    const { findings } = verdict;
    const suggested = 'suggestion' in verdict ? { suggestion: verdict.suggestion } : {};
    return { kind: 'refused', attempt: id, salt, receipt, text: request.text, findings, ...suggested };
  }

  /** Records that a query cannot run although nothing refuses it; nothing has been spent for it. */
  async #recordNotRun(attempt: Attempt, verdict: Verdict, code: string, message: string): Promise<void> {
    const event = describeAttempt(attempt, verdict);
    const findings = [{ code, message, span: null, table: null }];
    await this.#admission.log.append({ ...event, findings, budgets: [], outcome: { kind: 'refused' } });
  }

  async #snapshotsOf(attempt: Attempt, verdict: Allowed): Promise<readonly SnapshotFile[]> {
    const tables = attempt.room.tables.filter(({ name }) => verdict.tables.includes(name));
    const missing = tables.filter(({ snapshot }) => snapshot === null).map(({ name }) => `\`${name}\``);
    if (missing.length > 0) {
      const message = `not loaded into the room: ${missing.join(', ')}`;
      await this.#recordNotRun(attempt, verdict, 'NOT_LOADED', message);
      throw new SealroomError('QUERY_UNLOADED', message, {
        hint: 'the operator of the room loads it with `sealroom room add`',
      });
    }
    const loaded = tables.flatMap(({ owner, snapshot }) => (snapshot === null ? [] : [{ owner, snapshot }]));
    try {
      for (const { snapshot } of loaded) await this.#admission.reader.verify(snapshot);
    } catch (error) {
      await this.#recordNotRun(attempt, verdict, 'ROOM_SNAPSHOT', 'a table has changed since it was loaded');
      throw error;
    }
    return loaded.map(({ owner, snapshot }) => ({ owner, path: snapshot.path }));
  }

  async #runWith(
    turn: Turn,
    attempt: Attempt,
    verdict: Allowed,
    snapshots: readonly SnapshotFile[],
  ): Promise<QueryOutcome> {
    const { id, salt, request: question, room } = attempt;
    const { engine, end, signal, beforeRelease } = turn;
    const charges = chargesOf(room, verdict.tables);
    try {
      if (signal?.aborted === true) throw new ProcessFailure('ABORTED');
      // Before anything is spent. Once opened, a table stays readable even if it is loaded again.
      await engine.open(snapshots);
      // The query may have waited long for its turn.
      if (!isSameAgreement(await this.#admission.reader.open(), room)) throw new ManifestChanged();
    } catch (error) {
      await end();
      await this.#recordNotRun(attempt, verdict, ...refusalCodeOf(error));
      throw failed(id, error);
    }
    const started = await this.#admission.log.start({
      attempt: id,
      member: question.context.member,
      manifestSha256: room.manifest.sha256,
      ...hashOfIr(attempt, verdict.statement),
      charges,
    });
    if (!started.granted) {
      await end();
      return this.#refuse(attempt, await this.#admission.withoutBudget(attempt, started.exhausted));
    }
    const startedAt = this.#clock.elapsedMs();
    const event = { ...describeAttempt(attempt, verdict), budgets: started.budgets };
    let result: UnreleasedResult;
    try {
      result = await this.#execute(turn, attempt, verdict);
    } catch (error) {
      await end();
      const duration = durationBucket(this.#clock.elapsedMs() - startedAt);
      await this.#admission.log.append({ ...event, outcome: { kind: 'failed', code: failureKindOf(error), duration } });
      throw failed(id, error);
    }
    const { statement, table } = result;
    const duration = durationBucket(this.#clock.elapsedMs() - startedAt);
    try {
      await beforeRelease?.(result);
    } catch (error) {
      await this.#admission.log.append({ ...event, outcome: { kind: 'failed', code: NOT_KEPT, duration } });
      throw failed(id, error);
    }
    const saltedResultSha256 = saltedHash(salt, 'result', statement.result.sha256);
    const outcome = { kind: 'released', rows: statement.rows, saltedResultSha256, duration } as const;
    const released = await this.#admission.log.release({ ...event, outcome }, charges);
    const { receipt } = released;
    if (!released.granted) throw tooManyRows(released.exhausted);
    const { record, proof } = receipt;
    const budgets = totalChanges(started.budgets, released.budgets);
    return {
      kind: 'released',
      attempt: id,
      salt,
      receipt,
      result: { statement: { ...statement, proof }, table, record },
      budgets,
    };
  }

  async #execute(
    { engine, end, signal }: Turn,
    { id, salt, request: question, room }: Attempt,
    { statement, obligations, tables }: Allowed,
  ): Promise<UnreleasedResult> {
    const { member, receivers, template = null, parameters = {}, maxRows = DEFAULT_MAX_ROWS } = question.context;
    const { sql } = statement;
    const values = statement.isSalted ? [...statement.parameters, newSalt()] : statement.parameters;
    const answer = await engine.run({ sql, parameters: values, maxRows }, signal);
    const columns = nameColumns(statement.columns);
    const table = await encodeResult(columns, answer);
    await end();
    if (signal?.aborted === true) throw new ProcessFailure('ABORTED');
    return {
      table,
      statement: {
        version: 2,
        collaboration: room.manifest.id,
        manifestSha256: room.manifest.sha256,
        attempt: id,
        time: this.#now().toISOString(),
        member,
        receivers,
        question: { template, parameters, sql: question.text },
        irSha256: sha256Hex(printIr(statement)),
        tables: chargesOf(room, tables).map(({ use }) => ({ ...use, snapshotSha256: use.snapshotSha256 ?? '' })),
        obligations: obligations.map(formatObligation).map(({ kind, detail }) => ({ kind, detail })),
        columns,
        rows: answer.rows,
        isCut: answer.isCut,
        result: { format: 'arrow', bytes: table.length, sha256: sha256Hex(table) },
        salt,
      },
    };
  }
}

/** The kind of failure of an attempt whose result could not be kept before its release. */
const NOT_KEPT = 'NOT_KEPT';

/** The verdict on a query whose check was not completed. */
const UNDECIDED: Verdict = { allowed: false, findings: [], obligations: [], tables: [] };

/** Decides which groups of a person count, anew in each run. */
function newSalt(): string {
  return randomBytes(16).toString('hex');
}
