import type { CreateWorker } from '../../../workers/index.ts';
import { LineThread, type LineJob, type LineResult, type LineThreadSetup } from './line-thread.ts';

/** Creates the worker of a thread that deals and protects the rows of a table. */
export const createWorker: CreateWorker<LineThreadSetup, LineJob, LineResult> = (setup) => {
  const thread = new LineThread(setup);
  return {
    run(job) {
      const result = thread.run(job);
      return { result, transfer: [] };
    },
    close() {
      thread.close();
    },
  };
};
