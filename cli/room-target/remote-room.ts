import { listHomeKeys, type ProofRequest } from '../../src/actions/member/index.ts';
import {
  checkpointOfRoom,
  connectRoom,
  fetchPackage,
  endJob,
  exportFromRoom,
  followJob,
  openResult,
  proveFromRoom,
  type ReleasedJob,
  type ResultWish,
  type RoomConnection,
  sendToRoom,
  submitQuery,
  watchJobs,
} from '../../src/actions/member/network.ts';
import { listExamplesOfMembers, type MemberExamples, readCheckedManifest } from '../../src/actions/operator/index.ts';
import type { Manifest } from '../../src/collab/index.ts';
import { escapeUnprintable, SealroomError } from '../../src/errors/index.ts';
import type { TableOutput } from '../../src/tabular/index.ts';
import { type Ask, type CheckAnswer, type Job, toSealroomError } from '../../src/wire/index.ts';
import { readOptionalFile } from '../options/collaboration-options.ts';
import { memberEnvironment } from '../options/key-options.ts';
import type { NamedFile } from '../options/manifest-option.ts';
import type { Question } from '../options/query-options.ts';
import type { ResultTargets } from '../options/result-options.ts';
import { tableOutput } from '../options/table-options.ts';
import { readTrust } from '../options/trust-option.ts';
import { describeJob } from '../output/format-job.ts';
import { type CliIo, say, tell } from '../terminal.ts';
import type {
  JobEnd,
  LoadedTable,
  LogTarget,
  ManifestReplacement,
  RoomQuestion,
  Released,
  RoomContent,
  RoomTarget,
  TableFile,
} from './room-target.ts';
import type { RoomChoice } from './room-choice.ts';

/** Refuses what only whoever runs a room can choose. */
function requireNoLimits({ limits = {}, 'clock-jump': isJump = false }: RoomChoice): void {
  const given = [
    ...(limits.timeoutMs === undefined ? [] : ['timeout']),
    ...(limits.memoryMiB === undefined ? [] : ['memory']),
    ...(isJump ? ['clock-jump'] : []),
  ];
  const [name] = given;
  if (name === undefined) return;
  throw new SealroomError('USAGE_OPTION', `\`--${name}\` needs the directory of a room`, {
    hint: 'over the network, its operator decides this',
  });
}

/**
 * Reaches the room at an address.
 *
 * @throws {SealroomError} USAGE_OPTION for an option that is for directories; as `connectRoom`.
 */
export async function openRemoteRoom(io: CliIo, args: RoomChoice & { readonly room: string }): Promise<RemoteRoom> {
  requireNoLimits(args);
  const { room: address, as: member, home, json } = args;
  const connection = await connectRoom(memberEnvironment(io, { home }), {
    address,
    ca: await readOptionalFile(io, args.ca),
    trust: await readTrust(io, args.trust),
    defaultTrustFile: io.project?.values.trust,
    member,
  });
  return new RemoteRoom(io, connection, json);
}

function toAsk({ query, receivers }: Question): Ask {
  const given = receivers.length === 0 ? {} : { receivers };
  if (query.kind === 'text') return { sql: query.sql, ...given };
  return { template: query.id, parameters: query.parameters, ...given };
}

/** A room over the network, whose member asks with its key. */
export class RemoteRoom implements RoomTarget, LogTarget, Disposable {
  readonly #io: CliIo;
  readonly #room: RoomConnection;
  /** Whether words are for machines. */
  readonly #isJson: boolean;

  constructor(io: CliIo, room: RoomConnection, isJson: boolean) {
    this.#io = io;
    this.#room = room;
    this.#isJson = isJson;
  }

  /** The member whose key it is. */
  get member(): string {
    return this.#room.view.you.member;
  }

  async check(question: Question): Promise<CheckAnswer> {
    return this.#room.client.check(toAsk(question), { signal: this.#io.signal });
  }

  async listExamples(member: string | undefined): Promise<readonly MemberExamples[]> {
    return listExamplesOfMembers(await this.#readManifest(), member, this.#io.signal);
  }

  async list(): Promise<RoomContent> {
    const { view, origin } = this.#room;
    const manifest = await this.#readManifest();
    return {
      place: { room: origin },
      manifest,
      members: manifest.members.length,
      tables: view.tables.map(({ name, owner, columns, isLoaded, snapshot = null }) => {
        return { name, owner, columns, snapshot, state: isLoaded ? 'loaded' : 'not loaded' };
      }),
      problem: null,
    };
  }

  async update({ text, file }: NamedFile): Promise<ManifestReplacement> {
    const { client, view, environment } = this.#room;
    const knownKeys = await listHomeKeys(environment);
    const { manifest } = readCheckedManifest({ text, file, knownKeys, isUnsigned: false });
    const { removed, withdrawn } = await client.replaceManifest(text, view.manifestSha256, {
      signal: environment.signal,
    });
    // One that was in force before is refused.
    return { manifest, removed, withdrawn, inForceBefore: null };
  }

  async load({ onProgress, ...file }: TableFile): Promise<LoadedTable> {
    const started = performance.now();
    const sent = await sendToRoom(this.#room, { ...file, onProgress });
    const job = await this.#follow(sent);
    await endJob(this.#room, job);
    try {
      if (job.state === 'released') throw new TypeError('a load without rows');
      return this.#loadedBy(job, performance.now() - started);
    } catch (error) {
      throw error instanceof SealroomError && error.cause === undefined ? error.at({ file: file.path }) : error;
    }
  }

  async remove(table: string): Promise<string> {
    const { snapshotSha256 } = await this.#room.client.removeRows(table, { signal: this.#io.signal });
    return snapshotSha256;
  }

  async ask({ question, targets, isWaiting = true }: RoomQuestion): Promise<JobEnd> {
    const ask = toAsk(question);
    if (ask.receivers?.includes(this.member) === false && (targets.package !== null || targets.isNamed)) {
      throw new SealroomError('USAGE_OPTION', 'only a receiver can get the result, and you are none', {
        hint: `leave out \`--output\` and \`--package\`, or add \`--for ${this.member}\``,
      });
    }
    const { job, isContinued } = await submitQuery(this.#room, ask, isWaiting);
    if (isContinued && !this.#isJson) {
      say(this.#io, 'note', `this was asked at ${job.created}, and had not ended here: it goes on with job ${job.id}`);
    }
    if (!isWaiting) return { kind: 'started', job, room: this.#room.origin };
    return this.#end(job, targets, { ask, isAgain: isContinued });
  }

  /** Waits for the end of a job, and writes its result to where it goes. */
  async goOn(id: string, targets: ResultTargets): Promise<JobEnd> {
    const job = await this.#room.client.job(id, { signal: this.#io.signal });
    return this.#end(job, targets, { ask: null, isAgain: true });
  }

  /** Cancels a job. */
  async cancel(id: string): Promise<Job> {
    return this.#room.client.cancel(id, { signal: this.#io.signal });
  }

  /** The member's jobs, and each change of one. */
  watch(): AsyncIterable<Job> {
    return watchJobs(this.#room);
  }

  exportRecords(): AsyncIterable<string> {
    return exportFromRoom(this.#room);
  }

  async prove(wanted: ProofRequest): Promise<string> {
    return proveFromRoom(this.#room, wanted);
  }

  async checkpoint(): Promise<string> {
    return checkpointOfRoom(this.#room);
  }

  [Symbol.dispose](): void {
    this.#room[Symbol.dispose]();
  }

  async #readManifest(): Promise<Manifest> {
    const { client, environment, origin } = this.#room;
    const text = await client.manifest({ signal: environment.signal });
    const knownKeys = await listHomeKeys(environment);
    return readCheckedManifest({ text, file: origin, knownKeys, isUnsigned: false }).manifest;
  }

  async #follow(started: Job): Promise<Job> {
    return followJob(this.#room, started, (job) => {
      if (this.#io.stderr.isTTY === true && !this.#isJson) tell(this.#io, describeJob(job));
    });
  }

  async #end(started: Job, targets: ResultTargets, wish: Pick<ResultWish, 'ask' | 'isAgain'>): Promise<JobEnd> {
    const begun = performance.now();
    const job = await this.#follow(started);
    if (job.state === 'released') {
      const opened = await this.#takeResult(job, targets, wish);
      await endJob(this.#room, job);
      const { attempt, salt, receipt, rows, isCut, receivers, budgets } = job;
      return { kind: 'released', attempt, salt, receipt, rows, isCut, receivers, budgets, ...opened };
    }
    await endJob(this.#room, job);
    if (job.state !== 'refused') return { kind: 'loaded', loaded: this.#loadedBy(job, performance.now() - begun) };
    const { attempt, salt, receipt, sql: text, findings } = job;
    return { kind: 'refused', attempt, salt, receipt, text, findings };
  }

  /** Writes a result to where it goes, and returns what is only in its package. */
  async #takeResult(
    job: ReleasedJob,
    targets: ResultTargets,
    wish: Pick<ResultWish, 'ask' | 'isAgain'>,
  ): Promise<Pick<Released, 'columns' | 'obligations' | 'table'>> {
    const { overwrite } = targets;
    const nothing = { columns: null, obligations: [], table: null };
    if (!job.receivers.includes(this.member)) {
      if (!this.#isJson) say(this.#io, 'note', `only ${job.receivers.join(', ')} can get the result of job ${job.id}`);
      return nothing;
    }
    if (targets.package !== null) await fetchPackage(this.#room, job, { path: targets.package, overwrite });
    if (targets.package !== null && targets.table === null) return nothing;
    let table: Uint8Array | null = null;
    const memory = { kind: 'memory', format: 'arrow', receive: (bytes: Uint8Array) => void (table = bytes) } as const;
    const output = targets.table === null ? memory : this.#outputOf(targets.table);
    const { package: opened } = await openResult(this.#room, job, {
      ...wish,
      output,
      overwrite,
      file: targets.package,
    });
    // Only the package says what it answers, where this home does not know what was asked.
    if (wish.ask === null && opened !== null && !this.#isJson) {
      const { template, parameters, sql } = opened.statement.question;
      const values = Object.entries(parameters).map(([name, value]) => ` --param ${name}=${value}`);
      const asked = template === null ? sql : `--template ${template}${values.join('')}`;
      say(this.#io, 'note', `the room says that this was asked: ${escapeUnprintable(asked)}`);
    }
    return { columns: opened?.statement.columns ?? null, obligations: opened?.statement.obligations ?? [], table };
  }

  #outputOf({ path, format }: NonNullable<ResultTargets['table']>): TableOutput {
    return { ...tableOutput(this.#io, path, format), format };
  }

  /** What a job has loaded. @throws {SealroomError} why it has not */
  #loadedBy(job: Exclude<Job, ReleasedJob>, elapsedMs: number): LoadedTable {
    if (job.state === 'failed') throw toSealroomError(job.failure);
    if (job.state !== 'done') throw new SealroomError('IO_ABORTED', `job ${job.id} was cancelled`);
    const { table: name, rows, snapshotSha256: sha256, leftOut, replacedSha256, notes, warnings, signedBy } = job;
    const { owner = job.member, columns = [] } = this.#room.view.tables.find((table) => table.name === name) ?? {};
    const table = { name, owner, columns, snapshot: { rows, sha256 } };
    return { table, leftOut, replacedSha256, notes, warnings, signedBy, elapsedMs };
  }
}
