import { parentPort, workerData } from 'node:worker_threads';
import { SealroomError } from '../errors/index.ts';
import { startWorkerModule } from './worker-module.ts';
import { failureOf, type Reply, type Request, type WorkerSetup } from './messages.ts';

// A worker thread of a pool: runs the jobs that it is sent, one after another. Any failure other than a SealroomError ends
// the thread, and the pool notices.

if (parentPort === null) throw new Error('worker runs only as a worker thread');
const port = parentPort;
const { module, setup } = workerData as WorkerSetup;
const work = await startWorkerModule<unknown, unknown>(module, setup);

function answer(request: Request<unknown>): void {
  switch (request.kind) {
    case 'job':
      runJob(request.job);
      return;
    case 'close':
      work.close();
      reply({ kind: 'closed' });
      return;
  }
}

function runJob(job: unknown): void {
  try {
    const { result, transfer } = work.run(job);
    reply({ kind: 'done', result }, transfer);
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    reply({ kind: 'failed', failure: failureOf(error) });
  }
}

function reply(message: Reply<unknown>, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

// The port queues what was sent before this line.
port.on('message', answer);
