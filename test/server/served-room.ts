import { EventEmitter, once } from 'node:events';
import type { Hono } from 'hono';
import { printPublicKey, type Role } from 'sealroom/collab';
import { contentDigest, problemBody, signRequest } from 'sealroom/wire';
import { expect } from 'vitest';
import { Admission, QueryChecker, QueryRunner } from '#src/room/index';
import { type Answered, type AppParts, createApp, Jobs, type ServerEnv, Uploads } from '#src/server/index';
import { findRoute } from '#src/server/routes';
import { type Changes, cleartextRows, NOW, RoomSession } from '../room/support.ts';
import { AT_ONCE } from '../support/cli.ts';
import { type Json, keyOf, manifestOfContext } from '../support/manifests.ts';

export const ORIGIN = 'https://room.example';

/** The people of `brand`, one for each role; the one who signs has the key of `keyOf('brand')`. */
const PEOPLE: readonly (readonly [id: string, role: Role, key: string])[] = [
  ['kim', 'KEY_CUSTODIAN', 'kim'],
  ['sol', 'DATA_STEWARD', 'sol'],
  ['ria', 'RULE_APPROVER', 'brand'],
  ['abe', 'AUDITOR', 'abe'],
  ['quin', 'QUERY_MEMBER', 'quin'],
];

/** The members of the room: `brand`, which has people, and `pub`, which has none. */
export function membersOf(): readonly Json[] {
  const people = PEOPLE.map(([id, role, key]) => ({ id, roles: [role], sign: printPublicKey(keyOf(key)) }));
  const members = manifestOfContext('agg')['members'] as Json[];
  return members.map((member) => (member['id'] === 'brand' ? { ...member, people } : member));
}

/** What the room's manifest has besides that of other tests. */
export const CHANGES: Changes = {
  table: { accessBudgets: [{ type: 'LIFETIME', budget: 1000 }] },
  manifest: {
    members: membersOf(),
    templates: [
      {
        id: 'spend-of-a-day',
        sql: 'SELECT SUM(i.spend) AS spend FROM impressions i WHERE i.day = :day',
        parameters: [{ name: 'day', type: 'DATE', default: '2026-01-02' }],
      },
    ],
  },
};

/** A request of a test. */
export interface Asked {
  readonly body?: string | Uint8Array | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whose key signs it, as `keyOf` has it; `null` for none. */
  readonly as?: string | null;
  readonly origin?: string;
  /** Changes what was signed. */
  readonly change?: (request: { target: string; headers: Record<string, string>; body: Asked['body'] }) => void;
}

/** An answer of a test, after it was compared with the description of its route. */
export interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body in JSON; `null` for another type. */
  readonly json: unknown;
  /** The code of a problem; `null` for a success. */
  readonly code: string | null;
}

/** A request whose body stops after its first byte, until it may go on. */
export function withBodyThatStops(whole: Request): {
  readonly request: Request;
  readonly isRead: Promise<unknown>;
  readonly goOn: () => void;
} {
  const events = new EventEmitter();
  const isRead = once(events, 'read');
  const rest = once(events, 'rest');
  async function* blocks(): AsyncGenerator<Uint8Array> {
    const bytes = new Uint8Array(await whole.arrayBuffer());
    yield bytes.subarray(0, 1);
    events.emit('read');
    await rest;
    yield bytes.subarray(1);
  }
  const { url, method, headers } = whole;
  const request = new Request(url, { method, headers, body: ReadableStream.from(blocks()), duplex: 'half' });
  return { request, isRead, goOn: () => events.emit('rest') };
}

/** A room with loaded rows, and the app that serves it in this process. */
export class ServedRoom implements AsyncDisposable {
  readonly origin: string;
  readonly session: RoomSession;
  readonly app: Hono<ServerEnv>;
  readonly admission: Admission;
  readonly jobs: Jobs;
  readonly uploads: Uploads;
  readonly #runner: QueryRunner;
  /** What the operator was told. */
  readonly answered: Answered[] = [];
  /** The clock by which keys may ask, in ms. */
  elapsedMs = 0;
  /** The clock of the room, in ms since 1970. */
  #timeMs = NOW().getTime();

  private constructor(
    origin: string,
    session: RoomSession,
    { admission, jobs, uploads }: Pick<AppParts, 'admission' | 'jobs' | 'uploads'>,
    runner: QueryRunner,
  ) {
    this.origin = origin;
    this.session = session;
    this.admission = admission;
    this.jobs = jobs;
    this.uploads = uploads;
    this.#runner = runner;
    this.app = createApp({
      origin,
      admission,
      jobs,
      uploads,
      limits: { maxRows: 1000, partBytes: 1, uploadBytes: 2, resultBytes: 3 },
      now: () => new Date(this.#timeMs),
      elapsedMs: () => this.elapsedMs,
      onAnswer: (answered) => this.answered.push(answered),
    });
    // What was signed before it was made is refused.
    this.#timeMs += 10_000;
  }

  /** A room whose table `impressions`, of `pub`, is loaded; and a table `closed` of `brand`, which is not. */
  static async start(origin = ORIGIN): Promise<ServedRoom> {
    const session = await RoomSession.start(CHANGES);
    session.session.now = NOW;
    await session.load(await session.encrypt('rows.csv', cleartextRows(100)));
    const admission = await Admission.open({ directory: session.directory, env: {}, now: NOW }, new QueryChecker());
    const { reader } = admission;
    const { directory } = reader;
    const runner = await QueryRunner.open({ directory, env: {}, now: NOW, reader, clock: AT_ONCE });
    const jobs = await Jobs.open({ reader, runner, processes: 1, now: NOW });
    const uploads = await Uploads.open({ reader, now: NOW, stateOfJob: (id) => jobs.stateOf(id) });
    return new ServedRoom(origin, session, { admission, jobs, uploads }, runner);
  }

  /** The time of the room. */
  get now(): Date {
    return new Date(this.#timeMs);
  }

  /** Lets time pass. */
  wait(ms: number): void {
    this.#timeMs += ms;
  }

  /** Sends a request, and compares its answer with the description of its route. */
  async ask(method: string, target: string, asked: Asked = {}): Promise<Got> {
    const response = await this.app.fetch(this.request(method, target, asked));
    const text = await response.text();
    const { status, headers } = response;
    expect(headers.get('cache-control')).toBe('no-store');
    const type = headers.get('content-type');
    const answered = this.answered.at(-1);
    expect(answered).toMatchObject({ method, status });
    if (type === 'application/problem+json') {
      const problem = problemBody.parse(JSON.parse(text));
      expect(problem).toMatchObject({ status, requestId: answered?.requestId });
      return { status, headers, text, json: problem, code: problem.code };
    }
    const success = findRoute(method === 'HEAD' ? 'GET' : method, answered?.route ?? '')?.successes[status];
    expect(type).toBe(success?.content?.type ?? null);
    const shape = success?.content?.shape;
    const json: unknown = type === 'application/json' && method !== 'HEAD' ? JSON.parse(text) : null;
    if (shape !== undefined) shape.parse(json);
    for (const name of Object.keys(success?.headers ?? {})) expect([name, headers.has(name)]).toEqual([name, true]);
    return { status, headers, text, json, code: null };
  }

  /** A request as a member signs it. */
  request(
    method: string,
    target: string,
    { body, headers = {}, as = 'quin', origin = this.origin, change }: Asked,
  ): Request {
    const digest = body === undefined ? {} : { 'content-digest': contentDigest(Buffer.from(body)) };
    const covered: Record<string, string> = { ...headers, ...digest };
    const signature =
      as === null
        ? {}
        : signRequest({ method, target, headers: Object.entries(covered) }, { key: keyOf(as), origin, now: this.now });
    const sent = { target, headers: { ...covered, ...signature }, body };
    change?.(sent);
    // The name of the host says nothing.
    return new Request(`https://elsewhere.example${sent.target}`, {
      method,
      headers: sent.headers,
      ...(sent.body === undefined ? {} : { body: Buffer.from(sent.body) }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.uploads[Symbol.dispose]();
    await this.jobs[Symbol.asyncDispose]();
    await this.#runner[Symbol.asyncDispose]();
    await this.admission[Symbol.asyncDispose]();
    await this.session[Symbol.asyncDispose]();
  }
}
