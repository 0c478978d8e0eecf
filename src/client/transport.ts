import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeUtf8Lenient } from '../bytes/index.ts';
import { type ErrorCode, parseJson, SealroomError } from '../errors/index.ts';
import type { SigningKey } from '../platform/index.ts';
import { contentDigest, problemBody, signRequest, toSealroomError } from '../wire/index.ts';

/** Where a room is, and who asks it. */
export interface RoomAccess {
  /** Of the room, as `parseOrigin` returns it. */
  readonly origin: string;
  /** The private half of the Ed25519 key that the manifest has for who asks. */
  readonly key: SigningKey;
  readonly now: () => Date;
  /** Certificates in PEM that the room's may be issued by, instead of those that the system trusts. */
  readonly ca?: string | undefined;
}

/** A request that is not signed yet. */
export interface RoomRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query, in printable ASCII. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An answer that is a success; its body is still to be read. */
export type RoomAnswer = IncomingMessage;

/** How long nothing may arrive, in ms: longer than a room holds an answer back. */
const IDLE_MS = 60_000;

/** How often a request is sent, if the room refuses it for now. */
const ATTEMPTS = 5;

/** The longest wait before a request is sent again, in ms. */
const MAX_WAIT_MS = 10_000;

/** How far a clock may be from that of a room, in ms. Whoever could move it further could have requests signed for another day. */
const MAX_SHIFT_MS = 600_000;

/** Most bytes of an answer that is kept in memory. */
const MAX_BODY_BYTES = 16 << 20;

/** Refusals before anything was done, of a request that may come again. */
const TEMPORARY: readonly ErrorCode[] = [
  'AUTH_STALE',
  'SERVER_RATE',
  'SERVER_BUSY',
  'SERVER_DRAINING',
  'SERVER_STANDBY',
  'SERVER_QUEUE_FULL',
];

/** The error for a room that cannot be reached, or that gives another answer than it may. It is never a refusal. */
export function roomFailed(message: string, cause?: unknown): SealroomError {
  return new SealroomError('IO_ROOM', message, {
    hint: 'this says nothing about whether the room did what it was asked',
    cause,
  });
}

/** Signed requests to one room over HTTPS, over connections that are kept. */
export class Transport implements Disposable {
  readonly #access: RoomAccess;
  readonly #agent: Agent;
  /** What is added to the clock to have that of the room, in ms. */
  #shiftMs = 0;

  constructor(access: RoomAccess) {
    this.#access = access;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 4, minVersion: 'TLSv1.3', ca: access.ca });
  }

  /**
   * Sends a request. Where the room refuses it for now, or the clock is wrong, it is signed and sent again.
   *
   * @throws {SealroomError} IO_ROOM if the room cannot be reached, or gives no valid answer; IO_ABORTED if the signal fires;
   *   SECRET_INVALID if the key is not Ed25519; and what the room refuses it with.
   */
  async send(request: RoomRequest): Promise<RoomAnswer> {
    let isShifted = false;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#sendOnce(request);
      if (isSuccess(answer)) return answer;
      const refused = await readRefusal(answer);
      if (attempt === ATTEMPTS) throw refused;
      if (refused.code === 'AUTH_CLOCK' && !isShifted) {
        isShifted = true;
        this.#shiftMs = this.#shiftTo(answer, refused);
      } else if (TEMPORARY.includes(refused.code)) {
        await wait(answer, request.signal);
      } else {
        throw refused;
      }
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  /** The shift after which the clock is that of the room. */
  #shiftTo({ headers }: RoomAnswer, refused: SealroomError): number {
    const shiftMs = Date.parse(headers.date ?? '') - this.#access.now().getTime();
    if (Math.abs(shiftMs) <= MAX_SHIFT_MS) return shiftMs;
    throw refused.withHint('set the clock of this machine right');
  }

  async #sendOnce(request: RoomRequest): Promise<RoomAnswer> {
    try {
      return await this.#exchange(request, true);
    } catch (error) {
      // The room closed a connection that was kept, before it saw the request.
      if (error instanceof ConnectionClosed) return this.#exchange(request, false);
      throw error;
    }
  }

  #exchange({ method, target, headers = {}, body, signal }: RoomRequest, mayRepeat: boolean): Promise<RoomAnswer> {
    const { origin, key, now } = this.#access;
    const content = body === undefined ? {} : { 'content-digest': contentDigest(body) };
    const sent = { ...headers, ...content };
    const signature = signRequest(
      { method, target, headers: Object.entries(sent) },
      { key, origin, now: new Date(now().getTime() + this.#shiftMs) },
    );
    const length = body === undefined && method === 'GET' ? {} : { 'content-length': String(body?.length ?? 0) };
    return new Promise((resolve, reject) => {
      const outgoing: ClientRequest = httpsRequest(`${origin}${target}`, {
        method,
        agent: this.#agent,
        headers: { ...sent, ...length, ...signature },
        ...(signal === undefined ? {} : { signal }),
      });
      outgoing.setTimeout(IDLE_MS, () => outgoing.destroy(new Error('nothing arrived for a minute')));
      outgoing.on('response', resolve);
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        const isClosed = outgoing.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(error.code ?? '');
        reject(mayRepeat && isClosed ? new ConnectionClosed() : lostConnection(error, signal));
      });
      outgoing.end(body);
    });
  }
}

/** Thrown if a connection that was kept turned out to be closed. */
class ConnectionClosed extends Error {}

/** The error for a connection that was not made, or lost. */
export function lostConnection(error: unknown, signal?: AbortSignal): SealroomError {
  if (signal?.aborted === true) return new SealroomError('IO_ABORTED', 'stopped while the room was asked');
  const reason = error instanceof Error ? ('code' in error ? String(error.code) : error.message) : 'unknown';
  return roomFailed(`the room cannot be reached: ${reason}`, error);
}

function isSuccess({ statusCode = 0 }: RoomAnswer): boolean {
  return statusCode >= 200 && statusCode < 300;
}

async function wait({ headers }: RoomAnswer, signal?: AbortSignal): Promise<void> {
  const seconds = Number(headers['retry-after'] ?? '1');
  const waitMs = Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1000, MAX_WAIT_MS) : 1000;
  try {
    await sleep(waitMs, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw lostConnection(error, signal);
  }
}

/** The error that the room refused a request with. */
async function readRefusal(answer: RoomAnswer): Promise<SealroomError> {
  const bytes = await readBytes(answer);
  const parsed = problemBody.safeParse(parseJson(decodeUtf8Lenient(bytes)));
  if (parsed.success && parsed.data.status === answer.statusCode) return toSealroomError(parsed.data);
  return roomFailed(`the answer has status ${String(answer.statusCode ?? 0)}, and is not one of a room`);
}

/**
 * The whole body of an answer.
 *
 * @throws {SealroomError} IO_ROOM if the connection is lost, or the body is too long.
 */
export async function readBytes(answer: RoomAnswer, signal?: AbortSignal): Promise<Uint8Array> {
  const blocks: Uint8Array[] = [];
  let length = 0;
  for await (const block of readBlocks(answer, signal)) {
    length += block.length;
    if (length > MAX_BODY_BYTES) {
      answer.destroy();
      throw roomFailed(`an answer has more than ${MAX_BODY_BYTES.toLocaleString('en')} bytes`);
    }
    blocks.push(block);
  }
  return Buffer.concat(blocks);
}

/**
 * The body of an answer as it arrives.
 *
 * @throws {SealroomError} IO_ROOM if the connection is lost before its end; IO_ABORTED if the signal fires.
 */
export async function* readBlocks(answer: RoomAnswer, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const block of answer) if (block instanceof Uint8Array) yield block;
  } catch (error) {
    throw lostConnection(error, signal);
  }
}
