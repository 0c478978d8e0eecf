import type { Context } from 'hono';
import type * as z from 'zod';
import { concatBytes, decodeUtf8 } from '../bytes/index.ts';
import { parseJson, SealroomError } from '../errors/index.ts';
import { sha256 } from '../platform/index.ts';
import { requireDigest } from '../wire/index.ts';
import type { ServerEnv } from './caller.ts';
import { incomingOf } from './request.ts';

/** The most bytes of a body in JSON: 256 KiB. */
const MAX_JSON_BYTES = 256 << 10;

/**
 * The blocks of a body as they arrive. If the caller stops before the end, the rest is not read.
 *
 * @throws {SealroomError} IO_ABORTED if the connection is lost before the end.
 */
export async function* bodyBlocks({ req, env }: Context<ServerEnv>): AsyncGenerator<Uint8Array> {
  // Whoever stops reading still answers, over the same connection.
  const incoming = incomingOf(env)?.iterator({ destroyOnReturn: false });
  const blocks: AsyncIterable<unknown> | Iterable<unknown> = incoming ?? req.raw.body ?? [];
  try {
    for await (const block of blocks) if (block instanceof Uint8Array) yield block;
  } catch (error) {
    throw new SealroomError('IO_ABORTED', 'the connection was lost before the body had arrived', { cause: error });
  }
}

/** The error for a body that is longer than it may be. */
function tooLarge(maxBytes: number): SealroomError {
  return new SealroomError('SERVER_TOO_LARGE', `expected a body of at most ${maxBytes.toLocaleString('en')} bytes`);
}

function badBody(message: string): SealroomError {
  return new SealroomError('USAGE_BODY', message, { hint: '`/openapi.json` says what each route takes' });
}

/**
 * The whole body of a request, as it was signed.
 *
 * @throws {SealroomError} SERVER_TOO_LARGE, without reading on; AUTH_DIGEST if it is not the one that was signed; IO_ABORTED.
 */
async function readBody(c: Context<ServerEnv>, maxBytes: number): Promise<Uint8Array> {
  if (Number(c.req.header('content-length') ?? '0') > maxBytes) throw tooLarge(maxBytes);
  const blocks: Uint8Array[] = [];
  let length = 0;
  for await (const block of bodyBlocks(c)) {
    length += block.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
    blocks.push(block);
  }
  const body = concatBytes(blocks);
  requireDigest(c.get('digest'), body.length === 0 ? null : sha256(body));
  return body;
}

/**
 * The body of a request as text.
 *
 * @param type its `Content-Type`, exactly
 * @throws {SealroomError} USAGE_BODY if it has another type, or is not UTF-8; the codes of a body that is too large, changed or cut off.
 */
export async function readText(c: Context<ServerEnv>, type: string, maxBytes: number): Promise<string> {
  if (c.req.header('content-type') !== type) throw badBody(`the body must have the type \`${type}\``);
  const body = await readBody(c, maxBytes);
  try {
    return decodeUtf8(body);
  } catch {
    throw badBody('the body is not UTF-8');
  }
}

/**
 * The body of a request in JSON.
 *
 * @throws {SealroomError} USAGE_BODY if it is not of this shape; as {@link readText}.
 */
export async function readJsonBody<Body>(c: Context<ServerEnv>, shape: z.ZodType<Body>): Promise<Body> {
  const parsed = shape.safeParse(parseJson(await readText(c, 'application/json', MAX_JSON_BYTES)));
  if (parsed.success) return parsed.data;
  throw badBody('the body is not JSON of the form that this route takes');
}
