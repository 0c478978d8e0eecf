// A job module for the tests of crews.
import { SealroomError } from '#src/errors/sealroom-error';

/**
 * @typedef {{ readonly kind: 'echo', readonly value: number, readonly ms: number }
 *   | { readonly kind: 'double', readonly bytes: Uint8Array<ArrayBuffer> }
 *   | { readonly kind: 'refuse' | 'crash' | 'exit' | 'hang' | 'print' | 'look' | 'unclonable' }} Job
 * @typedef {{ readonly start: 'well' | 'refuse' | 'crash', readonly closed: Int32Array, readonly key: Uint8Array }} Setup
 * @typedef {number | Uint8Array<ArrayBuffer> | readonly string[] | (() => void)} Result
 */

const REFUSAL = new SealroomError('DATA_VALUE', 'refused', {
  hint: 'ask for less',
  where: { file: 'a.csv', row: 7 },
  cause: new Error('not for other threads'),
});

/** @type {import('../../src/workers/index.ts').CreateWorker<Setup, Job, Result>} */
export const createWorker = (setup) => {
  if (setup.start === 'refuse') throw REFUSAL;
  if (setup.start === 'crash') throw new TypeError('crash');
  return {
    run(job) {
      if (job.kind === 'double') {
        const doubled = job.bytes.map((byte) => 2 * byte);
        return { result: doubled, transfer: [doubled.buffer] };
      }
      return { result: resultOf(job), transfer: [] };
    },
    close() {
      setup.key.fill(0);
      Atomics.add(setup.closed, 0, 1);
    },
  };
};

/**
 * @param {Exclude<Job, { readonly kind: 'double' }>} job
 * @returns {Result}
 */
function resultOf(job) {
  switch (job.kind) {
    case 'echo':
      if (job.ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, job.ms);
      return job.value;
    case 'look':
      return [...Object.keys(process.env), ...process.execArgv];
    case 'print':
      console.log('printed by a worker');
      console.error('printed by a worker');
      return 0;
    case 'unclonable':
      return () => undefined;
    case 'refuse':
      throw REFUSAL;
    case 'crash':
      throw new TypeError('crash');
    case 'exit':
      return process.exit(0);
    case 'hang':
      for (;;);
  }
}
