import { Hono } from 'hono';
import { exportRecords, type LogSource, proveGrowth, proveRecordTo } from '../audit/index.ts';
import { encodeUtf8 } from '../bytes/index.ts';
import { readTextFile } from '../files/index.ts';
import { auditFilesOf } from '../room/index.ts';
import { parseVerifiers } from '../tlog/index.ts';
import type { AppParts } from './app-parts.ts';
import { requireKeyRole } from './ask.ts';
import type { ServerEnv } from './caller.ts';
import { openForMembers } from './gate.ts';
import { LimitedTurns } from './limits.ts';
import { notFound, onOwnAccount } from './problems.ts';
import { readWholeNumber, readQuery } from './request.ts';
import { streamBody } from './stream.ts';

/** How many exports and proofs may be made at the same time, and how many for one member: each of them reads the whole log. */
const MAX_READERS = 16;
const MAX_READERS_EACH = 4;

const TEXT = { 'content-type': 'text/plain; charset=utf-8' };

/** `/v1/audit/…`. */
export function auditRoutes({ admission }: AppParts): Hono<ServerEnv> {
  const { reader, log } = admission;
  const readers = new LimitedTurns(MAX_READERS, MAX_READERS_EACH);
  const source = (): Promise<LogSource> => sourceOf(reader.directory);
  const app = new Hono<ServerEnv>();

  app.get('/v1/audit/checkpoint', async (c) => c.body(await log.checkpoint(), 200, TEXT));

  app.get('/v1/audit/records', async (c) => {
    const caller = c.get('caller');
    const { manifest } = await openForMembers(reader);
    requireKeyRole(manifest, caller, 'audit');
    const lines = encodeLines(exportRecords(await source(), caller.member));
    return streamBody(c, readers.stream(caller.member, lines), { 'content-type': 'application/jsonl' });
  });

  app.get('/v1/audit/records/:index/proof', async (c) => {
    const { member } = c.get('caller');
    const index = readWholeNumber(c.req.param('index'), 'the number of a record');
    const proof = await readers.take(member, async () => proveRecordTo(await source(), member, index));
    if (proof === null) throw notFound();
    return c.body(proof, 200, TEXT);
  });

  app.get('/v1/audit/growth', async (c) => {
    const from = readWholeNumber(readQuery(c.req.raw, c.env, ['from']).get('from'), '`from`');
    const proof = await readers.take(c.get('caller').member, async () => proveGrowth(await source(), from));
    return c.body(proof, 200, TEXT);
  });

  return app;
}

/** The log of a room, and the key that verifies it. */
async function sourceOf(directory: string): Promise<LogSource> {
  const { auditDirectory, verifierFile } = auditFilesOf(directory);
  const verifiers = await onOwnAccount('the key of the log cannot be read', async () =>
    parseVerifiers(await readTextFile(verifierFile), { file: verifierFile }),
  );
  return { directory: auditDirectory, verifiers };
}

async function* encodeLines(lines: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const line of lines) yield encodeUtf8(`${line}\n`);
}
