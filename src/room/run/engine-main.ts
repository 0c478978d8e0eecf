import type { FailureKind } from '../../engine/index.ts';
import { LockedDatabase, ResultTooLarge } from '../../engine/native.ts';
import type { EngineLimits, EngineReply, EngineRequest, SnapshotFile } from './engine-messages.ts';

// The process of a single query. It starts without an environment, is told which snapshots to open and what to run, and is killed.

let opened: { readonly database: LockedDatabase; readonly limits: EngineLimits } | null = null;

/** Resolves when the message has been sent, which waits for a slow reader. */
function reply(message: EngineReply): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, undefined, {}, () => {
      resolve();
    });
  });
}

/** The kind of a failure. The engine's message may quote values and goes no further. */
function failureOf(error: unknown): FailureKind {
  if (error instanceof ResultTooLarge) return 'RESULT_SIZE';
  return error instanceof Error && error.message.startsWith('Out of Memory Error') ? 'MEMORY' : 'ENGINE';
}

function openSnapshots(snapshots: readonly SnapshotFile[], limits: EngineLimits): Promise<LockedDatabase> {
  const files = snapshots.map(({ path, owner }) => ({ path, schema: owner }));
  return LockedDatabase.open(files, limits);
}

async function answer(request: EngineRequest): Promise<void> {
  switch (request.kind) {
    case 'open':
      opened = { database: await openSnapshots(request.snapshots, request.limits), limits: request.limits };
      await reply({ kind: 'opened' });
      break;
    case 'run': {
      if (opened === null) throw new TypeError('a query before its snapshots');
      const isCut = await opened.database.run(request.job, opened.limits.maxResultBytes, {
        columns: (types) => reply({ kind: 'columns', types }),
        batch: (batch) => reply({ kind: 'batch', batch }),
      });
      await reply({ kind: 'done', isCut });
      break;
    }
  }
}

process.on('message', (request: EngineRequest) => {
  answer(request).catch((error: unknown) => reply({ kind: 'failed', failure: failureOf(error) }));
});

// A terminal sends the first two to all its processes, and it is for the parent to end this one. The third would open the inspector.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR1'] as const) process.on(signal, () => undefined);

// Without its parent the process is useless; the engine's threads would keep it from ending by itself.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
