import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { connect as connectPlain, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hasHybridGroup } from '#src/server/certificate-files';
import { placeOf } from '#src/server/client-place';
import { Listener, type ListenOptions } from '#src/server/listen';
import type { LogEntry } from '#src/server/log';
import { makeCertificate } from '../client/certificate.ts';

let directory: string;
let certificate: ReturnType<typeof makeCertificate>;
let log: LogEntry[];
let listeners: Listener[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sealroom-test-'));
  log = [];
  listeners = [];
  certificate = makeCertificate();
  await put(certificate);
});

afterEach(async () => {
  for (const listener of listeners) await listener[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

const keyFile = (): string => join(directory, 'key.pem');
const certFile = (): string => join(directory, 'cert.pem');

/** Writes a certificate as whoever renews it does: beside the old one, and renamed. */
async function put({ key, cert }: { readonly key?: string; readonly cert?: string }): Promise<void> {
  for (const [name, text] of [
    [keyFile(), key],
    [certFile(), cert],
  ] as const) {
    if (text === undefined) continue;
    await writeFile(`${name}.new`, text, { mode: 0o600 });
    await rename(`${name}.new`, name);
  }
}

/** When `/broken` breaks off. */
let breakOff = (): void => undefined;
let broken = Promise.resolve();

/** When `/endless` is cut off. */
let onCut = (): void => undefined;

const app = new Hono()
  .get('/', (c) => c.text('here'))
  .post('/', async (c) => c.text(String((await c.req.arrayBuffer()).byteLength)))
  .get('/endless', () => {
    const pull = (controller: ReadableStreamDefaultController): void => controller.enqueue(new Uint8Array(1 << 16));
    return new Response(new ReadableStream({ pull, cancel: () => onCut() }));
  })
  .get('/broken', () => {
    let pulls = 0;
    const body = new ReadableStream({
      pull: async (controller) => {
        pulls += 1;
        if (pulls === 1) {
          controller.enqueue(new TextEncoder().encode('first'));
          return;
        }
        await broken;
        controller.error(new Error('a value that nobody may read'));
      },
    });
    return new Response(body);
  });

// Its own would write what failed to the log.
app.onError(() => new Response(null, { status: 500 }));

async function open(options: Partial<ListenOptions> = {}): Promise<Listener> {
  const listener = await Listener.open({
    place: { host: '127.0.0.1', port: 0 },
    tls: { keyFile: keyFile(), certFile: certFile(), isPqOnly: false },
    answer: (request, bindings) => app.fetch(request, bindings),
    log: (entry) => log.push(entry),
    ...options,
  });
  listeners.push(listener);
  return listener;
}

const portOf = ({ address }: Listener): number => Number(address.split(':').at(-1));

/** A connection that has shaken hands. */
async function shakeHands(listener: Listener, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: portOf(listener), ca: certificate.cert, ...options });
  await once(socket, 'secureConnect');
  // Most of them are cut off.
  socket.on('error', () => undefined);
  return socket;
}

interface Answered {
  readonly status: number;
  readonly text: string;
}

async function readAnswer(incoming: IncomingMessage): Promise<Answered> {
  const blocks: Uint8Array[] = [];
  for await (const block of incoming) if (block instanceof Uint8Array) blocks.push(block);
  return { status: incoming.statusCode ?? 0, text: Buffer.concat(blocks).toString() };
}

async function ask(listener: Listener, target = '/', agent = new Agent()): Promise<Answered> {
  const request = httpsRequest({
    host: '127.0.0.1',
    port: portOf(listener),
    path: target,
    ca: certificate.cert,
    agent,
  });
  request.end();
  const [incoming] = (await once(request, 'response')) as [IncomingMessage];
  return readAnswer(incoming);
}

/** What a socket is sent until it is closed. */
async function readAll(socket: TLSSocket): Promise<string> {
  let text = '';
  socket.on('data', (block: Buffer) => (text += block.toString('latin1')));
  if (!socket.destroyed) await once(socket, 'close');
  return text;
}

describe('TLS', () => {
  test('answers over TLS 1.3 and HTTP/1.1', async () => {
    const listener = await open();
    expect(await ask(listener)).toEqual({ status: 200, text: 'here' });
    const socket = await shakeHands(listener, { ALPNProtocols: ['h2', 'http/1.1'] });
    expect([socket.getProtocol(), socket.alpnProtocol]).toEqual(['TLSv1.3', 'http/1.1']);
    socket.destroy();
  });

  test('refuses TLS 1.2, and a client that speaks no HTTP/1.1', async () => {
    const listener = await open();
    await expect(shakeHands(listener, { maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol/i);
    await expect(shakeHands(listener, { ALPNProtocols: ['h2'] })).rejects.toThrow(/no.application.protocol/i);
  });

  test('the group with a post-quantum part is that of OpenSSL 3.5 and later', () => {
    expect(['3.0.19', '3.4.9', '3.5.0', '3.5.8+quic', '4.0.0'].map(hasHybridGroup)).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
  });

  test.runIf(!hasHybridGroup())(
    'is not started for post-quantum clients only where there is no such group',
    async () => {
      const tls = { keyFile: keyFile(), certFile: certFile(), isPqOnly: true };
      await expect(open({ tls })).rejects.toMatchObject({ code: 'USAGE_OPTION' });
    },
  );

  test.runIf(hasHybridGroup())('refuses clients without the post-quantum group if told to', async () => {
    const listener = await open({ tls: { keyFile: keyFile(), certFile: certFile(), isPqOnly: true } });
    await expect(shakeHands(listener, { ecdhCurve: 'X25519' })).rejects.toThrow();
    (await shakeHands(listener, { ecdhCurve: 'X25519MLKEM768' })).destroy();
  });

  test('is not started with a key that others can read, or that is not of the certificate', async () => {
    await chmod(keyFile(), 0o644);
    await expect(open()).rejects.toMatchObject({ code: 'SECRET_INVALID' });
    await put({ key: makeCertificate().key });
    await expect(open()).rejects.toMatchObject({ code: 'SECRET_INVALID' });
    await put({ key: 'a key that nobody may read' });
    const error: unknown = await open().catch((refused: unknown) => refused);
    expect(error).toMatchObject({ code: 'SECRET_INVALID' });
    expect(String(error)).not.toContain('nobody');
    await put({ ...certificate, cert: 'none' });
    await expect(open()).rejects.toMatchObject({ code: 'USAGE_OPTION' });
  });
});

describe('a renewed certificate', () => {
  test('is served when its files have changed, to who connects from then on', async () => {
    const listener = await open({ certificateIntervalMs: 20 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await ask(listener, '/', agent)).status).toBe(200);
    const old = certificate.cert;
    certificate = makeCertificate();
    await put(certificate);
    await expect.poll(() => log.some(({ event }) => event === 'certificate')).toBe(true);
    expect((await ask(listener)).status).toBe(200);
    await expect(shakeHands(listener, { ca: old })).rejects.toThrow();
    await expect(shakeHands(listener, { maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol/i);
    // A connection that was there before goes on.
    expect((await ask(listener, '/', agent)).status).toBe(200);
    agent.destroy();
  });

  test('that does not fit its key is refused once, and the old one stays', async () => {
    const listener = await open({ certificateIntervalMs: 20 });
    await put({ cert: makeCertificate().cert });
    await expect.poll(() => log).toEqual([{ level: 'error', event: 'certificate-refused', code: 'SECRET_INVALID' }]);
    expect((await ask(listener)).status).toBe(200);
    await listener.reload();
    expect(log).toHaveLength(2);
  });
});

describe('limits', () => {
  test('half-open requests are closed, and others are answered meanwhile', async () => {
    const limits = { headersTimeoutMs: 1500, checkIntervalMs: 50 };
    const listener = await open({ limits });
    const dribblers = await Promise.all(Array.from({ length: 20 }, () => shakeHands(listener)));
    for (const socket of dribblers) socket.write('GET / HTTP/1.1\r\nHost: x\r\nX-A: ');
    const ends = dribblers.map(readAll);
    expect((await ask(listener)).status).toBe(200);
    expect((await Promise.all(ends)).every((text) => /^(HTTP\/1.1 408 |$)/.test(text))).toBe(true);
  });

  test('connections that never shake hands are closed', async () => {
    const listener = await open({ limits: { headersTimeoutMs: 200 } });
    const socket = connectPlain(portOf(listener), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'close');
  });

  test('an address has so many connections and no more', async () => {
    const listener = await open({ limits: { connectionsPerAddress: 3 } });
    const sockets = await Promise.all([1, 2, 3].map(() => shakeHands(listener)));
    await expect(shakeHands(listener)).rejects.toThrow();
    sockets[0]?.destroy();
    await expect
      .poll(() =>
        shakeHands(listener).then(
          (socket) => !socket.destroy().connecting,
          () => false,
        ),
      )
      .toBe(true);
    for (const socket of sockets) socket.destroy();
  });

  test('a server has so many connections and no more', async () => {
    const listener = await open({ limits: { connections: 2 } });
    const sockets = await Promise.all([1, 2].map(() => shakeHands(listener)));
    await expect(shakeHands(listener)).rejects.toThrow();
    for (const socket of sockets) socket.destroy();
  });

  test.each([
    { what: 'too long', headers: `X-A: ${'a'.repeat(20_000)}\r\n` },
    { what: 'too many', headers: Array.from({ length: 70 }, (_, at) => `X-${String(at)}: a\r\n`).join('') },
  ])('headers that are $what are refused', async ({ headers }) => {
    const socket = await shakeHands(await open());
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
    expect(await readAll(socket)).toMatch(/^HTTP\/1.1 431 /);
  });

  test('a body that comes too slowly is cut off', async () => {
    const listener = await open({ limits: { slowAfterMs: 100, minBytesPerSecond: 1000 } });
    const socket = await shakeHands(listener);
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc');
    expect(await readAll(socket)).toBe('');
  });

  test('an answer that is not read is cut off', async () => {
    const isCut = new Promise<void>((resolve) => (onCut = resolve));
    const listener = await open({ limits: { unreadAfterMs: 100, minReadBytesPerSecond: 1000 } });
    const socket = await shakeHands(listener);
    socket.write('GET /endless HTTP/1.1\r\nHost: x\r\n\r\n');
    await isCut;
    socket.destroy();
  });

  test('a connection that waits for its next request is closed, and so is one that has had many', async () => {
    const listener = await open({ limits: { idleTimeoutMs: 100, checkIntervalMs: 50, requestsPerConnection: 2 } });
    const idle = await shakeHands(listener);
    idle.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await readAll(idle)).toContain('here');
    const busy = await shakeHands(listener);
    busy.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3));
    const text = await readAll(busy);
    expect([...text.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status)).toEqual(['200', '200', '503']);
  });

  test('a network of IPv6 counts as one address', () => {
    expect(['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::1', '2001:db8:0:0:5::9', '::1'].map(placeOf)).toEqual([
      '10.1.2.3',
      '10.1.2.3',
      '2001:db8:0:0',
      '2001:db8:0:0',
      '0:0:0:0',
    ]);
  });
});

describe('without TLS', () => {
  test.each(['0.0.0.0', '::', '192.0.2.1'])('%s is refused, which other machines may reach', async (host) => {
    await expect(open({ tls: null, place: { host, port: 0 } })).rejects.toMatchObject({ code: 'USAGE_OPTION' });
  });

  test('a name is not an address', async () => {
    await expect(open({ place: { host: 'localhost', port: 0 } })).rejects.toMatchObject({ code: 'USAGE_OPTION' });
  });

  test('this machine is answered, by as many connections as the front likes', async () => {
    const listener = await open({ tls: null, limits: { connectionsPerAddress: 1 } });
    const answers = await Promise.all([1, 2, 3].map(() => askPlain({ port: portOf(listener) })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test('a socket is taken over from a process that was killed, and not from one that lives', async () => {
    const path = join(directory, 'ops.sock');
    const listener = await open({ tls: null, place: { path } });
    expect((await askPlain({ socketPath: path })).text).toBe('here');
    await expect(open({ tls: null, place: { path } })).rejects.toMatchObject({ code: 'USAGE_OPTION' });
    await listener[Symbol.asyncDispose]();
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', script]);
    await open({ tls: null, place: { path } });
    expect((await askPlain({ socketPath: path })).text).toBe('here');
  });

  test('a port that is taken is refused', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    await expect(open({ place: { host: '127.0.0.1', port } })).rejects.toMatchObject({ code: 'USAGE_OPTION' });
    server.close();
  });
});

async function askPlain(place: { readonly port?: number; readonly socketPath?: string }): Promise<Answered> {
  const request = httpRequest({ host: '127.0.0.1', ...place, agent: false });
  request.end();
  const [incoming] = (await once(request, 'response')) as [IncomingMessage];
  return readAnswer(incoming);
}

test('an answer that breaks off is cut, and says nothing', async () => {
  broken = new Promise((resolve) => (breakOff = resolve));
  const socket = await shakeHands(await open());
  socket.write('GET /broken HTTP/1.1\r\nHost: x\r\n\r\n');
  let text = '';
  socket.on('data', (block: Buffer) => {
    text += block.toString('latin1');
    if (text.includes('first')) breakOff();
  });
  await readAll(socket);
  expect(text).toContain('first');
  expect(text).not.toContain('0\r\n\r\n');
  expect(text).not.toContain('nobody');
});

test.each(['GET / HTTP/1.0\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'])(
  'a request that names no host, or none that can be, is refused: %j',
  async (request) => {
    const socket = await shakeHands(await open());
    socket.write(request);
    expect(await readAll(socket)).toMatch(/^HTTP\/1.1 400 /);
  },
);

describe('draining', () => {
  test('ends what is being answered, takes nothing more, and closes what is idle', async () => {
    let release = (): void => undefined;
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    const listener = await open({
      answer: async (request) => {
        if (request.url.endsWith('/slow')) await slow;
        return new Response('done');
      },
    });
    const idle = await shakeHands(listener);
    const answer = ask(listener, '/slow');
    await expect.poll(() => ask(listener).then(({ text }) => text)).toBe('done');
    const drained = listener.drain(60_000);
    await readAll(idle);
    await expect(shakeHands(listener)).rejects.toThrow();
    release();
    expect((await answer).text).toBe('done');
    await drained;
  });

  test('cuts off what lasts too long', async () => {
    const listener = await open({ answer: () => new Promise<Response>(() => undefined) });
    const socket = await shakeHands(listener);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const end = readAll(socket);
    await listener.drain(50);
    expect(await end).toBe('');
  });
});
