#!/usr/bin/env node
import { runCli } from './run.ts';

const abort = new AbortController();
const stop = (): void => {
  abort.abort();
  // A second signal ends at once.
  process.once('SIGINT', () => process.exit(130));
};
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
// A reader that closes the pipe, such as `head`, ends the command quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: abort.signal,
});
