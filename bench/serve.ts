// How many checks a room over the network answers: npm run bench:serve -- --help
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loadTable } from 'sealroom/room';
import { contentDigest, signRequest } from 'sealroom/wire';
import { createBigRoom, JOIN_QUERY } from './big-room.ts';
import { describeLoad } from './load.ts';
import { markdownTable, number, text } from './markdown.ts';
import { BenchError } from './process.ts';
import { descendantsOf } from './process-tree.ts';
import { MAIN } from './tables.ts';

const USAGE = `npm run bench:serve -- [options]

Checks that a room over the network answers in a second, over TLS, with the clients on the same machine; and the CPU time of the room for
each of them, with that of the process that checks.

  --clients N   how many ask at the same time, each with a key of its own (200);
                who is refused asks again after a second
  --seconds N   how long each kind of question is asked (15)
  --help`;

/** Rows of the two tables, which checks do not read. */
const ROWS = 2000;

/** Clock ticks in a second, by which Linux counts CPU time. */
const TICKS = 100;

/** The room refuses requests from before its start. */
const WARM_UP_MS = 2500;

/** What clients ask, by the number of the request. */
const QUESTIONS: readonly (readonly [name: string, sql: (index: number) => string])[] = [
  ['the same text', () => JOIN_QUERY],
  [
    'a new text each time',
    (index) => JOIN_QUERY.replace(' GROUP BY', ` WHERE i.region <> 'region${String(index)}' GROUP BY`),
  ],
];

const FIGURES = markdownTable([
  text('checks', 20),
  number('answers/s'),
  number('p50 ms', 7),
  number('p99 ms', 7),
  number('CPU ms each'),
  number('refused', 7),
  number('room MiB', 8),
]);

/** A room that is served by the command. */
interface Service {
  readonly origin: string;
  readonly ca: string;
  readonly process: ChildProcessByStdio<null, Readable, null>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (typeof address !== 'object' || address === null) throw new BenchError('no port is free', 1);
  return address.port;
}

/** Serves a room as its operator does, with limits that let all clients come from one address. */
async function serve(folder: string, directory: string, clients: number): Promise<Service> {
  const run = (...args: string[]): void => {
    execFileSync(process.execPath, [MAIN, ...args], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  };
  run('room', 'ca', 'init', 'authority', '--name', '127.0.0.1');
  run('room', 'ca', 'issue', 'authority', '--name', '127.0.0.1');
  const place = `127.0.0.1:${String(await freePort())}`;
  const origin = `https://${place}`;
  await writeFile(
    join(folder, 'serve.yaml'),
    `limits: { connections: 2000, connectionsPerAddress: ${String(clients + 50)} }\n`,
  );
  const child = spawn(
    process.execPath,
    [
      ...[MAIN, 'room', 'serve', directory, '--config', 'serve.yaml', '--origin', origin, '--listen', place, '--json'],
      ...['--tls-key', join('authority', 'key.pem'), '--tls-cert', join('authority', 'cert.pem')],
    ],
    { cwd: folder, env: { ...process.env, C3R_SHARED_SECRET: undefined }, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const ended = once(child, 'exit').then(() => {
    throw new BenchError('the room could not be served', 1);
  });
  await Promise.race([once(child.stdout, 'data'), ended]);
  return { origin, ca: await readFile(join(folder, 'authority', 'ca.pem'), 'utf8'), process: child };
}

/** The CPU time of a process and of all that it has started, in seconds, and what it has in memory, in MiB. */
function lookAt(pid: number): { readonly cpuSeconds: number; readonly residentMiB: number } {
  const ticks = [pid, ...descendantsOf(pid)].map((each) => {
    // After the name, which may have blanks: fields 14 and 15 of proc(5).
    const fields =
      readFileSync(`/proc/${String(each)}/stat`, 'utf8')
        .split(') ')[1]
        ?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  });
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  const residentMiB = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
  return { cpuSeconds: ticks.reduce((sum, each) => sum + each, 0) / TICKS, residentMiB };
}

/** Sends a signed check; returns the status of its answer. */
async function check({ origin, ca }: Service, agent: Agent, key: KeyObject, sql: string): Promise<number> {
  const body = Buffer.from(JSON.stringify({ sql }));
  const target = '/v1/checks';
  const headers = { 'content-type': 'application/json', 'content-digest': contentDigest(body) };
  const signature = signRequest(
    { method: 'POST', target, headers: Object.entries(headers) },
    { key, origin, now: new Date() },
  );
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${origin}${target}`,
      { method: 'POST', agent, ca, headers: { ...headers, ...signature, 'content-length': String(body.length) } },
      (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    outgoing.on('error', reject).end(body);
  });
}

/** Asks with all keys at the same time, each as soon as it has its answer, and prints how that went. */
async function measure(service: Service, keys: readonly KeyObject[], seconds: number, at: number): Promise<void> {
  const [name, sqlOf] = QUESTIONS[at] ?? ['', () => ''];
  const agents = keys.map(() => new Agent({ keepAlive: true, maxSockets: 1, minVersion: 'TLSv1.3', ca: service.ca }));
  // Connections are made before.
  await Promise.all(keys.map((key, index) => check(service, agents[index] ?? new Agent(), key, sqlOf(-1 - index))));
  const pid = service.process.pid ?? 0;
  const before = lookAt(pid);
  const started = performance.now();
  const waits: number[] = [];
  let asked = 0;
  let refused = 0;
  await Promise.all(
    keys.map(async (key, index) => {
      const agent = agents[index] ?? new Agent();
      while (performance.now() - started < seconds * 1000) {
        asked += 1;
        const sent = performance.now();
        const status = await check(service, agent, key, sqlOf(asked));
        if (status === 200) waits.push(performance.now() - sent);
        else if (status === 503 || status === 429) {
          refused += 1;
          // As the answer asks for.
          await sleep(1000);
        } else throw new BenchError(`a check was answered with status ${String(status)}`, 1);
      }
    }),
  );
  const elapsed = (performance.now() - started) / 1000;
  const after = lookAt(pid);
  for (const agent of agents) agent.destroy();
  waits.sort((a, b) => a - b);
  const quantile = (share: number): string => (waits[Math.floor(waits.length * share)] ?? Number.NaN).toFixed(0);
  const cells = [
    (waits.length / elapsed).toFixed(0),
    quantile(0.5),
    quantile(0.99),
    (((after.cpuSeconds - before.cpuSeconds) * 1000) / waits.length).toFixed(2),
    String(refused),
    after.residentMiB.toFixed(0),
  ];
  process.stdout.write(`${FIGURES.row([name, ...cells])}\n`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      clients: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '15' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const [clients, seconds] = [Number(values.clients), Number(values.seconds)];
  if (!Number.isInteger(clients) || clients < 1 || !(seconds > 0))
    throw new BenchError('both numbers must be above 0', 2);
  const folder = await mkdtemp(join(tmpdir(), 'sealroom-bench-'));
  let service: Service | null = null;
  try {
    const keys = Array.from({ length: clients }, () => generateKeyPairSync('ed25519').privateKey);
    const { directory, tables } = await createBigRoom(folder, ROWS, keys);
    for (const { name, file } of tables) {
      await loadTable({ directory, table: name, input: file, now: () => new Date() });
    }
    service = await serve(folder, directory, clients);
    await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
    process.stdout.write(
      `Node ${process.versions.node}, ${String(availableParallelism())} processors, load ${describeLoad()}, ` +
        `${String(clients)} clients, ${String(seconds)} s each\n\n${FIGURES.head}\n`,
    );
    for (const at of QUESTIONS.keys()) await measure(service, keys, seconds, at);
  } finally {
    if (service !== null) {
      service.process.kill('SIGTERM');
      await once(service.process, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof BenchError)) throw error;
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = error.exitCode;
}
