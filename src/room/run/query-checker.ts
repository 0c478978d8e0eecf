import { LimitedProcess, ProcessFailure, Spare } from '../../engine/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { type CheckContext, type Finding, FINDINGS, type Verdict } from '../../query/index.ts';
import { type CheckReply, type CheckRequest, MAX_CHECK_CPU_MS } from './check-messages.ts';

/** The time of a check, in ms. It is longer than its processor time, for busy machines. */
const TIMEOUT_MS = 5000;

/** The memory of the process that checks, in MiB. */
const MEMORY_MIB = 512;

/** The time limit for starting a process. It is generous, for busy machines, and does not count towards a check's time. */
const START_TIMEOUT_MS = 30_000;

/** A process that checks one query after the other. */
class CheckProcess {
  readonly #process = new LimitedProcess<CheckRequest, CheckReply>(
    new URL('./check-main.js', import.meta.url),
    MEMORY_MIB,
  );
  #isReady = false;
  #isBusy = false;

  /** Whether it can check another query at once. */
  get isIdle(): boolean {
    return this.#process.isAlive && this.#isReady && !this.#isBusy;
  }

  get isAlive(): boolean {
    return this.#process.isAlive;
  }

  /** @throws {ProcessFailure} if the process was stopped. */
  async check(request: CheckRequest, timeoutMs: number, signal: AbortSignal | undefined): Promise<Verdict> {
    if (!this.#isReady) await this.#process.limited(START_TIMEOUT_MS, signal, () => this.#process.next());
    this.#isReady = true;
    this.#isBusy = true;
    return this.#process.limited(timeoutMs, signal, async () => {
      await this.#process.send(request);
      const reply = await this.#process.next();
      this.#isBusy = false;
      if (reply.kind === 'checked') return reply.verdict;
      throw new TypeError('expected a verdict');
    });
  }

  kill(): Promise<void> {
    return this.#process.kill();
  }
}

/** A process without a checker. It has no data. */
const spare = new Spare<CheckProcess>();

/** The verdict on a query whose check was stopped. */
function stoppedVerdict({ length }: string): Verdict {
  const limits = `${String(MAX_CHECK_CPU_MS / 1000)} s of processor time, ${String(TIMEOUT_MS / 1000)} s and ${String(MEMORY_MIB)} MiB`;
  const message = `the check did not end within ${limits}`;
  const { help } = FINDINGS.CHECK_STOPPED;
  const finding: Finding = { code: 'CHECK_STOPPED', span: { start: 0, end: length }, message, help, rule: null };
  return { allowed: false, findings: [finding], obligations: [], tables: [] };
}

function aborted(): SealroomError {
  return new SealroomError('IO_ABORTED', 'stopped before the query was checked');
}

/**
 * Parses and checks queries in a process that is stopped at limits of time and memory: any text is decided or stopped, and this
 * process stays responsive. The process starts at once, and is replaced when it was stopped.
 */
export class QueryChecker implements AsyncDisposable {
  readonly #timeoutMs: number;
  #process: CheckProcess;
  #turn: Promise<void> = Promise.resolve();
  #isOpen = true;

  /** @param timeoutMs the time of one check, in ms; default: 5000 */
  constructor(timeoutMs = TIMEOUT_MS) {
    this.#timeoutMs = timeoutMs;
    this.#process = spare.take() ?? new CheckProcess();
  }

  /**
   * The verdict on a query; one that was stopped is refused with `CHECK_STOPPED`. Checks take turns.
   *
   * @throws {SealroomError} IO_ABORTED if the signal fires.
   */
  async check(text: string, context: CheckContext, signal?: AbortSignal): Promise<Verdict> {
    const before = this.#turn;
    let end: () => void = () => undefined;
    this.#turn = new Promise((resolve) => (end = resolve));
    try {
      await before;
      return await this.#checkNow({ text, context }, signal);
    } finally {
      end();
    }
  }

  /** Leaves the process to the next checker for a while, or kills it if it is at work. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false;
    await spare.leave(this.#process);
  }

  async #checkNow(request: CheckRequest, signal: AbortSignal | undefined): Promise<Verdict> {
    if (signal?.aborted === true) throw aborted();
    // A process that died while it waited is replaced.
    if (!this.#process.isAlive) this.#replace();
    try {
      return await this.#process.check(request, this.#timeoutMs, signal);
    } catch (error) {
      if (!(error instanceof ProcessFailure)) throw error;
      //= rules R-3
      await this.#process.kill();
      this.#replace();
      if (error.kind === 'ABORTED') throw aborted();
      return stoppedVerdict(request.text);
    }
  }

  #replace(): void {
    if (this.#isOpen) this.#process = new CheckProcess();
  }
}
