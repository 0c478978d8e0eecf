import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import { SealroomError } from 'sealroom';
import { publicKeyOf, sha256, signatureVerifier, type SigningKey } from '#src/platform/index';
import { printPublicKey } from '#src/signing/index';
import { RequestVerifier, requireDigest, toProblem } from '#src/wire/index';
import { makeCertificate } from './certificate.ts';

/** A request whose signature and digest were verified. */
export interface TestRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Answers a request; what it throws is answered as the problem that it is. */
export type Answer = (request: TestRequest, response: ServerResponse) => void | Promise<void>;

/** A server that speaks the wire's half of the protocol, and answers as a test says. */
export interface TestRoom extends AsyncDisposable {
  readonly origin: string;
  /** The certificate that it shows. */
  readonly ca: string;
  /** Requests that were let in, as `GET /v1/room`. */
  readonly seen: readonly string[];
  answer: Answer;
}

/** Ends an answer with JSON. */
export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

/** Starts a room on loopback that knows a key. */
export async function startTestRoom(
  key: SigningKey,
  { now = () => new Date(), ...tls }: ServerOptions & { readonly now?: () => Date } = {},
): Promise<TestRoom> {
  const { key: serverKey, cert } = makeCertificate();
  const seen: string[] = [];
  const keyId = printPublicKey(key);
  const verifySignature = signatureVerifier(publicKeyOf(key));
  const server = createServer({ key: serverKey, cert, ...tls });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const origin = `https://127.0.0.1:${String(address.port)}`;
  let hasStarted = false;
  const verifier = new RequestVerifier({
    origin,
    now: () => (hasStarted ? now() : new Date(now().getTime() - 60_000)),
    findKey: (id) => (id === keyId ? verifySignature : null),
  });
  hasStarted = true;
  const room: TestRoom = {
    origin,
    ca: cert,
    seen,
    answer: (_request, response) => sendJson(response, {}),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  server.on('request', (incoming, response) => {
    const { method = '', url: target = '', rawHeaders } = incoming;
    const headers = rawHeaders.flatMap((name, at) =>
      at % 2 === 0 ? ([[name.toLowerCase(), rawHeaders[at + 1] ?? '']] as const) : [],
    );
    const handle = async (): Promise<void> => {
      const hasBody = Number(incoming.headers['content-length'] ?? '0') > 0;
      const { digest } = verifier.verify({ method, target, headers }, hasBody);
      const blocks: Uint8Array[] = [];
      for await (const block of incoming) if (block instanceof Uint8Array) blocks.push(block);
      const body = Buffer.concat(blocks);
      requireDigest(digest, hasBody ? sha256(body) : null);
      seen.push(`${method} ${target}`);
      await room.answer({ method, target, headers: new Map(headers), body }, response);
    };
    handle().catch((error: unknown) => {
      if (response.headersSent) return response.destroy();
      const problem = toProblem(error, randomUUID());
      const isLater = error instanceof SealroomError && [401, 429, 503].includes(problem.status);
      const more = { date: now().toUTCString(), ...(isLater ? { 'retry-after': '0' } : {}) };
      return response
        .writeHead(problem.status, { 'content-type': 'application/problem+json', ...more })
        .end(JSON.stringify(problem));
    });
  });
  return room;
}
