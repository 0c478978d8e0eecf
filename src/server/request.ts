import { IncomingMessage } from 'node:http';
import { isRecord, SealroomError } from '../errors/index.ts';
import type { RequestHead } from '../wire/index.ts';

/** The request as Node received it; `null` for one that was made in this process. */
export function incomingOf(env: unknown): IncomingMessage | null {
  return isRecord(env) && env['incoming'] instanceof IncomingMessage ? env['incoming'] : null;
}

/** Path and query of a request as its first line has them, byte for byte. */
function targetOf(request: Request, env: unknown): string {
  const incoming = incomingOf(env);
  if (incoming !== null) return incoming.url ?? '';
  const { pathname, search } = new URL(request.url);
  return `${pathname}${search}`;
}

/** The path of a request, with its escapes: they are read once, in the values that a route takes from it. */
export function pathOf(request: Request, env: unknown): string {
  const [path = ''] = targetOf(request, env).split('?', 1);
  return path;
}

/** A request before its body is read. */
export interface ReceivedRequest {
  readonly head: RequestHead;
  readonly hasBody: boolean;
}

/** The head of a request as it was sent, with headers that are there twice. */
export function receivedRequest(request: Request, env: unknown): ReceivedRequest {
  const incoming = incomingOf(env);
  const target = targetOf(request, env);
  if (incoming === null) {
    return { head: { method: request.method, target, headers: request.headers }, hasBody: request.body !== null };
  }
  const { method = '', rawHeaders, headers } = incoming;
  const pairs = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : []));
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? '0') > 0;
  return { head: { method, target, headers: pairs }, hasBody };
}

/**
 * The parameters in the query of a request's address.
 *
 * @param known their names; each may be there once, and no other
 * @throws {SealroomError} USAGE_OPTION
 */
export function readQuery(request: Request, env: unknown, known: readonly string[]): ReadonlyMap<string, string> {
  const target = targetOf(request, env);
  const start = target.indexOf('?');
  const found = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(start < 0 ? '' : target.slice(start + 1))) {
    if (!known.includes(name) || found.has(name)) {
      throw new SealroomError('USAGE_OPTION', 'the address has a parameter that is not known here, or is there twice');
    }
    found.set(name, value);
  }
  return found;
}

/** A whole number as it is written in requests; `null` if it is missing or anything else. */
export function parseWholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : null;
}

/**
 * A whole number in an address.
 *
 * @param what names it, in words
 * @throws {SealroomError} USAGE_OPTION if it is missing or anything else.
 */
export function readWholeNumber(text: string | undefined, what: string): number {
  const number = parseWholeNumber(text);
  if (number !== null) return number;
  throw new SealroomError('USAGE_OPTION', `${what} must be a whole number, from 0`);
}
