import { Worker } from 'node:worker_threads';
import { checkQuery, QueryParser, type Verdict, verifyFixes } from '../../query/index.ts';
import { type CheckReply, type CheckRequest, MAX_CHECK_CPU_MS } from './check-messages.ts';

// The process that parses and checks queries. It has no data, and it is killed if a query takes it too long.

// Without its parent the process is useless; the engine's threads would keep it from ending by itself.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

// A signal is for the process that started this one, which kills it; and SIGUSR1 must not open the inspector.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR1'] as const) process.on(signal, () => undefined);

/** The number of the running check; 0 for none. The watching thread reads it. */
const running = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
let checks = 0;

function reply(message: CheckReply): void {
  process.send?.(message);
}

/** The processor time of this process since a point, in ms. */
function cpuMsSince(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1000;
}

async function answer({ text, context }: CheckRequest): Promise<void> {
  const started = process.cpuUsage();
  checks += 1;
  Atomics.store(running, 0, checks);
  Atomics.notify(running, 0);
  // A template that does not exist has no text; then the check reports that and nothing else.
  const isUnknown = context.template !== undefined && text === '';
  const { dialect } = context.manifest;
  const parsed = isUnknown ? { text, dialect, statement: null, findings: [] } : await parser.parse(text, dialect);
  const check = async (changed: string): Promise<Verdict> => checkQuery(await parser.parse(changed, dialect), context);
  const first = checkQuery(parsed, context);
  const firstCpuMs = cpuMsSince(started);
  // Findings must not be lost because fixes take long: there has to be time for one more check like the first.
  const verdict = await verifyFixes(text, first, check, () => cpuMsSince(started) + firstCpuMs < MAX_CHECK_CPU_MS / 2);
  Atomics.store(running, 0, 0);
  Atomics.notify(running, 0);
  reply({ kind: 'checked', verdict });
}

// What a thread reserves for its code can count towards the memory of the process.
const resourceLimits = { codeRangeSizeMb: 16 };
new Worker(new URL('./check-watch.js', import.meta.url), { workerData: running, resourceLimits });
const parser = await QueryParser.open();
process.on('message', (request: CheckRequest) => {
  // Whatever goes wrong, the end of the process says so.
  answer(request).catch(() => process.kill(process.pid, 'SIGKILL'));
});
reply({ kind: 'ready' });
