import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { SealroomError } from 'sealroom';
import { exportRecords, type LogSource, proveGrowth, proveRecord } from 'sealroom/audit';
import { recipientsOf } from 'sealroom/package';
import { claimedCaller, previewQuery, type QueryRequest } from 'sealroom/query';
import { loadTable, openRoom, removeTable, updateRoom } from 'sealroom/room';
import { type Ask, describeFailure, type Job, type RoomView, type Upload, type UploadRequest } from 'sealroom/wire';
import { parseVerifiers } from '#src/tlog/index';
import { toCheckAnswer } from '#cli/output/format-query';
import { type Answer, sendJson, startTestRoom, type TestRequest, type TestRoom } from '../../client/test-room.ts';
import { NOW, type SampleRoom } from '../../room/run/support.ts';
import type { Outcome, RunOptions } from '../../support/cli.ts';
import { keyOf } from '../../support/manifests.ts';

const MEMBER = 'brand';

/** Most bytes of a part of an upload: few, so that there are several. */
const PART_BYTES = 2000;

/** A job, and its package. */
interface Kept {
  readonly job: Job;
  readonly result?: Uint8Array;
}

/** A room over the network whose only member is the brand: what it answers is what the room in a directory says. */
export class ServedRoom implements AsyncDisposable {
  readonly #room: SampleRoom;
  readonly #server: TestRoom;
  readonly #jobs = new Map<string, Kept>();
  readonly #keys = new Map<string, string>();
  readonly #uploads = new Map<string, { readonly state: Upload; readonly request: UploadRequest; bytes: Buffer }>();
  /** Called before a request is answered: what it throws is the answer, and `true` says that it has answered. */
  intercept: (request: TestRequest, response: ServerResponse) => boolean = () => false;

  private constructor(room: SampleRoom, server: TestRoom) {
    this.#room = room;
    this.#server = server;
    server.answer = (request, response) =>
      this.intercept(request, response) ? undefined : this.#answer(request, response);
  }

  /** Serves a room, and makes a home with the keys of the brand in its session. */
  static async start(room: SampleRoom): Promise<ServedRoom> {
    const { session } = room;
    const served = new ServedRoom(room, await startTestRoom(keyOf(MEMBER), { now: NOW }));
    await mkdir(session.path('home'), { mode: 0o700 });
    const key = keyOf(MEMBER).export({ type: 'pkcs8', format: 'pem' });
    await writeFile(session.path('home/sign.key'), key, { mode: 0o600 });
    await writeFile(session.path('home/receive.key'), await session.text(`${MEMBER}.age`), { mode: 0o600 });
    await session.put('ca.pem', served.#server.ca);
    return served;
  }

  get origin(): string {
    return this.#server.origin;
  }

  /** The requests that were let in. */
  get seen(): readonly string[] {
    return this.#server.seen;
  }

  /** Runs a command with this room, its certificate, and the home of the brand. */
  run(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const more = ['--room', this.origin, '--ca', 'ca.pem', '--home', 'home'];
    return this.#room.session.run([...argv, ...more], { env: {}, ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  readonly #answer: Answer = async ({ method, target, headers, body }, response) => {
    const [, path = '', , id = ''] = /^\/v1\/((\w+)\/?([^/?]*)[^?]*)/.exec(target) ?? [];
    const text = body.toString();
    const { directory } = this.#room;
    switch (`${method} ${path.replace(id === '' ? '?' : id, '*')}`) {
      case 'GET room': {
        sendJson(response, await this.#view());
        return;
      }
      case 'GET manifest':
        return void response.end(await readFile(`${directory}/manifest.yaml`));
      case 'PUT manifest': {
        const updated = await updateRoom({ directory, manifest: text, manifestFile: 'manifest', now: NOW });
        const { manifest, removed, withdrawn } = updated;
        sendJson(response, { manifestSha256: manifest.sha256, removed, withdrawn });
        return;
      }
      case 'POST checks': {
        const check = await previewQuery({ directory, env: {}, now: NOW }, requestOf(JSON.parse(text) as Ask));
        sendJson(response, toCheckAnswer(check));
        return;
      }
      case 'POST queries': {
        sendJson(response, await this.#submit(JSON.parse(text) as Ask, headers.get('idempotency-key') ?? ''), 202);
        return;
      }
      case 'GET jobs': {
        sendJson(response, { jobs: [...this.#jobs.values()].map(({ job }) => job).reverse(), next: null });
        return;
      }
      case 'GET jobs/*': {
        sendJson(response, this.#find(id).job);
        return;
      }
      case 'DELETE jobs/*': {
        sendJson(response, this.#find(id).job, 202);
        return;
      }
      case 'GET jobs/*/events': {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        return void response.end(`id: 1\ndata: ${JSON.stringify(this.#find(id).job)}\n\n`);
      }
      case 'GET jobs/*/result':
        return void response.end(this.#find(id).result);
      case 'DELETE jobs/*/result':
        return void response.writeHead(204).end();
      case 'DELETE tables/*/rows': {
        sendJson(response, { snapshotSha256: await removeTable(directory, id, NOW) });
        return;
      }
      case 'POST tables/*/uploads': {
        sendJson(response, this.#startUpload(id, JSON.parse(text) as UploadRequest), 201);
        return;
      }
      case 'GET uploads/*': {
        sendJson(response, this.#uploadOf(id));
        return;
      }
      case 'PATCH uploads/*': {
        const upload = this.#uploads.get(id);
        if (upload !== undefined) upload.bytes = Buffer.concat([upload.bytes, body]);
        return void response.writeHead(204).end();
      }
      case 'POST uploads/*/complete': {
        sendJson(response, await this.#load(id), 202);
        return;
      }
      case 'GET audit/*':
        if (id === 'checkpoint') return void response.end(await readFile(`${directory}/audit/checkpoint`));
        if (id === 'growth')
          return void response.end(await proveGrowth(await this.#log(), Number(target.split('=')[1])));
        for await (const line of exportRecords(await this.#log(), MEMBER)) response.write(`${line}\n`);
        return void response.end();
      case 'GET audit/*/1/proof':
        return void response.end(await proveRecord(await this.#log(), 1));
      default:
        throw new SealroomError('SERVER_NOT_FOUND', `there is no ${method} ${path}`);
    }
  };

  #find(id: string): Kept {
    const found = this.#jobs.get(id);
    if (found !== undefined) return found;
    throw new SealroomError('SERVER_NOT_FOUND', 'there is no such job');
  }

  async #log(): Promise<LogSource> {
    const { directory, session } = this.#room;
    return { directory: `${directory}/audit`, verifiers: parseVerifiers(await session.text('room/runner.pub')) };
  }

  async #view(): Promise<RoomView> {
    const { manifest, tables } = await openRoom(this.#room.directory);
    return {
      collaboration: manifest.id,
      name: manifest.name,
      manifestSha256: manifest.sha256,
      origin: this.origin,
      you: { member: MEMBER, person: null, roles: [] },
      tables: tables.map(({ name, owner, columns, snapshot }) => ({
        name,
        owner,
        columns: columns.map(({ name: column, protection, type }) => ({
          name: column,
          protection,
          type,
        })),
        isLoaded: snapshot !== null,
        ...(snapshot === null || owner !== MEMBER
          ? {}
          : { snapshot: { rows: snapshot.rows, sha256: snapshot.sha256, loadedAt: snapshot.loadedAt } }),
      })),
      templates: [],
      limits: { maxRows: 1_000_000, partBytes: PART_BYTES, uploadBytes: 1 << 30, resultBytes: 1 << 30 },
      checkpoint: await this.#room.session.text('room/audit/checkpoint'),
    };
  }

  /** Runs a query at once; whoever asks is told that it waits. */
  async #submit(ask: Ask, key: string): Promise<Job> {
    const common = { kind: 'query', member: MEMBER, person: null, created: NOW().toISOString() } as const;
    const known = this.#keys.get(key);
    const id = known ?? randomUUID();
    const request = requestOf(ask);
    const receivers = request.receivers.length === 0 ? [MEMBER] : request.receivers;
    const queued = { ...common, id, receivers, state: 'queued', queuePosition: 1 } as const;
    if (known !== undefined) return queued;
    this.#keys.set(key, id);
    await using runner = await this.#room.runner();
    try {
      const { manifest } = await openRoom(this.#room.directory);
      const recipients = recipientsOf(manifest, receivers);
      const outcome = await runner.run(request);
      const { attempt, salt } = outcome;
      const { index, checkpoint } = outcome.receipt;
      const ended = { ...common, id, receivers, attempt, salt, receipt: { index, checkpoint } };
      if (outcome.kind === 'refused') {
        this.#jobs.set(id, { job: { ...ended, state: 'refused', sql: outcome.text, findings: outcome.findings } });
        return queued;
      }
      const result = await runner.pack(outcome.result, recipients);
      const { rows, isCut } = outcome.result.statement;
      const released = { rows, isCut, budgets: outcome.budgets, resultBytes: result.length, expires: common.created };
      this.#jobs.set(id, { job: { ...ended, ...released, state: 'released' }, result });
    } catch (error) {
      const failure = describeFailure(error, id);
      this.#jobs.set(id, { job: { ...common, id, receivers, state: 'failed', attempt: id, failure } });
    }
    return queued;
  }

  #startUpload(table: string, request: UploadRequest): Upload {
    const { bytes, format } = request;
    const id = randomUUID();
    const expires = NOW().toISOString();
    const state = { id, table, bytes, offset: 0, format, expires, maxPartBytes: PART_BYTES };
    this.#uploads.set(id, { state, request, bytes: Buffer.alloc(0) });
    return state;
  }

  #uploadOf(id: string): Upload {
    const upload = this.#uploads.get(id);
    if (upload === undefined) throw new SealroomError('SERVER_NOT_FOUND', 'there is no such upload');
    return { ...upload.state, offset: upload.bytes.length };
  }

  async #load(uploadId: string): Promise<Job> {
    const { state, request, bytes } = this.#uploads.get(uploadId) ?? {};
    if (state === undefined || bytes === undefined) throw new SealroomError('SERVER_NOT_FOUND', 'no such upload');
    const { table, format } = state;
    this.#uploads.delete(uploadId);
    const path = this.#room.session.path(`${uploadId}.upload`);
    await writeFile(path, bytes);
    const id = randomUUID();
    const created = NOW().toISOString();
    const common = { kind: 'load', id, member: MEMBER, person: null, created, table } as const;
    const input = { kind: 'file', path, format } as const;
    const { directory } = this.#room;
    const csvInputNull = request?.csvInputNull;
    try {
      const summary = await loadTable({ directory, table, input, csvInputNull, now: NOW });
      const { table: loaded, leftOut, replacedSha256, notes, warnings, signedBy } = summary;
      const more = { leftOut, replacedSha256, notes, warnings, signedBy };
      const sourceSha256 = createHash('sha256').update(bytes).digest('hex');
      const { rows = 0, sha256: snapshotSha256 = '' } = loaded.snapshot ?? {};
      this.#jobs.set(id, { job: { ...common, state: 'done', rows, sourceSha256, snapshotSha256, ...more } });
    } catch (error) {
      this.#jobs.set(id, { job: { ...common, state: 'failed', failure: describeFailure(error, id) } });
    }
    return { ...common, state: 'queued', queuePosition: 1 };
  }
}

function requestOf(ask: Ask): QueryRequest {
  const query =
    'template' in ask
      ? ({ kind: 'template', id: ask.template, parameters: ask.parameters ?? {} } as const)
      : ({ kind: 'text', sql: ask.sql } as const);
  return { caller: claimedCaller(MEMBER), receivers: ask.receivers ?? [], query };
}
