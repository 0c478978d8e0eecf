import { workerData } from 'node:worker_threads';
import { MAX_CHECK_CPU_MS } from './check-messages.ts';

// The thread that ends the check process if a check takes too much processor time. Neither the parser nor the checker can be
// interrupted, and the process outside sees only time that passes, which on a busy machine is another measure.

/** How often it looks, in ms. */
const INTERVAL_MS = 20;

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

if (workerData instanceof Int32Array) {
  for (;;) {
    Atomics.wait(workerData, 0, 0);
    const check = Atomics.load(workerData, 0);
    const start = cpuMs();
    while (check !== 0 && Atomics.load(workerData, 0) === check) {
      if (cpuMs() - start > MAX_CHECK_CPU_MS) process.kill(process.pid, 'SIGKILL');
      Atomics.wait(workerData, 0, check, INTERVAL_MS);
    }
  }
}
