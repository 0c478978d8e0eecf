import { workerData } from 'node:worker_threads';

// A thread of the process with the PKCS#11 module. The module's calls block the other one, which then does not notice that its
// parent is gone: it would stay, with the PIN and the secret in its memory, for as long as a token hangs.

const INTERVAL_MS = 500;

setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
}, INTERVAL_MS);
