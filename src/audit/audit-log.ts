import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { equalConstantTime } from '../bytes/index.ts';
import { SealroomError, systemReason } from '../errors/index.ts';
import type { Charge, ChargeOutcome } from './budget.ts';
import { openCheckpoint, signCheckpoint } from '../tlog/index.ts';
import { History } from './history.ts';
import type { KeyEvent } from './key-event.ts';
import type { Signer } from '../tlog/index.ts';
import { readLines } from './lines.ts';
import { LOG_FILES } from './log-file.ts';
import { syncDirectory, withLock } from '../files/index.ts';
import { hashLeaf, TreeEdge } from '../tlog/index.ts';
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
}

/** Says that a record is on the disk and signed. */
export interface Receipt {
  readonly index: number;
  /** The signed checkpoint that covers the record. Keep it to check the log against it later. */
  readonly checkpoint: string;
}

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
}

/**
 * Makes an empty log: a directory with its files, and a checkpoint of no records.
 *
 * @throws {SealroomError} IO_EXISTS if there is already a log; IO_WRITE if it cannot be made.
 */
export async function createAuditLog({ directory, signer }: Omit<AuditLogOptions, 'now'>): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const name of [LOG_FILES.lock, LOG_FILES.records])
      await (await open(join(directory, name), 'a', 0o600)).close();
    const lock = await openFile(directory, LOG_FILES.lock);
    try {
      // If two processes make the same log, only one succeeds.
      await withLock(lock, directory, async () => {
        const { size } = await stat(join(directory, LOG_FILES.records));
        if (size > 0 || (await stat(join(directory, LOG_FILES.checkpoint)).catch(() => null)) !== null) {
          throw new SealroomError('IO_EXISTS', 'there is already an audit log', { where: { file: directory } });
        }
        await replaceCheckpoint(directory, signCheckpoint(new TreeEdge().head(), signer));
      });
    } finally {
      await lock.close();
    }
  } catch (error) {
    throw writeFailure(error, directory);
  }
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
      const lock = await openFile(options.directory, LOG_FILES.lock);
      handles.push(lock);
      const records = await openFile(options.directory, LOG_FILES.records);
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
   * @throws {SealroomError} IO_WRITE if it cannot be recorded; IO_LOCKED; AUDIT_CHAIN, AUDIT_RECORD or AUDIT_NOTE if the log is not
   *   as it was last signed.
   */
  start({ charges, ...request }: StartRequest): Promise<StartOutcome> {
    //= audit A-42, A-43
    return this.#exclusively(async (state) => {
      const time = this.#nextTime(state);
      const outcome = state.history.ledger.charge(charges, new Date(time));
      if (!outcome.granted) return outcome;
      const tables = charges.map(({ use }) => use);
      const event = { kind: 'start', ...request, tables, budgets: outcome.budgets } as const;
      return { ...outcome, receipt: await this.#append(state, event, time) };
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
    return this.#exclusively((state) => this.#append(state, event, this.#nextTime(state)));
  }

  /** How a query would change the budgets of its tables if it started now. Nothing is spent. */
  preview(charges: readonly Charge[]): Promise<ChargeOutcome> {
    return this.#exclusively((state) =>
      Promise.resolve(state.history.ledger.charge(charges, new Date(this.#nextTime(state)))),
    );
  }

  /** Closes the files once all pending calls are done. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue;
    await this.#records.close();
    await this.#lock.close();
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
        // Whatever fails may have changed the file, so the next call reads it again.
        this.#state = null;
        const state = await this.#readOn(
          known ?? { edge: new TreeEdge(), history: new History(), offset: 0, last: null },
        );
        const result = await action(state);
        this.#state = state;
        return result;
      });
    const result = this.#queue.then(turn);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** Reads signed records that are not known yet, and removes unsigned data. */
  async #readOn(state: State): Promise<State> {
    const { directory, signer } = this.#options;
    const note = await readFile(join(directory, LOG_FILES.checkpoint), 'utf8').catch((error: unknown) => {
      throw new SealroomError('AUDIT_CHAIN', `cannot read the checkpoint of the log: ${systemReason(error)}`, {
        where: { file: directory },
        cause: error,
      });
    });
    const head = openCheckpoint(note, [signer.verifier]);
    if (state.edge.size < head.size) {
      for await (const { bytes, end, isComplete } of readLines(this.#records, state.offset)) {
        if (!isComplete) break;
        this.#take(state, bytes);
        state.offset = end;
        if (state.edge.size === head.size) break;
      }
    }
    if (state.edge.size !== head.size || !equalConstantTime(state.edge.root(), head.root)) {
      throw this.#broken(`its records are not the ${String(head.size)} that were signed`);
    }
    await this.#removeUnsigned(state);
    return state;
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
  async #removeUnsigned(state: State): Promise<void> {
    //= audit A-31
    const { size } = await this.#records.stat();
    if (size < state.offset) throw this.#broken('signed records are no longer there');
    if (size === state.offset) return;
    const hash = createHash('sha256');
    for await (const chunk of this.#records.createReadStream({ start: state.offset, autoClose: false })) {
      hash.update(chunk as Uint8Array);
    }
    await this.#writing(() => this.#records.truncate(state.offset));
    const removed = { removedBytes: size - state.offset, removedSha256: hash.digest('hex') };
    await this.#append(state, { kind: 'repair', ...removed }, this.#nextTime(state));
  }

  async #append(state: State, event: AuditEvent, time: string): Promise<Receipt> {
    const index = state.edge.size;
    const record: AuditRecord = { version: RECORD_VERSION, index, previous: state.last, time, event };
    const bytes = printRecord(record);
    const [contradiction] = state.history.contradictions(record);
    if (contradiction !== undefined)
      throw new SealroomError('AUDIT_RECORD', `the record cannot be added: ${contradiction}`);
    //= audit A-30
    await this.#writing(async () => {
      await writeAt(this.#records, Buffer.concat([bytes, LINE_BREAK]), state.offset);
      await this.#records.datasync();
    });
    advance(state, record, bytes);
    state.offset += bytes.length + LINE_BREAK.length;
    const checkpoint = signCheckpoint(state.edge.head(), this.#options.signer);
    await this.#writing(() => replaceCheckpoint(this.#options.directory, checkpoint));
    return { index, checkpoint };
  }

  async #writing(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      throw writeFailure(error, this.#options.directory);
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

async function openFile(directory: string, name: string): Promise<FileHandle> {
  try {
    return await open(join(directory, name), 'r+');
  } catch (error) {
    throw new SealroomError('IO_READ', `cannot open the audit log: ${systemReason(error)}`, {
      where: { file: join(directory, name) },
      cause: error,
    });
  }
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

/** Replaces the checkpoint so that either the old or the new one is there whole, even after a power failure. */
async function replaceCheckpoint(directory: string, note: string): Promise<void> {
  const path = join(directory, LOG_FILES.checkpoint);
  const file = await open(`${path}.tmp`, 'w', 0o600);
  try {
    await file.writeFile(note);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.tmp`, path);
  await syncDirectory(directory);
}

function writeFailure(error: unknown, file: string): SealroomError {
  if (error instanceof SealroomError) return error;
  return new SealroomError('IO_WRITE', `cannot write the audit log: ${systemReason(error)}`, {
    where: { file },
    cause: error,
  });
}
