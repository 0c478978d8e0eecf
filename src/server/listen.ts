import { once } from 'node:events';
import { createServer as createHttpServer, IncomingMessage, type Server, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { BlockList, connect, isIP, isIPv6 } from 'node:net';
import { rm } from 'node:fs/promises';
import { getRequestListener, RequestError } from '@hono/node-server';
import { quoteForMessage, SealroomError, systemReason } from '../errors/index.ts';
import { CertificateWatch, type TlsOptions } from './certificate-files.ts';
import {
  CONNECTION_LIMITS,
  type ConnectionLimits,
  type Connections,
  hasTooManyHeaders,
  limitConnections,
  serverOptionsOf,
} from './connection-limits.ts';
import type { Log } from './log.ts';

/** Answers a request; the second argument has Node's own request and answer. */
export type AnswerRequest = (request: Request, bindings: NodeBindings) => Response | Promise<Response>;

/** The request and the answer as Node has them. */
export interface NodeBindings {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/** Where to listen: an address and a port, or the path of a socket. */
export type ListenPlace = { readonly host: string; readonly port: number } | { readonly path: string };

/** What a {@link Listener} is opened with. */
export interface ListenOptions {
  readonly place: ListenPlace;
  /** `null`: without TLS, which only this machine may reach. */
  readonly tls: TlsOptions | null;
  readonly answer: AnswerRequest;
  readonly log: Log;
  readonly limits?: Partial<ConnectionLimits> | undefined;
  /** How often the files of the certificate are looked at; default: 10 s. */
  readonly certificateIntervalMs?: number | undefined;
}

const CERTIFICATE_INTERVAL_MS = 10_000;

/** How often connections are closed that have become idle while a server drains. */
const IDLE_CHECK_MS = 100;

/** A server on one address. */
export class Listener implements AsyncDisposable {
  /** Where it listens, such as `127.0.0.1:8443`, with the port that it has. */
  readonly address: string;
  readonly #server: Server;
  readonly #connections: Connections;
  readonly #watch: CertificateWatch | null;
  /** When the certificate expires; `null` without TLS. */
  readonly #expires: () => Date | null;

  private constructor(
    address: string,
    server: Server,
    connections: Connections,
    watch: CertificateWatch | null,
    expires: () => Date | null,
  ) {
    this.address = address;
    this.#server = server;
    this.#connections = connections;
    this.#watch = watch;
    this.#expires = expires;
  }

  /**
   * Starts to listen: TLS 1.3 with HTTP/1.1, or HTTP/1.1 alone for this machine.
   *
   * @throws {SealroomError} USAGE_OPTION if the place is not an address, is open to other machines without TLS, or cannot be had; the
   *   codes of `readCertificate`.
   */
  static async open(options: ListenOptions): Promise<Listener> {
    const { place, tls, log, certificateIntervalMs: intervalMs = CERTIFICATE_INTERVAL_MS } = options;
    requirePlace(place, tls !== null);
    const limits = { ...CONNECTION_LIMITS, ...options.limits };
    let expires: Date | null = null;
    let watch: CertificateWatch | null = null;
    let server: Server;
    if (tls === null) {
      server = createHttpServer(serverOptionsOf(limits));
    } else {
      const started = await CertificateWatch.start({
        tls,
        intervalMs,
        log,
        apply: (certificate) => {
          secure.setSecureContext(certificate.context);
          ({ expires } = certificate);
        },
      });
      ({ watch } = started);
      ({ expires } = started.certificate);
      const secure = createHttpsServer({
        ...serverOptionsOf(limits),
        ...started.certificate.context,
        ALPNProtocols: ['http/1.1'],
        handshakeTimeout: limits.headersTimeoutMs,
      });
      server = secure;
    }
    const connections = limitConnections(server, limits, { isFronted: tls === null });
    server.on('request', listenerOf(options.answer, limits));
    try {
      return new Listener(await bind(server, place), server, connections, watch, () => expires);
    } catch (error) {
      watch?.[Symbol.dispose]();
      throw error;
    }
  }

  /** When the certificate expires; `null` without TLS. */
  get expires(): Date | null {
    return this.#expires();
  }

  /** Reads the certificate again. If it does not fit its key that is logged, and the one before stays. */
  async reload(): Promise<void> {
    await this.#watch?.reload();
  }

  /** Takes no more connections, and waits until requests that are being answered are. What lasts longer is cut off. */
  async drain(graceMs: number): Promise<void> {
    this.#watch?.[Symbol.dispose]();
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    const idle = setInterval(this.#connections.closeIdle, IDLE_CHECK_MS);
    const end = setTimeout(this.#connections.closeAll, graceMs);
    await closed;
    clearInterval(idle);
    clearTimeout(end);
  }

  /** Closes all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain(0);
  }
}

/** What answers the requests of a server of Node. */
function listenerOf(
  answer: AnswerRequest,
  limits: ConnectionLimits,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  const listener = getRequestListener(
    async (request, bindings) => {
      const { incoming, outgoing } = bindings;
      if (!(incoming instanceof IncomingMessage && outgoing instanceof ServerResponse))
        throw new TypeError('not HTTP/1.1');
      return withQuietBody(await answer(request, { incoming, outgoing }), outgoing);
    },
    {
      overrideGlobalObjects: false,
      errorHandler: (error) => new Response(null, { status: error instanceof RequestError ? 400 : 500 }),
    },
  );
  return (incoming, outgoing) => {
    if (hasTooManyHeaders(incoming, limits)) {
      outgoing.writeHead(431, { connection: 'close' }).end();
      return;
    }
    listener(incoming, outgoing).catch(() => outgoing.destroy());
  };
}

/**
 * An answer whose body ends without words: if it fails, the connection is cut, so that nobody takes it for whole. The adapter would
 * write the error to the log and to the client.
 */
function withQuietBody(answer: Response, outgoing: ServerResponse): Response {
  if (answer.body === null) return answer;
  const reader: ReadableStreamDefaultReader<Uint8Array> = answer.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch {
        outgoing.destroy();
        controller.close();
      }
    },
    async cancel() {
      await reader.cancel().catch(() => undefined);
    },
  });
  return new Response(body, answer);
}

/** The addresses of this machine that others cannot reach. */
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

function requirePlace(place: ListenPlace, isSecure: boolean): void {
  if ('path' in place) return;
  const { host, port } = place;
  if (isIP(host) === 0 || port < 0 || port > 65_535) {
    throw new SealroomError('USAGE_OPTION', `${quoteForMessage(host)} is not an address to listen on`, {
      hint: 'such as `0.0.0.0:443`, `[::]:443` or `127.0.0.1:8443`',
    });
  }
  if (isSecure || LOOPBACK.check(host, isIPv6(host) ? 'ipv6' : 'ipv4')) return;
  throw new SealroomError('USAGE_OPTION', `without TLS, ${quoteForMessage(host)} would be open to other machines`, {
    hint: 'listen on `127.0.0.1`, for a front on this machine, or give a certificate',
  });
}

async function bind(server: Server, place: ListenPlace): Promise<string> {
  try {
    await startListening(server, place);
  } catch (error) {
    if (!('path' in place) || !(await isLeftBehind(place.path))) throw cannotListen(place, error);
    await rm(place.path);
    await startListening(server, place).catch((again: unknown) => {
      throw cannotListen(place, again);
    });
  }
  const address = server.address();
  if (address === null || typeof address === 'string') return address ?? '';
  return `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}

async function startListening(server: Server, place: ListenPlace): Promise<void> {
  const listening = once(server, 'listening');
  // A socket is made at once, and must be this user's alone.
  const before = 'path' in place ? process.umask(0o077) : null;
  server.listen(place);
  if (before !== null) process.umask(before);
  await listening;
}

/** Whether a socket is that of a process that was killed. */
async function isLeftBehind(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
  } finally {
    socket.destroy();
  }
}

function cannotListen(place: ListenPlace, error: unknown): SealroomError {
  const name = 'path' in place ? place.path : `${place.host}:${place.port}`;
  const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  const reason = isTaken ? 'it is in use' : systemReason(error);
  return new SealroomError('USAGE_OPTION', `cannot listen on ${quoteForMessage(name)}: ${reason}`, { cause: error });
}
