import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { expect } from 'vitest';
import { serveRoom } from '#src/server/index';
import { makeCertificate } from '../../client/certificate.ts';
import { NOW, type SampleRoom } from '../../room/run/support.ts';
import type { Outcome, RunOptions } from '../../support/cli.ts';
import { keyOf } from '../../support/manifests.ts';

const MEMBER = 'brand';

/** Bytes of a part of an upload: few, so that there are several. */
const PART_BYTES = 2000;

/** Answers a request in place of the room, or leaves it to the room. */
export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * A room that is served to its members, behind a front: that terminates TLS, passes requests on, and may cut connections, or answer with
 * what it has seen before.
 */
export class ServedRoom implements AsyncDisposable {
  readonly origin: string;
  /** The requests that the front has seen, as `GET /v1/room`. */
  readonly seen: string[] = [];
  intercept: Intercept = () => false;
  readonly #room: SampleRoom;
  readonly #front: Server;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  private constructor(room: SampleRoom, front: Server, listening: (address: string) => void) {
    this.#room = room;
    this.#front = front;
    this.origin = `https://127.0.0.1:${String(portOf(front))}`;
    const { session, directory } = room;
    const started = performance.now();
    // A room refuses what was signed before it started.
    session.now = () => new Date(NOW().getTime() + performance.now() - started);
    this.#ended = serveRoom({
      directory,
      env: {},
      now: session.now,
      config: {
        origin: this.origin,
        listen: { host: '127.0.0.1', port: 0 },
        tls: null,
        ops: null,
        isStandby: false,
        queries: { processes: 1 },
        limits: { partBytes: PART_BYTES },
        keep: {},
      },
      writeLog: () => undefined,
      signal: this.#stop.signal,
      onLost: () => {
        throw new Error('the lock was lost');
      },
      onListening: listening,
    });
  }

  /** Serves a room, and makes the home. */
  static async start(room: SampleRoom): Promise<ServedRoom> {
    const certificate = makeCertificate();
    const front = createServer(certificate);
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    let listening: (address: string) => void = () => undefined;
    const address = new Promise<string>((resolve) => (listening = resolve));
    const served = new ServedRoom(room, front, listening);
    const port = Number((await Promise.race([address, served.#ended]))?.split(':').at(-1));
    front.on('request', (request, response) => served.#pass(request, response, port));
    await room.session.put('ca.pem', certificate.cert);
    await served.makeHome('home');
    await served.run(['room', 'list', '--trust', 'room/runner.pub']);
    return served;
  }

  /** Makes a home with the keys of the brand, which knows no room. */
  async makeHome(name: string): Promise<void> {
    const { session } = this.#room;
    await mkdir(session.path(name), { mode: 0o700 });
    const key = keyOf(MEMBER).export({ type: 'pkcs8', format: 'pem' });
    await writeFile(session.path(`${name}/sign.key`), key, { mode: 0o600 });
    await writeFile(session.path(`${name}/receive.key`), await session.text(`${MEMBER}.age`), { mode: 0o600 });
  }

  /** Runs a command with this room, its certificate, and a home: that which knows the room, unless another is named. */
  run(argv: readonly string[], options: RunOptions = {}, home = 'home'): Promise<Outcome> {
    const more = ['--room', this.origin, '--ca', 'ca.pem', '--home', home];
    return this.#room.session.run([...argv, ...more], { env: {}, ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#front.closeAllConnections();
    this.#front.close();
    this.#stop.abort();
    await this.#ended;
  }

  #pass(request: IncomingMessage, response: ServerResponse, port: number): void {
    const { method = '', url = '', rawHeaders } = request;
    this.seen.push(`${method} ${url}`);
    if (this.intercept(request, response)) return;
    const onward = httpRequest({ host: '127.0.0.1', port, method, path: url, headers: rawHeaders, agent: false });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.rawHeaders);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  }
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : expect.fail('no port');
}

/** Closes the connection. */
export function cut(_request: IncomingMessage, response: ServerResponse): true {
  response.socket?.destroy();
  return true;
}
