import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { placeOf } from './client-place.ts';

/** What a client may take up of a server before it has said who it is. */
export interface ConnectionLimits {
  /** How long the headers of a request may take. */
  readonly headersTimeoutMs: number;
  /** How long a whole request may take. */
  readonly requestTimeoutMs: number;
  /** How long a connection may wait for its next request. */
  readonly idleTimeoutMs: number;
  /** How often these three are looked at: they act that much later. */
  readonly checkIntervalMs: number;
  /** Bytes of all headers of a request. */
  readonly headerBytes: number;
  readonly headers: number;
  readonly connections: number;
  /** Connections of one address, or of one network of IPv6 (/64). */
  readonly connectionsPerAddress: number;
  readonly requestsPerConnection: number;
  /** A body has to bring {@link minBytesPerSecond} on average over this time, again and again. */
  readonly slowAfterMs: number;
  readonly minBytesPerSecond: number;
  /** An answer that waits for its reader has to be read with {@link minReadBytesPerSecond} on average over this time, again and again. */
  readonly unreadAfterMs: number;
  readonly minReadBytesPerSecond: number;
}

/** The limits of a room. */
export const CONNECTION_LIMITS: ConnectionLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 300_000,
  idleTimeoutMs: 20_000,
  checkIntervalMs: 2000,
  headerBytes: 16 << 10,
  headers: 64,
  connections: 1024,
  connectionsPerAddress: 64,
  requestsPerConnection: 10_000,
  slowAfterMs: 30_000,
  minBytesPerSecond: 16 << 10,
  unreadAfterMs: 60_000,
  minReadBytesPerSecond: 4 << 10,
};

/** The options of a server of Node that has these limits from the start. */
export function serverOptionsOf(limits: ConnectionLimits): {
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly keepAliveTimeout: number;
  readonly connectionsCheckingInterval: number;
  readonly maxHeaderSize: number;
} {
  return {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.idleTimeoutMs,
    connectionsCheckingInterval: limits.checkIntervalMs,
    maxHeaderSize: limits.headerBytes,
  };
}

/** The connections of a server. */
export interface Connections {
  /** Closes those on which no request is being answered, also if one has begun. */
  readonly closeIdle: () => void;
  readonly closeAll: () => void;
}

/**
 * Gives a server the limits that are not among its options. One that is fronted is without TLS, and all its connections come from one
 * address.
 */
export function limitConnections(
  server: Server,
  limits: ConnectionLimits,
  { isFronted }: { readonly isFronted: boolean },
): Connections {
  const sockets = new Set<Socket>();
  const counts = new Map<string, number>();
  server.maxConnections = limits.connections;
  server.maxRequestsPerSocket = limits.requestsPerConnection;
  // Node leaves out what is over its limit. With one more than ours, that is seen and refused.
  server.maxHeadersCount = limits.headers + 1;
  server.on('connection', (socket: Socket) => {
    const place = placeOf(socket.remoteAddress ?? '');
    const count = (counts.get(place) ?? 0) + 1;
    counts.set(place, count);
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      const left = (counts.get(place) ?? 1) - 1;
      if (left === 0) counts.delete(place);
      else counts.set(place, left);
    });
    if (!isFronted && count > limits.connectionsPerAddress) socket.destroy();
  });
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    destroyIfSlow(incoming, limits);
    destroyIfUnread(outgoing, limits);
  });
  return {
    closeIdle: idleCloser(server, isFronted ? 'connection' : 'secureConnection'),
    closeAll: () => sockets.forEach((socket) => socket.destroy()),
  };
}

/** What closes idle connections. Node's own leaves those open that have sent nothing, or half a head, for which it no longer has a clock. */
function idleCloser(server: Server, opened: 'connection' | 'secureConnection'): () => void {
  /** How many requests are being answered on each connection. */
  const requests = new Map<Socket, number>();
  const add = (socket: Socket, change: number): void => {
    const count = requests.get(socket);
    if (count !== undefined) requests.set(socket, count + change);
  };
  server.on(opened, (socket: Socket) => {
    requests.set(socket, 0);
    socket.once('close', () => requests.delete(socket));
  });
  server.on('request', ({ socket }: IncomingMessage, outgoing: ServerResponse) => {
    add(socket, 1);
    outgoing.once('close', () => add(socket, -1));
  });
  return () => {
    for (const [socket, count] of requests) if (count === 0) socket.destroy();
  };
}

/** Whether a request has more headers than it may. */
export function hasTooManyHeaders({ rawHeaders }: IncomingMessage, { headers }: ConnectionLimits): boolean {
  return rawHeaders.length > 2 * headers;
}

function destroyIfSlow(incoming: IncomingMessage, { slowAfterMs, minBytesPerSecond }: ConnectionLimits): void {
  const { socket, headers } = incoming;
  if (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? '0') === 0) return;
  const least = (minBytesPerSecond * slowAfterMs) / 1000;
  let before = socket.bytesRead;
  const timer = setInterval(() => {
    if (!incoming.complete && socket.bytesRead - before < least) socket.destroy();
    before = socket.bytesRead;
  }, slowAfterMs).unref();
  incoming.once('close', () => clearInterval(timer));
}

/** Cuts off a client that reads an answer too slowly. One that is waited for, such as for events, has nothing to read. */
function destroyIfUnread(outgoing: ServerResponse, { unreadAfterMs, minReadBytesPerSecond }: ConnectionLimits): void {
  const { socket } = outgoing;
  if (socket === null) return;
  const least = (minReadBytesPerSecond * unreadAfterMs) / 1000;
  let before = socket.bytesWritten;
  let hasWaited = false;
  const timer = setInterval(() => {
    const isWaiting = socket.writableLength > 0;
    if (hasWaited && isWaiting && socket.bytesWritten - before < least) socket.destroy();
    before = socket.bytesWritten;
    hasWaited = isWaiting;
  }, unreadAfterMs).unref();
  outgoing.once('close', () => clearInterval(timer));
}
