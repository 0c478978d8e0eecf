import { setTimeout as sleep } from 'node:timers/promises';
import type * as z from 'zod';
import { decodeUtf8, encodeUtf8 } from '../bytes/index.ts';
import { parseJson, SealroomError } from '../errors/index.ts';
import {
  type Ask,
  type CheckAnswer,
  checkBody,
  hasEnded,
  type Job,
  jobBody,
  type JobPage,
  jobPageBody,
  type ManifestUpdate,
  manifestUpdateBody,
  roomBody,
  type RoomView,
  type RowsRemoved,
  rowsRemovedBody,
  type Upload,
  uploadBody,
  type UploadRequest,
} from '../wire/index.ts';
import { readEvents } from './events.ts';
import {
  lostConnection,
  readBlocks,
  readBytes,
  type RoomAccess,
  type RoomAnswer,
  roomFailed,
  type RoomRequest,
  Transport,
} from './transport.ts';

/** What goes with a call besides what is asked. */
export interface RoomCallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** How often in a row the events of a job may break off without a new one. */
const MAX_BREAKS = 10;

/** The wait before events are asked for again, in ms. */
const PAUSE_MS = 1000;

const JSON_TYPE = { 'content-type': 'application/json' };

/**
 * A room over the network, as a member sees it whose key signs each request. What the room refuses is thrown as the error that it is
 * in the room.
 *
 * All methods throw {SealroomError} IO_ROOM if the room cannot be reached or gives no valid answer, IO_ABORTED if the signal fires,
 * AUTH_* if it does not believe who asks, RULE_ROLE if a role forbids it, SERVER_* if it is too busy or has no such thing.
 */
export class RoomClient implements Disposable {
  readonly #transport: Transport;

  constructor(access: RoomAccess) {
    this.#transport = new Transport(access);
  }

  /** What the room is, and whose key signed the request. */
  room(options: RoomCallOptions = {}): Promise<RoomView> {
    return this.#ask({ method: 'GET', target: '/v1/room' }, roomBody, options);
  }

  /** The text of the manifest in force. */
  manifest(options: RoomCallOptions = {}): Promise<string> {
    return this.#text({ method: 'GET', target: '/v1/manifest' }, options);
  }

  /**
   * Brings a version into force that all members signed.
   *
   * @param replacedSha256 of the manifest that it replaces
   * @throws {SealroomError} MANIFEST_CHANGED if another is in force; MANIFEST_OLD if it was in force before; MANIFEST_*.
   */
  replaceManifest(manifest: string, replacedSha256: string, options: RoomCallOptions = {}): Promise<ManifestUpdate> {
    const headers = { 'content-type': 'application/yaml', 'if-match': `"${replacedSha256}"` };
    const request = { method: 'PUT', target: '/v1/manifest', headers, body: encodeUtf8(manifest) } as const;
    return this.#ask(request, manifestUpdateBody, options);
  }

  /** What would happen to a question. Nothing runs, nothing is spent and nothing is recorded. */
  check(question: Ask, options: RoomCallOptions = {}): Promise<CheckAnswer> {
    return this.#ask(post('/v1/checks', question), checkBody, options);
  }

  /**
   * Asks a question, which is answered by a job.
   *
   * @param idempotencyKey a UUID; under the same, the same question is asked once, however often it is sent
   * @throws {SealroomError} IDEMPOTENCY_MISMATCH if another was asked under it; USAGE_OPTION if a receiver has no key.
   */
  submit(question: Ask, idempotencyKey: string, options: RoomCallOptions = {}): Promise<Job> {
    return this.#ask(post('/v1/queries', question, { 'idempotency-key': idempotencyKey }), jobBody, options);
  }

  /** A page of the jobs that the member asked for or receives results of, newest first. */
  jobs(after: string | null = null, options: RoomCallOptions = {}): Promise<JobPage> {
    const query = after === null ? '' : `?after=${encodeURIComponent(after)}`;
    return this.#ask({ method: 'GET', target: `/v1/jobs${query}` }, jobPageBody, options);
  }

  /** A job as it is now. */
  job(id: string, options: RoomCallOptions = {}): Promise<Job> {
    return this.#ask({ method: 'GET', target: jobTarget(id) }, jobBody, options);
  }

  /** Cancels a job. What it has spent remains spent. */
  cancel(id: string, options: RoomCallOptions = {}): Promise<Job> {
    return this.#ask({ method: 'DELETE', target: jobTarget(id) }, jobBody, options);
  }

  /**
   * Each state of a job as it comes, from the present one to the last. Where the connection is lost, it is made again.
   *
   * @throws {SealroomError} IO_ROOM if it is lost ten times in a row; the job goes on.
   */
  async *follow(id: string, { signal }: RoomCallOptions = {}): AsyncGenerator<Job> {
    let last: string | null = null;
    let state: string | null = null;
    for (let breaks = 0; ; breaks += 1) {
      const reached: Record<string, string> = last === null ? {} : { 'last-event-id': last };
      try {
        const headers = { accept: 'text/event-stream', ...reached };
        const answer = await this.#transport.send({
          method: 'GET',
          target: `${jobTarget(id)}/events`,
          headers,
          signal,
        });
        for await (const event of readEvents(readBlocks(answer, signal))) {
          const job = parseBody(event.data, jobBody);
          last = event.id;
          // Who connects again is told the present state once more.
          if (job.state === state) continue;
          state = job.state;
          breaks = 0;
          yield job;
          if (hasEnded(job)) return;
        }
      } catch (error) {
        if (!(error instanceof SealroomError) || error.code !== 'IO_ROOM' || breaks >= MAX_BREAKS) throw error;
      }
      if (breaks >= MAX_BREAKS) throw roomFailed(`the events of job ${id} break off`);
      await pause(signal);
    }
  }

  /**
   * The package with the result of a job, in blocks as they arrive; only its receivers can get and open it.
   *
   * @throws {SealroomError} JOB_NOT_RELEASED if there is no result, or not yet; RESULT_EXPIRED if it is no longer kept.
   */
  async *result(id: string, { signal }: RoomCallOptions = {}): AsyncGenerator<Uint8Array> {
    const answer = await this.#transport.send({ method: 'GET', target: `${jobTarget(id)}/result`, signal });
    yield* readBlocks(answer, signal);
  }

  /** Says that the member has the result of a job. The room removes it when all receivers said so. */
  async takeResult(id: string, options: RoomCallOptions = {}): Promise<void> {
    await this.#none({ method: 'DELETE', target: `${jobTarget(id)}/result` }, options);
  }

  /**
   * Announces a file with the rows of a table.
   *
   * @throws {SealroomError} RULE_SOURCE if the manifest names another file; SERVER_TOO_LARGE if it is too large.
   */
  startUpload(table: string, request: UploadRequest, options: RoomCallOptions = {}): Promise<Upload> {
    return this.#ask(post(`/v1/tables/${encodeURIComponent(table)}/uploads`, request), uploadBody, options);
  }

  /** How much of a file the room has. */
  upload(id: string, options: RoomCallOptions = {}): Promise<Upload> {
    return this.#ask({ method: 'GET', target: uploadTarget(id) }, uploadBody, options);
  }

  /**
   * Sends the next part of a file.
   *
   * @param offset where it begins: that of {@link upload}
   * @throws {SealroomError} UPLOAD_OFFSET if the room has less or more.
   */
  async sendPart(id: string, offset: number, part: Uint8Array, options: RoomCallOptions = {}): Promise<void> {
    const headers = { 'content-type': 'application/partial-upload', 'upload-offset': String(offset) };
    await this.#none({ method: 'PATCH', target: uploadTarget(id), headers, body: part }, options);
  }

  /**
   * Ends an upload, which a job then loads.
   *
   * @param sha256 of the whole file
   * @throws {SealroomError} UPLOAD_INCOMPLETE if the room has another file, or not all of it.
   */
  completeUpload(id: string, sha256: string, options: RoomCallOptions = {}): Promise<Job> {
    return this.#ask(post(`${uploadTarget(id)}/complete`, { sha256 }), jobBody, options);
  }

  /** Gives up an upload. */
  async cancelUpload(id: string, options: RoomCallOptions = {}): Promise<void> {
    await this.#none({ method: 'DELETE', target: uploadTarget(id) }, options);
  }

  /** Removes the rows of one of the member's tables. */
  removeRows(table: string, options: RoomCallOptions = {}): Promise<RowsRemoved> {
    const target = `/v1/tables/${encodeURIComponent(table)}/rows`;
    return this.#ask({ method: 'DELETE', target }, rowsRemovedBody, options);
  }

  /** The signed checkpoint of the audit log. */
  checkpoint(options: RoomCallOptions = {}): Promise<string> {
    return this.#text({ method: 'GET', target: '/v1/audit/checkpoint' }, options);
  }

  /** What concerns the member in the audit log: a line for each record with its proof. */
  async *records({ signal }: RoomCallOptions = {}): AsyncGenerator<string> {
    const answer = await this.#transport.send({ method: 'GET', target: '/v1/audit/records', signal });
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    let rest = '';
    for await (const block of readBlocks(answer, signal)) {
      const lines = (rest + decodeText(() => decoder.decode(block, { stream: true }))).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    if (rest !== '') throw roomFailed('the records did not arrive whole');
  }

  /** The proof that a record is in the audit log. */
  proveRecord(index: number, options: RoomCallOptions = {}): Promise<string> {
    return this.#text({ method: 'GET', target: `/v1/audit/records/${String(index)}/proof` }, options);
  }

  /** The proof that the audit log grew out of its first `size` records. */
  proveGrowth(size: number, options: RoomCallOptions = {}): Promise<string> {
    return this.#text({ method: 'GET', target: `/v1/audit/growth?from=${String(size)}` }, options);
  }

  /** Closes the connections. */
  [Symbol.dispose](): void {
    this.#transport[Symbol.dispose]();
  }

  async #ask<Body>(request: RoomRequest, body: z.ZodType<Body>, { signal }: RoomCallOptions): Promise<Body> {
    return parseBody(await this.#text(request, { signal }), body);
  }

  async #text(request: RoomRequest, { signal }: RoomCallOptions): Promise<string> {
    const answer = await this.#transport.send({ ...request, signal });
    const bytes = await readBytes(answer, signal);
    return decodeText(() => decodeUtf8(bytes));
  }

  async #none(request: RoomRequest, { signal }: RoomCallOptions): Promise<void> {
    const answer: RoomAnswer = await this.#transport.send({ ...request, signal });
    await readBytes(answer, signal);
  }
}

function post(target: string, body: object, headers: Readonly<Record<string, string>> = {}): RoomRequest {
  return { method: 'POST', target, headers: { ...JSON_TYPE, ...headers }, body: encodeUtf8(JSON.stringify(body)) };
}

function jobTarget(id: string): string {
  return `/v1/jobs/${encodeURIComponent(id)}`;
}

function uploadTarget(id: string): string {
  return `/v1/uploads/${encodeURIComponent(id)}`;
}

function decodeText(decode: () => string): string {
  try {
    return decode();
  } catch (error) {
    throw roomFailed('the answer of the room is not UTF-8', error);
  }
}

function parseBody<Body>(text: string, body: z.ZodType<Body>): Body {
  const parsed = body.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new SealroomError('IO_ROOM', 'the answer of the room has another form than this version of sealroom knows', {
    hint: 'use the version of sealroom that the room has',
  });
}

async function pause(signal?: AbortSignal): Promise<void> {
  try {
    await sleep(PAUSE_MS, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw lostConnection(error, signal);
  }
}
