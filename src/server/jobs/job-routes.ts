import { Hono } from 'hono';
import { decodeHex } from '../../bytes/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { askBody, type Job, type JobPage, printDigest } from '../../wire/index.ts';
import { readJsonBody } from '../body.ts';
import type { ServerEnv } from '../caller.ts';
import { LimitedTurns } from '../limits.ts';
import { streamBody } from '../stream.ts';
import { jobEvents } from './job-events.ts';
import type { Jobs } from './jobs.ts';
import type { OpenPackage } from './package-keeper.ts';

/** The most streams of events that are open for a key. */
const MAX_STREAMS = 8;

/** How often a stream of events has a comment, in ms: what is between the room and the member closes connections that are still. */
const COMMENT_MS = 15_000;

/** The longest time for which an answer is held, in seconds. */
const MAX_WAIT_S = 60;

const BLOCK_BYTES = 256 << 10;

/** `/v1/queries` and `/v1/jobs`. */
export function jobRoutes(jobs: Jobs, { commentMs = COMMENT_MS } = {}): Hono<ServerEnv> {
  const streams = new LimitedTurns(Infinity, MAX_STREAMS, tooManyStreams);
  const app = new Hono<ServerEnv>();

  app.post('/v1/queries', async (c) => {
    const ask = await readJsonBody(c, askBody);
    const job = await jobs.submitQuery(c.get('caller'), ask, c.req.header('idempotency-key'));
    return c.json<Job>(job, 202, { location: `/v1/jobs/${job.id}` });
  });

  app.get('/v1/jobs', async (c) => {
    const { state, after } = c.req.query();
    return c.json<JobPage>(await jobs.list(c.get('caller'), { state, after }));
  });

  app.get('/v1/jobs/:id', async (c) => {
    const entry = jobs.find(c.get('caller'), c.req.param('id'));
    const seconds = readWait(c.req.header('prefer'));
    if (seconds > 0) await jobs.waitForChange(entry, entry.state, seconds * 1000, c.req.raw.signal);
    return c.json<Job>(await jobs.read(entry));
  });

  app.delete('/v1/jobs/:id', async (c) => c.json<Job>(await jobs.cancel(c.get('caller'), c.req.param('id')), 202));

  app.get('/v1/jobs/:id/events', async (c) => {
    const { keyId } = c.get('caller');
    const entry = jobs.find(c.get('caller'), c.req.param('id'));
    const events = jobEvents(jobs, entry, { commentMs, signal: c.req.raw.signal });
    return streamBody(c, streams.stream(keyId, events), { 'content-type': 'text/event-stream' });
  });

  app.get('/v1/jobs/:id/result', async (c) => {
    const { markFetched, ...opened } = await jobs.openResult(c.get('caller'), c.req.param('id'));
    const headers = {
      'content-type': 'application/vnd.age',
      'content-length': String(opened.bytes),
      'repr-digest': printDigest(decodeHex(opened.sha256) ?? new Uint8Array(0)),
    };
    return streamBody(c, readBlocks(opened, markFetched), headers);
  });

  app.delete('/v1/jobs/:id/result', async (c) => {
    await jobs.takeResult(c.get('caller'), c.req.param('id'));
    return c.body(null, 204);
  });

  return app;
}

function tooManyStreams(): SealroomError {
  return new SealroomError('SERVER_RATE', `at most ${String(MAX_STREAMS)} streams of events are open for a key`);
}

/** How many seconds an answer may be held (RFC 7240); any other preference is passed over. */
function readWait(header: string | undefined): number {
  return Math.min(Number(/^wait=(\d{1,4})$/.exec(header ?? '')?.[1] ?? '0'), MAX_WAIT_S);
}

/** The bytes of a package; the file is closed, however the reading ends. */
async function* readBlocks({ file, bytes }: OpenPackage, onWhole: () => Promise<void>): AsyncGenerator<Uint8Array> {
  try {
    for (let position = 0; position < bytes;) {
      const { buffer, bytesRead } = await file.read(new Uint8Array(BLOCK_BYTES), 0, BLOCK_BYTES, position);
      if (bytesRead === 0) throw new SealroomError('IO_READ', 'the package is shorter than it was written');
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
    await onWhole();
  } finally {
    await file.close();
  }
}
