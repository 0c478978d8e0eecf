import { createHash } from 'node:crypto';
import { type FileHandle, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeUtf8, equalConstantTime } from '../bytes/index.ts';
import { countOf, SealroomError, systemReason } from '../errors/index.ts';
import type { Charge, ChargeOutcome } from './budget.ts';
import { openCheckpoint, printInclusionProof, signCheckpoint } from '../tlog/index.ts';
import { History, MAX_GAP_MS } from './history.ts';
import type { KeyEvent } from './key-event.ts';
import type { Signer } from '../tlog/index.ts';
import type { ClockJumps } from './steady-clock.ts';
import { readLines } from './lines.ts';
import { LOG_FILES, openLogFile, replaceCheckpoint, unreadable, logWriteFailure } from './log-file.ts';
import { stampFiles, withLock } from '../files/index.ts';
import { hashLeaf, TreeEdge, type TreeHead } from '../tlog/index.ts';
import {
  type AttemptEvent,
  type AuditEvent,
  type AuditRecord,
  type BudgetChange,
  parseSignedRecord,
  printRecord,
  RECORD_VERSION,
  type RoomEvent,
  type StartEvent,
} from './audit-record.ts';

const LINE_BREAK = Uint8Array.of(0x0a);

/** Where a log is, who signs it, and the clock. */
export interface AuditLogOptions {
  readonly directory: string;
  readonly signer: Signer;
  readonly now: () => Date;
  /**
   * Whether a record may come more than a day after the one before it. Default: such a record is refused, because budgets follow the
   * times of records, and a clock that was wrong once would freeze them.
   */
  readonly allowClockJump?: ClockJumps | undefined;
}

/** Says that a record is on the disk and signed. */
export interface Receipt {
  readonly index: number;
  /** The signed checkpoint that covers the record. Keep it to check the log against it later. */
  readonly checkpoint: string;
  /** The line of the record, without line break. */
  readonly record: string;
  /** The proof that it is in the log of the checkpoint: text of c2sp.org/tlog-proof. */
  readonly proof: string;
}

/** A result that is about to be released. */
export type ReleaseRequest = AttemptEvent & {
  readonly outcome: Extract<AttemptEvent['outcome'], { readonly kind: 'released' }>;
};

/** Whether a result may be released: either its rows are spent and this is on the disk, or some budgets have too few rows left. */
export type ReleaseOutcome =
  | { readonly granted: true; readonly budgets: readonly BudgetChange[]; readonly receipt: Receipt }
  | { readonly granted: false; readonly exhausted: readonly BudgetChange[]; readonly receipt: Receipt };

/** The kind of failure of an attempt whose result has more rows than a budget has left. */
const TOO_MANY_ROWS = 'ROW_BUDGET';

/** A query that is about to run. */
export type StartRequest = Omit<StartEvent, 'kind' | 'tables' | 'budgets'> & { readonly charges: readonly Charge[] };

/** Whether a query may run: either its budgets are spent and this is on the disk, or some budgets have nothing left. */
export type StartOutcome =
  | { readonly granted: true; readonly budgets: readonly BudgetChange[]; readonly receipt: Receipt }
  | { readonly granted: false; readonly exhausted: readonly BudgetChange[] };

/** What is known about the signed records of a log. */
interface State {
  readonly edge: TreeEdge;
  readonly history: History;
  /** The number of bytes of the file that were read and are signed. */
  offset: number;
  /** Leaf hash of the last record, in hexadecimal; `null` if there is no record. */
  last: string | null;
  /** What the system said of both files when they were as they are known; `null` once this process has begun to write to them. */
  stamp: string | null;
}

/**
 * An audit log that is open for writing: an append-only file of records, and a signed checkpoint over all of them. It is also the
 * ledger of the access budgets. Several processes may have the same log open; they write one record at a time.
 *
 * When a call returns, its record is on the disk and signed. A call that throws may have left nothing, or an unfinished record that
 * the next call removes and reports in a `repair` record. So nothing may run or be released before the call for it has returned.
 */
export class AuditLog implements AsyncDisposable {
  readonly #options: AuditLogOptions;
  readonly #records: FileHandle;
  readonly #lock: FileHandle;
  #state: State | null = null;
  /** The longest log that this process has seen here: whatever is read later must extend it. */
  #seen: TreeHead = new TreeEdge().head();
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(options: AuditLogOptions, records: FileHandle, lock: FileHandle) {
    this.#options = options;
    this.#records = records;
    this.#lock = lock;
  }

  /**
   * Opens a log, and reads and checks all of it.
   *
   * @throws {SealroomError} IO_READ if there is no log; AUDIT_CHAIN, AUDIT_RECORD, AUDIT_NOTE if it is not as it was last signed;
   *   IO_LOCKED if another process does not release its lock.
   */
  static async open(options: AuditLogOptions): Promise<AuditLog> {
    const handles: FileHandle[] = [];
    try {
      const lock = await openLogFile(options.directory, LOG_FILES.lock);
      handles.push(lock);
      const records = await openLogFile(options.directory, LOG_FILES.records);
      handles.push(records);
      const log = new AuditLog(options, records, lock);
      await log.#exclusively(() => Promise.resolve());
      return log;
    } catch (error) {
      for (const handle of handles) await handle.close();
      throw error;
    }
  }

  /**
   * Records that an allowed query is about to run, and spends one unit of each budget of its tables. Only a query for which this
   * returned `granted` may run. If a budget has nothing left, nothing is spent and nothing is recorded.
   *
   * @throws {SealroomError} IO_WRITE if it cannot be recorded; IO_LOCKED; IO_CLOCK if the clock is more than a day past the last
   *   record; AUDIT_CHAIN, AUDIT_RECORD or AUDIT_NOTE if the log is not as it was last signed.
   */
  start({ charges, ...request }: StartRequest): Promise<StartOutcome> {
    //= audit A-42, A-43
    return this.#exclusively(async (state) => {
      const time = this.#timeFor(state, { kind: 'start' });
      const outcome = state.history.ledger.charge(charges, new Date(time));
      if (!outcome.granted) return outcome;
      const tables = charges.map(({ use }) => use);
      const event = { kind: 'start', ...request, tables, budgets: outcome.budgets } as const;
      return { ...outcome, receipt: await this.#appendNoting(state, event, time) };
    });
  }

  /**
   * Spends the rows of a result and records its release, in one record; only if this returned `granted` may the result be released.
   * If a row budget has too few rows left, the record says that the attempt failed, and no more is spent than its start has.
   *
   * @param request without the changes of row budgets
   * @param charges those of the start
   * @throws {SealroomError} as {@link AuditLog.append}.
   */
  release(request: ReleaseRequest, charges: readonly Charge[]): Promise<ReleaseOutcome> {
    //= audit A-45
    return this.#exclusively(async (state) => {
      const time = this.#timeFor(state, request);
      const { rows, duration } = request.outcome;
      const cost = state.history.ledger.chargeRelease(charges, rows, new Date(time));
      if (!cost.granted) {
        const event = { ...request, outcome: { kind: 'failed', code: TOO_MANY_ROWS, duration } } as const;
        return { ...cost, receipt: await this.#appendNoting(state, event, time) };
      }
      const budgets = [...request.budgets.filter(({ unit }) => unit !== 'ROWS'), ...cost.budgets];
      return { ...cost, receipt: await this.#appendNoting(state, { ...request, budgets }, time) };
    });
  }

  /**
   * Records the end of an attempt, a change of the room, or a use of a secret. Only after this has returned may a result be
   * released, a change of the room take effect, or a secret be used.
   *
   * @throws {SealroomError} AUDIT_RECORD if the event is malformed or contradicts earlier records: each attempt has one such record,
   *   preceded by a `start` if the query ran. Also the codes of {@link AuditLog.start}.
   */
  append(event: AttemptEvent | RoomEvent | KeyEvent): Promise<Receipt> {
    return this.#exclusively(async (state) => this.#appendNoting(state, event, this.#timeFor(state, event)));
  }

  /**
   * Requires a clock that {@link AuditLog.append} accepts now, before work that would be in vain otherwise.
   *
   * @throws {SealroomError} IO_CLOCK, and the codes that a log has that is not as it was last signed.
   */
  requireClock(): Promise<void> {
    return this.#exclusively((state) => {
      this.#timeFor(state, { kind: 'start' });
      return Promise.resolve();
    });
  }

  /** How a query would change the budgets of its tables if it started now. Nothing is spent. */
  preview(charges: readonly Charge[]): Promise<ChargeOutcome> {
    return this.#exclusively((state) =>
      Promise.resolve(state.history.ledger.charge(charges, new Date(this.#nextTime(state)))),
    );
  }

  /**
   * The signed checkpoint of the log as it is now: the text that its file has.
   *
   * @throws {SealroomError} IO_LOCKED; AUDIT_CHAIN, AUDIT_RECORD or AUDIT_NOTE if the log is not as it was last signed.
   */
  checkpoint(): Promise<string> {
    return this.#exclusively((state) => Promise.resolve(signCheckpoint(state.edge.head(), this.#options.signer)));
  }

  /** Closes the files once all pending calls are done. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue;
    await this.#records.close();
    await this.#lock.close();
  }

  /**
   * The time for the record of an event, if it is not too far ahead. The end of an attempt that has started is always recorded: if the
   * clock jumped meanwhile, with the time of the last record.
   */
  #timeFor(state: State, event: Pick<AuditEvent, 'kind'> & { readonly outcome?: AttemptEvent['outcome'] }): string {
    //= audit A-12
    const time = this.#nextTime(state);
    const { allowClockJump = false } = this.#options;
    const isAllowed = typeof allowClockJump === 'boolean' ? allowClockJump : allowClockJump.vouches(state.history.time);
    if (isAllowed || !state.history.isJump(event, time)) return time;
    if (event.outcome !== undefined && event.outcome.kind !== 'refused') return state.history.time;
    const days = Math.floor((Date.parse(time) - Date.parse(state.history.time)) / MAX_GAP_MS);
    throw new SealroomError(
      'IO_CLOCK',
      `the clock is ${countOf(days, 'day')} past the last record of the log, of ${state.history.time}`,
      {
        where: { file: this.#options.directory },
        hint: 'set the clock right; if it is right, repeat the command with `--clock-jump`, and the log says so',
      },
    );
  }

  /** Appends the record of an event, after one that says that the clock jumped, if it did. */
  async #appendNoting(state: State, event: AuditEvent, time: string): Promise<Receipt> {
    const { history } = state;
    if (history.isJump(event, time)) await this.#append(state, { kind: 'clock', previousTime: history.time }, time);
    return this.#append(state, event, time);
  }

  /** The time of the next record. Setting the clock back does not make records older or start budget periods anew. */
  #nextTime({ history }: State): string {
    //= audit A-7
    const time = this.#options.now().toISOString();
    return time > history.time ? time : history.time;
  }

  /** Runs an action under the lock, with the current state of the log. */
  #exclusively<T>(action: (state: State) => Promise<T>): Promise<T> {
    const turn = async (): Promise<T> =>
      withLock(this.#lock, this.#options.directory, async () => {
        const known = this.#state;
        this.#state = null;
        const state = await this.#current(known);
        try {
          const result = await action(state);
          state.stamp ??= this.#stamp();
          if (state.edge.size > this.#seen.size) this.#seen = state.edge.head();
          return result;
        } finally {
          // What has failed while it was writing may have changed the files in any way: the next call reads them again.
          if (state.stamp !== null) this.#state = state;
        }
      });
    const result = this.#queue.then(turn);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** What the system says of the files; `null` if one is missing, and then reading it says so. */
  #stamp(): string | null {
    const { directory } = this.#options;
    return stampFiles([LOG_FILES.records, LOG_FILES.checkpoint].map((name) => join(directory, name)));
  }

  /** The state of the log: what is known of it as long as nobody else has written to its files, and what they say otherwise. */
  async #current(known: State | null): Promise<State> {
    //= audit A-33
    const stamp = this.#stamp();
    if (known !== null && stamp !== null && stamp === known.stamp) return known;
    const size = await this.#sizeOfRecords();
    // Other processes only append. Whatever else has happened to the file, it is read from its beginning.
    const isLonger = known !== null && size > known.offset;
    const state = isLonger ? known : { edge: new TreeEdge(), history: new History(), offset: 0, last: null, stamp };
    state.stamp = stamp;
    await this.#readOn(state);
    await this.#removeUnsigned(state, size);
    return state;
  }

  /** The size of the file of records in bytes; refuses another file in its place, which the open one does not follow. */
  async #sizeOfRecords(): Promise<number> {
    const { directory } = this.#options;
    const own = await this.#records.stat();
    const named = await stat(join(directory, LOG_FILES.records)).catch((error: unknown) => {
      throw unreadable(directory, LOG_FILES.records, error);
    });
    if (own.dev !== named.dev || own.ino !== named.ino) throw this.#broken('its file was replaced while it was open');
    return own.size;
  }

  /** Reads signed records that are not known yet. */
  async #readOn(state: State): Promise<void> {
    const { directory, signer } = this.#options;
    const note = await readFile(join(directory, LOG_FILES.checkpoint), 'utf8').catch((error: unknown) => {
      throw new SealroomError('AUDIT_CHAIN', `cannot read the checkpoint of the log: ${systemReason(error)}`, {
        where: { file: directory },
        cause: error,
      });
    });
    const head = openCheckpoint(note, [signer.verifier]);
    //= audit A-32
    if (head.size < this.#seen.size) throw this.#broken('it is shorter than it was when this process last saw it');
    if (state.edge.size < head.size) {
      for await (const { bytes, end, isComplete } of readLines(this.#records, state.offset)) {
        if (!isComplete) break;
        this.#take(state, bytes);
        state.offset = end;
        if (state.edge.size === this.#seen.size && !equalConstantTime(state.edge.root(), this.#seen.root))
          throw this.#broken('its first records are not those that this process has seen');
        if (state.edge.size === head.size) break;
      }
    }
    if (state.edge.size !== head.size || !equalConstantTime(state.edge.root(), head.root)) {
      throw this.#broken(`its records are not the ${String(head.size)} that were signed`);
    }
  }

  #take(state: State, bytes: Uint8Array): void {
    const index = state.edge.size;
    const record = parseSignedRecord(bytes);
    const [contradiction] = state.history.contradictions(record);
    //= audit A-10
    if (record.index !== index || record.previous !== state.last) {
      throw this.#broken(`record ${String(index)} does not follow the one before it`);
    }
    if (contradiction !== undefined) throw this.#broken(`record ${String(index)}: ${contradiction}`);
    advance(state, record, bytes);
  }

  /**
   * Removes what follows the last signed record, and reports it in a record. No call has returned for it, so nothing ran and
   * nothing was released because of it.
   */
  async #removeUnsigned(state: State, size: number): Promise<void> {
    //= audit A-31
    if (size === state.offset) return;
    const hash = createHash('sha256');
    for await (const chunk of this.#records.createReadStream({ start: state.offset, autoClose: false })) {
      hash.update(chunk as Uint8Array);
    }
    state.stamp = null;
    await this.#writing(() => this.#records.truncate(state.offset));
    const removed = { removedBytes: size - state.offset, removedSha256: hash.digest('hex') };
    // A log can be opened whatever the clock says.
    const time = this.#nextTime(state);
    const event = { kind: 'repair', ...removed } as const;
    await this.#append(state, event, state.history.isJump(event, time) ? state.history.time : time);
  }

  async #append(state: State, event: AuditEvent, time: string): Promise<Receipt> {
    const index = state.edge.size;
    const record: AuditRecord = { version: RECORD_VERSION, index, previous: state.last, time, event };
    const bytes = printRecord(record);
    const [contradiction] = state.history.contradictions(record);
    if (contradiction !== undefined)
      throw new SealroomError('AUDIT_RECORD', `the record cannot be added: ${contradiction}`);
    //= audit A-30
    state.stamp = null;
    await this.#writing(async () => {
      await writeAt(this.#records, Buffer.concat([bytes, LINE_BREAK]), state.offset);
      await this.#records.datasync();
    });
    advance(state, record, bytes);
    state.offset += bytes.length + LINE_BREAK.length;
    const checkpoint = signCheckpoint(state.edge.head(), this.#options.signer);
    await this.#writing(() => replaceCheckpoint(this.#options.directory, checkpoint));
    const proof = printInclusionProof(index, state.edge.proveNewest(), checkpoint);
    return { index, checkpoint, record: decodeUtf8(bytes), proof };
  }

  async #writing(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      throw logWriteFailure(error, this.#options.directory);
    }
  }

  #broken(what: string): SealroomError {
    //= audit A-32
    return new SealroomError('AUDIT_CHAIN', `the log was changed: ${what}`, {
      where: { file: this.#options.directory },
      hint: 'run `sealroom audit verify` to see where, and restore the files',
    });
  }
}

function advance(state: State, record: AuditRecord, bytes: Uint8Array): void {
  const leaf = hashLeaf(bytes);
  state.edge.add(leaf);
  state.history.add(record);
  state.last = Buffer.from(leaf).toString('hex');
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}
