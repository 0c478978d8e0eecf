import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The command as it is installed. */
const SEALROOM = fileURLToPath(new URL('../../dist/bin/sealroom.js', import.meta.url));
const TOUR = fileURLToPath(new URL('../tour/', import.meta.url));
const EXPECTED = readFileSync(join(TOUR, 'expected/answer.csv'), 'utf8');

/** Who types a command, in a folder of that name. */
type Party = 'shop' | 'paper' | 'operator';

/** What ends the demo: a command that did not do what it is shown for. */
class Unexpected extends Error {}

function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

function heading(text: string): void {
  say(`\n== ${text}\n`);
}

/** A port on which nothing listens now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Unexpected('no port');
  return address.port;
}

/** The commands of all parties, each in a folder of its own below `folder`. */
class Story {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Runs a command as a party. Its answer and messages are shown, unless it only prepares. */
  run(party: Party, args: readonly string[], how: { input?: string; isShown?: boolean; code?: number } = {}): string {
    const { input = '', isShown = true, code = 0 } = how;
    if (isShown) say(`${party}$ sealroom ${args.map(quote).join(' ')}`);
    const done = spawnSync(process.execPath, [SEALROOM, ...args], {
      cwd: join(this.#folder, party),
      // Nobody's home or secret is in the environment.
      env: { PATH: process.env['PATH'] },
      input,
      encoding: 'utf8',
    });
    const output = `${done.stderr}${done.stdout}`.trimEnd();
    if (done.status !== code) {
      throw new Unexpected(`\`sealroom ${args.join(' ')}\` ended with ${String(done.status)}:\n${output}`);
    }
    if (isShown) say(`${indent(output)}\n`);
    return done.stdout;
  }

  /** Runs a command as a party, and keeps its answer in a file. */
  save(party: Party, args: readonly string[], file: string): void {
    say(`${party}$ sealroom ${args.map(quote).join(' ')} > ${file}\n`);
    writeFileSync(join(this.#folder, party, file), this.run(party, args, { isShown: false }));
  }

  /** Starts a room, and resolves when it answers. */
  async serve(args: readonly string[], isReady: RegExp): Promise<ChildProcess> {
    say(`operator$ sealroom ${args.map(quote).join(' ')} &`);
    const server = spawn(process.execPath, [SEALROOM, ...args], {
      cwd: join(this.#folder, 'operator'),
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    await new Promise<void>((resolve, reject) => {
      const take = (bytes: Buffer): void => {
        output += bytes.toString();
        if (isReady.test(output)) resolve();
      };
      server.stdout.on('data', take);
      server.stderr.on('data', take);
      server.once('exit', () => {
        reject(new Unexpected(`the room did not start:\n${output}`));
      });
    });
    say(`${indent(output.split('\n').slice(0, 4).join('\n').trimEnd())}\n`);
    return server;
  }

  /** Hands a file from one party to another. */
  hand(from: Party, name: string, to: Party): void {
    cpSync(join(this.#folder, from, name), join(this.#folder, to, name));
  }

  read(party: Party, name: string): string {
    return readFileSync(join(this.#folder, party, name), 'utf8');
  }
}

function quote(word: string): string {
  return /^[\w./:=@,-]+$/.test(word) ? word : `"${word}"`;
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`.trimEnd())
    .join('\n');
}

/** What the tutorial explains: keys, manifest, signatures, the secret, and two encrypted tables. */
function prepare(story: Story): void {
  const quiet = { isShown: false };
  const key = ['--home', 'home', '--key', 'age:home/receive.key'];
  const table = (name: string, file: string, rule: readonly string[]): readonly string[] => {
    return ['collab', 'add-table', name, '--schema', `${file}.schema.json`, '--data', `${file}.csv`, ...rule];
  };
  const start = ['collab', 'init', 'spring.yaml', '--as', 'shop', '--name', 'Spring campaign', ...key];
  story.run('shop', [...start, '--allow-cleartext', '--allow-duplicates'], quiet);
  story.run('shop', ['schema', 'purchases.csv', '--suggest', '--output', 'purchases.schema.json'], quiet);
  story.run('shop', table('purchases', 'purchases', ['--rule', 'aggregation', '--min', '5']), quiet);
  story.hand('shop', 'spring.yaml', 'paper');
  story.run('paper', ['collab', 'join', 'spring.yaml', '--as', 'paper', ...key], quiet);
  story.run('paper', ['schema', 'readers.csv', '--suggest', '--output', 'readers.schema.json'], quiet);
  const rule = ['--rule', 'aggregation', '--min', '10', '--foreign-measures'];
  story.run('paper', table('readers', 'readers', rule), quiet);
  story.run('paper', ['collab', 'sign'], quiet);
  story.hand('paper', 'spring.yaml', 'shop');
  story.run('shop', ['collab', 'sign'], quiet);
  story.run('shop', ['key', 'send', '--to', 'paper'], { ...quiet, input: 'yes\n' });
  story.hand('shop', 'spring.yaml', 'paper');
  story.run('paper', ['key', 'receive'], { ...quiet, input: 'yes\n' });
  story.run('shop', ['encrypt', '--table', 'purchases'], quiet);
  story.run('paper', ['encrypt', '--table', 'readers'], quiet);
}

async function play(folder: string): Promise<void> {
  for (const party of ['shop', 'paper'] as const) cpSync(join(TOUR, party), join(folder, party), { recursive: true });
  cpSync(join(TOUR, 'sales-by-region.sql'), join(folder, 'shop/sales-by-region.sql'));
  mkdirSync(join(folder, 'operator'));
  const story = new Story(folder);

  say('A shop and a newspaper have agreed on rules and on a secret, and encrypted a table each: docs/tutorial.md.');
  say('Here their room is a service. Each folder is a machine, and only what is printed is handed over.');
  prepare(story);

  heading('The operator starts a room, with certificates by an authority of its own');
  story.hand('shop', 'spring.yaml', 'operator');
  story.run('operator', ['room', 'init', 'desk', '--manifest', 'spring.yaml']);
  story.run('operator', ['room', 'ca', 'init', 'ca', '--name', 'localhost']);
  story.run('operator', ['room', 'ca', 'issue', 'ca', '--name', 'localhost']);
  const address = `https://localhost:${String(await freePort())}`;
  const server = await story.serve(
    [
      ...['room', 'serve', 'desk', '--origin', address, '--listen', address.replace('https://localhost', '127.0.0.1')],
      ...['--tls-key', 'ca/key.pem', '--tls-cert', 'ca/cert.pem'],
    ],
    /listen/i,
  );
  try {
    say('The operator tells the members the address, the key of the room (room.pub) and its authority (ca.pem).');
    for (const party of ['shop', 'paper'] as const) {
      cpSync(join(folder, 'operator/ca/ca.pem'), join(folder, party, 'ca.pem'));
      cpSync(join(folder, 'operator/desk/runner.pub'), join(folder, party, 'room.pub'));
    }
    const room = ['--room', address, '--ca', 'ca.pem'];
    const trust = ['--trust', 'room.pub'];

    heading('Both send their tables: each request is signed with the member’s own key');
    story.run('paper', ['room', 'add', 'readers', 'readers.protected.parquet', ...room, ...trust]);
    story.run('shop', ['room', 'add', 'purchases', 'purchases.protected.parquet', ...room, ...trust]);
    story.run('shop', ['room', 'list', ...room]);

    heading('The shop asks for single rows, and is refused');
    story.run('shop', ['query', 'SELECT email_fingerprint, amount FROM purchases', ...room], { code: 3 });

    heading('The shop asks for sums, and opens the answer: nobody else can, the operator neither');
    story.run('shop', ['query', '--file', 'sales-by-region.sql', ...room, '--package', 'answer.age']);
    story.run('shop', ['decrypt', 'answer.age', ...trust, '--output', 'answer.csv']);
    const answer = story.read('shop', 'answer.csv');
    say(`shop$ cat answer.csv\n${indent(answer.trimEnd())}`);

    heading('The newspaper checks what was asked of its table');
    story.save('paper', ['audit', 'export', ...room], 'records.jsonl');
    story.run('paper', ['audit', 'verify', 'records.jsonl', ...trust]);

    if (answer !== EXPECTED) throw new Unexpected('the answer is not that of samples/tour/expected');
    say('The answer is that of the cleartext, and the log agrees with it.');
  } finally {
    server.kill('SIGTERM');
  }
}

const folder = mkdtempSync(join(tmpdir(), 'sealroom-network-'));
try {
  await play(folder);
} catch (error) {
  if (!(error instanceof Unexpected)) throw error;
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
