import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AuditLog, SteadyClock } from '../audit/index.ts';
import { type ErrorCode, SealroomError } from '../errors/index.ts';
import { freeBytesAt, HeldLock } from '../files/index.ts';
import { DEFAULT_MAX_ROWS } from '../query/index.ts';
import { Admission, QueryChecker, QueryRunner, refuseSecrets, RoomReader } from '../room/index.ts';
import type { Job } from '../wire/index.ts';
import { createApp } from './app.ts';
import type { Answered } from './app-parts.ts';
import { hasHybridGroup } from './certificate-files.ts';
import type { ServeConfig } from './config.ts';
import { JOB_LIMITS, Jobs } from './jobs/jobs.ts';
import { type AnswerRequest, Listener } from './listen.ts';
import { jsonLog, type Log } from './log.ts';
import { Metrics } from './metrics.ts';
import { opsAnswer } from './ops.ts';
import { answerProblem } from './problems.ts';
import { Uploads } from './uploads/uploads.ts';

/** What a room is served with. */
export interface ServeOptions {
  /** Absolute path of the room. */
  readonly directory: string;
  /** Must contain neither the shared secret nor the name of its file. */
  readonly env: NodeJS.ProcessEnv;
  readonly now: () => Date;
  /** Milliseconds since any instant, which never go back; default: the system's. */
  readonly elapsedMs?: (() => number) | undefined;
  /** Whether the clock is right when the service starts, though it may be more than a day past the last record. */
  readonly allowClockJump?: boolean | undefined;
  readonly config: ServeConfig;
  /** Takes the lines of the log. */
  readonly writeLog: (line: string) => void;
  /** Ends the service: what is being answered is answered, and queries that run have a minute to end. */
  readonly signal: AbortSignal;
  /** Is given what reads the certificate again. */
  readonly onReload?: ((reload: () => void) => void) | undefined;
  /** Must end this process at once: another one may serve the room by now, and no more may be written to it. */
  readonly onLost: () => never;
  /** Called when requests are answered, on which address; while it stands by, all are refused for now. */
  readonly onListening: (address: string, state: 'serving' | 'standby') => void;
}

/** How long queries that run may go on once the service is to end. */
const DRAIN_MS = 60_000;

/** How long answers may take beyond that. */
const ANSWER_MS = 5000;

/** How often a room that stands by tries to take over. */
const STANDBY_MS = 100;

/** How often the clock is compared with the time that has passed. */
const CLOCK_MS = 60_000;

/** How often the lock is looked at. */
const LOCK_MS = 1000;

type Phase = 'standby' | 'serving' | 'draining';

/** What is answered in each phase in which the room does not answer. */
const REFUSALS: Readonly<Record<Exclude<Phase, 'serving'>, readonly [code: ErrorCode, message: string]>> = {
  standby: ['SERVER_STANDBY', 'another process serves the room'],
  draining: ['SERVER_DRAINING', 'the room is about to stop'],
};

/**
 * Serves a room to its members until the signal fires. One process serves a room at a time, under the lock of `serve.lock`; another one
 * can stand by to take over when it ends, in whatever way.
 *
 * @throws {SealroomError} SECRET_PRESENT if the environment has the shared secret; IO_LOCKED if another process serves the room, and this
 *   one is not to stand by; USAGE_OPTION if it cannot listen; the codes of the room, its log, its jobs and the certificate.
 */
export async function serveRoom(options: ServeOptions): Promise<void> {
  const { directory, env, now, elapsedMs = () => performance.now(), config, signal, onListening } = options;
  refuseSecrets(env);
  const clock = new SteadyClock({ now, elapsedMs, isRight: options.allowClockJump === true });
  const reader = new RoomReader(directory);
  await reader.open();
  const log = jsonLog(options.writeLog, now);
  const lockFile = join(directory, 'serve.lock');
  await using ownLock = await HeldLock.take(lockFile);
  if (ownLock === null && !config.isStandby) throw alreadyServed(directory);
  if (config.tls !== null && !hasHybridGroup()) {
    log({ level: 'warning', event: 'classic-key-agreement', openssl: process.versions.openssl });
  }
  const metrics = new Metrics();
  const front = new Front(reader);
  await using ops = await openOps(config, front, metrics, log);
  await using listener = await Listener.open({
    place: config.listen,
    tls: config.tls,
    answer: (request, bindings) => front.answer(request, bindings),
    log,
    limits: config.limits,
  });
  log({ level: 'info', event: 'listening', address: listener.address, ops: ops?.address ?? null });
  options.onReload?.(() => {
    listener.reload().catch(() => undefined);
  });
  addGauges(metrics, listener, front);
  if (ownLock === null) onListening(listener.address, 'standby');
  await using laterLock = ownLock === null ? await waitForLock(lockFile, signal) : null;
  const lock = ownLock ?? laterLock;
  if (lock === null || signal.aborted) return;
  using lease = new Lease(lock, () => {
    log({ level: 'error', event: 'lock-lost' });
    return options.onLost();
  });
  await withRoom(options, { reader, metrics, log, clock, lease }, async ({ answer, jobs, auditLog }) => {
    metrics.gauge('sealroom_queue_length', () => jobs.counts.waiting);
    metrics.gauge('sealroom_running', () => jobs.counts.running);
    front.serve({ answer, lock, auditLog });
    const clockTimer = await watchClock(auditLog, log);
    log({ level: 'info', event: 'serving' });
    onListening(listener.address, 'serving');
    await untilAborted(signal);
    clearInterval(clockTimer);
    front.drain();
    log({ level: 'info', event: 'draining' });
    await Promise.all([listener.drain(DRAIN_MS + ANSWER_MS), jobs.drain(DRAIN_MS)]);
  });
  log({ level: 'info', event: 'stopped' });
}

/** The lock of a room, for as long as this process may write to it. If it is lost, such as by a replaced file, the process ends. */
class Lease implements Disposable {
  readonly #lock: HeldLock;
  readonly #onLost: () => never;
  readonly #timer: NodeJS.Timeout;
  #isOver = false;

  constructor(lock: HeldLock, onLost: () => never) {
    this.#lock = lock;
    this.#onLost = onLost;
    this.#timer = setInterval(() => void this.require().catch(() => undefined), LOCK_MS).unref();
  }

  /** Requires that the lock is still held. */
  async require(): Promise<void> {
    const isHeld = await this.#lock.isHeld().catch(() => false);
    if (!isHeld && !this.#isOver) this.#onLost();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearInterval(this.#timer);
  }
}

/** What a room is served with. */
interface Serving {
  readonly answer: AnswerRequest;
  readonly lock: HeldLock;
  readonly auditLog: AuditLog;
}

/** What answers, in each phase of a service. */
class Front {
  readonly #reader: RoomReader;
  #phase: Phase = 'standby';
  #serving: Serving | null = null;

  constructor(reader: RoomReader) {
    this.#reader = reader;
  }

  get isServing(): boolean {
    return this.#phase === 'serving';
  }

  serve(serving: Serving): void {
    this.#serving = serving;
    this.#phase = 'serving';
  }

  drain(): void {
    this.#phase = 'draining';
  }

  answer: AnswerRequest = (request, bindings) => {
    if (this.#phase === 'serving' && this.#serving !== null) return this.#serving.answer(request, bindings);
    const [code, message] = REFUSALS[this.#phase === 'serving' ? 'standby' : this.#phase];
    return answerProblem(new SealroomError(code, message, { hint: 'ask again in a second' }), randomUUID());
  };

  /** Why the room does not take requests, in a word; `null` if it does. */
  async whyNotReady(): Promise<string | null> {
    if (this.#phase !== 'serving' || this.#serving === null) return this.#phase;
    const { lock, auditLog } = this.#serving;
    if (!(await lock.isHeld())) return 'lock';
    try {
      await this.#reader.open();
      if (!(await hasClock(auditLog))) return 'clock';
      return (await freeBytesAt(this.#reader.directory)) < JOB_LIMITS.freeBytes ? 'disk' : null;
    } catch {
      return 'room';
    }
  }
}

/** Whether records can be written by the clock as it is. @throws {SealroomError} for a log that cannot be written to anyway */
async function hasClock(log: AuditLog): Promise<boolean> {
  try {
    await log.requireClock();
    return true;
  } catch (error) {
    if (error instanceof SealroomError && error.code === 'IO_CLOCK') return false;
    throw error;
  }
}

/** Looks after the clock while a room is served, also when nothing is recorded. The operator is told once if it cannot be believed. */
async function watchClock(auditLog: AuditLog, log: Log): Promise<NodeJS.Timeout> {
  let isRight = true;
  const look = async (): Promise<void> => {
    const wasRight = isRight;
    isRight = await hasClock(auditLog);
    if (wasRight && !isRight) log({ level: 'error', event: 'clock', code: 'IO_CLOCK' });
  };
  await look().catch(() => undefined);
  return setInterval(() => void look().catch(() => undefined), CLOCK_MS).unref();
}

/** What a room is opened with. */
interface ServiceParts {
  readonly reader: RoomReader;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly clock: SteadyClock;
  readonly lease: Lease;
}

/** Opens what answers members, and closes it after `action`. */
async function withRoom(
  { directory, env, now, config }: ServeOptions,
  { reader, metrics, log, clock: allowClockJump, lease }: ServiceParts,
  action: (opened: {
    readonly answer: AnswerRequest;
    readonly jobs: Jobs;
    readonly auditLog: AuditLog;
  }) => Promise<void>,
): Promise<void> {
  const { queries, limits, keep } = config;
  const jobLimits = { ...JOB_LIMITS, ...limits, ...keep };
  const room = { directory, env, now, allowClockJump, reader };
  await using checker = new QueryChecker();
  await using admission = await Admission.open(room, checker);
  await using runner = await QueryRunner.open({ ...room, limits: queries });
  await using jobs = await Jobs.open({
    ...room,
    runner,
    processes: queries.processes,
    limits: jobLimits,
    requireLock: () => lease.require(),
    report: (job, cause) => tellJob(job, cause, log, metrics),
    onUnreadable: (job) => log({ level: 'error', event: 'job-unreadable', job }),
  });
  using uploads = await Uploads.open({
    reader,
    now,
    stateOfJob: (id) => jobs.stateOf(id),
    limits,
    onPart: (bytes) => metrics.count('sealroom_upload_bytes_total', {}, bytes),
  });
  const app = createApp({
    origin: config.origin,
    admission,
    jobs,
    uploads,
    limits: { maxRows: DEFAULT_MAX_ROWS, ...uploads.limits, resultBytes: jobLimits.resultBytes },
    now,
    allowClockJump,
    onAnswer: (answered) => tellAnswer(answered, log, metrics),
  });
  const answer: AnswerRequest = (request, bindings) => app.fetch(request, bindings);
  await action({ answer, jobs, auditLog: admission.log });
}

function tellAnswer(answered: Answered, log: Log, metrics: Metrics): void {
  const { requestId, member, person, status, ms, bytesIn, code } = answered;
  const route = answered.route ?? 'none';
  const level = status >= 500 && status !== 503 ? 'error' : 'info';
  const method = METHODS.includes(answered.method) ? answered.method : 'other';
  log({ level, event: 'request', requestId, member, person, route, method, status, code, ms: Math.round(ms), bytesIn });
  metrics.count('sealroom_http_requests_total', { route, status: String(status) });
  metrics.observeRequest(ms / 1000);
  if (code?.startsWith('AUTH_') === true) metrics.count('sealroom_auth_refused_total', { code });
}

/** A client may send any word. */
const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

function tellJob({ id, kind, state }: Job, cause: unknown, log: Log, metrics: Metrics): void {
  const code = cause === null ? null : cause instanceof SealroomError ? cause.code : 'SERVER_INTERNAL';
  log({ level: code === 'SERVER_INTERNAL' ? 'error' : 'info', event: 'job', job: id, kind, state, code });
  metrics.count('sealroom_jobs_total', { kind, state });
}

async function openOps({ ops }: ServeConfig, front: Front, metrics: Metrics, log: Log): Promise<Listener | null> {
  if (ops === null) return null;
  const answer = opsAnswer({ metrics, whyNotReady: () => front.whyNotReady() });
  return Listener.open({ place: ops, tls: null, answer, log });
}

function addGauges(metrics: Metrics, listener: Listener, front: Front): void {
  metrics.gauge('sealroom_lease_held', () => Number(front.isServing));
  metrics.gauge('sealroom_certificate_expiry_seconds', () => {
    const { expires } = listener;
    return expires === null ? null : expires.getTime() / 1000;
  });
  metrics.gauge('process_resident_memory_bytes', () => process.memoryUsage.rss());
  metrics.gauge('process_cpu_seconds', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  metrics.gauge('process_uptime_seconds', () => process.uptime());
}

/** Waits until the lock is free; `null` if the signal fires before. */
async function waitForLock(path: string, signal: AbortSignal): Promise<HeldLock | null> {
  while (!signal.aborted) {
    const lock = await HeldLock.take(path);
    if (lock !== null) return lock;
    await sleep(STANDBY_MS, undefined, { signal }).catch(() => undefined);
  }
  return null;
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

function alreadyServed(file: string): SealroomError {
  return new SealroomError('IO_LOCKED', 'another process serves this room', {
    where: { file },
    hint: 'stop it, or let this one take over when it ends with `--standby`',
  });
}
