import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { SealroomError } from '../errors/index.ts';
import { sendBatch, sendEnd } from './batch-stream.ts';
import { Engine, engineFailure, READING } from './engine.ts';
import { DATA_FD } from './limited-process.ts';
import type { ReadingQuery, ReadingReply, ReadingRequest } from './reading-messages.ts';

// A process that reads tables for another one. It starts without an environment and under a limit of the system: what a small file
// can become in the engine's memory is not known before it is read, and the engine's own limit does not cover all of it.

const data = new Socket({ fd: DATA_FD, readable: false, writable: true });

let engine: Engine | null = null;
/** Ends the query that runs, if there is one. */
let stop: AbortController | null = null;

/** Resolves when the message has been sent, which waits for a slow reader. */
function reply(message: ReadingReply): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, undefined, {}, () => {
      resolve();
    });
  });
}

async function stream(opened: Engine, { sql, fields, expectedRows, maxValueBytes }: ReadingQuery): Promise<void> {
  const { signal } = (stop = new AbortController());
  try {
    for await (const batch of opened.stream(sql, fields, expectedRows, maxValueBytes)) {
      if (signal.aborted) break;
      await sendBatch(data, batch);
    }
  } finally {
    // Whether it is all, or has failed, the next message says.
    await sendEnd(data, fields.length);
  }
  await reply({ kind: 'end' });
}

/** The data of this process as its limit counts them; where the system does not tell, what it has in memory. */
function dataBytes(): number {
  if (process.platform !== 'linux') return process.memoryUsage.rss();
  const [, kib = ''] = /^VmData:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
  return Number(kib) * 1024;
}

async function answer(request: ReadingRequest): Promise<void> {
  switch (request.kind) {
    case 'rows':
      engine ??= await Engine.open(READING);
      await reply({ kind: 'rows', rows: await engine.rows(request.sql) });
      return;
    case 'stream':
      engine ??= await Engine.open(READING);
      await stream(engine, request.query);
      return;
    case 'stop':
      stop?.abort();
      return;
    case 'close':
      // A new engine for each reader, because it does not free its memory before it is closed.
      engine?.close();
      engine = null;
      await reply({ kind: 'closed', dataBytes: dataBytes() });
      return;
  }
}

function failureOf(error: unknown): ReadingReply {
  if (!(error instanceof SealroomError)) return { kind: 'failed', failure: engineFailure(error) };
  const { code, message, hint, where } = error;
  return { kind: 'refused', code, message, hint, where };
}

process.on('message', (request: ReadingRequest) => {
  answer(request).catch((error: unknown) => reply(failureOf(error)));
});

// A terminal sends the first two to all its processes, and it is for the parent to end this one. The third would open the inspector.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR1'] as const) process.on(signal, () => undefined);

// Without its parent the process is useless; the engine's threads would keep it from ending by itself.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
