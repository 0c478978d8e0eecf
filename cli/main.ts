#!/usr/bin/env node
import { guardProcess } from './guard-process.ts';

const env = guardProcess(process);

const abort = new AbortController();
const stop = (): void => {
  abort.abort();
  // A second signal ends at once.
  process.once('SIGINT', () => process.exit(130));
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
// That of a terminal that was closed; a service reads its certificate again.
process.once('SIGHUP', stop);
const onHangUp = (listener: () => void): void => {
  process.off('SIGHUP', stop).on('SIGHUP', listener);
};
// A reader that closes the pipe, such as `head`, ends the command quietly. What was stopped has yet to remove its files.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (!abort.signal.aborted) process.exit(error.code === 'EPIPE' ? 0 : 1);
});
// There is nowhere to say it.
process.stderr.on('error', () => undefined);

// Stacks then lead into the sources. To read the maps takes as long as a small command, so only who asks for stacks waits for them.
if (process.argv.includes('--debug')) process.setSourceMapsEnabled(true);

// Asked at each press of Tab, and by scripts: without the parser, which takes longer to load than these take.
const [first, ...words] = process.argv.slice(2);
if (first === '--complete') {
  const { answerCompletion } = await import('./completion/answer.ts');
  process.stdout.write(await answerCompletion(process.cwd(), words));
} else if (words.length === 0 && (first === '--version' || first === '-V')) {
  const { VERSION } = await import('./version.ts');
  process.stdout.write(`${VERSION}\n`);
} else {
  await run();
}

async function run(): Promise<void> {
  const { runCli } = await import('./run.ts');
  process.exitCode = await runCli({
    argv: process.argv.slice(2),
    env,
    cwd: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: abort.signal,
    onHangUp,
  });
}
