import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { ReleaseClock } from 'sealroom/query';
import { runCli } from '#cli/run';

/** A secret, an id and the command line, in a directory of its own. */
export const SECRET = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
export const ID = '00000000-1111-2222-3333-444444444444';

/** Answers of rooms come as soon as they are there, and not at whole seconds. */
export const AT_ONCE: ReleaseClock = { elapsedMs: () => performance.now(), wait: () => Promise.resolve() };

/** A passphrase is tried in about no time. */
export const LOW_COST = 4;

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string | Uint8Array;
  readonly signal?: AbortSignal;
  readonly isTerminal?: boolean;
  /** The cost of new keystores; that of the command itself, which takes a second, if null. */
  readonly scryptLogN?: number | null;
}

export class Session implements AsyncDisposable {
  readonly directory: string;
  /** The clock of its commands; the system's, unless it is set. */
  now: (() => Date) | undefined;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async start(files: Readonly<Record<string, string | Uint8Array>> = {}): Promise<Session> {
    const session = new Session(await mkdtemp(join(tmpdir(), 'sealroom-test-')));
    for (const [name, content] of Object.entries(files)) await session.put(name, content);
    return session;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  async put(name: string, content: string | Uint8Array): Promise<void> {
    await writeFile(this.path(name), content);
  }

  async text(name: string): Promise<string> {
    return readFile(this.path(name), 'utf8');
  }

  /** All names in the directory, temporary files included. */
  async names(): Promise<string[]> {
    return (await readdir(this.directory)).sort();
  }

  /** Runs `sealroom <argv>` in this process, in the session's directory. */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    const stderr = Object.assign(new PassThrough(), options.isTerminal === true ? { isTTY: true, columns: 100 } : {});
    const out = collect(stdout);
    const err = collect(stderr);
    stdin.end(options.input ?? '');
    const code = await runCli({
      argv,
      env: options.env ?? { C3R_SHARED_SECRET: SECRET },
      cwd: this.directory,
      stdin,
      stdout,
      stderr,
      signal: options.signal,
      clock: AT_ONCE,
      now: this.now,
      scryptLogN: options.scryptLogN === null ? undefined : (options.scryptLogN ?? LOW_COST),
    });
    stdout.end();
    stderr.end();
    return { code, out: await out, err: await err };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

async function collect(stream: PassThrough): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of stream as AsyncIterable<Uint8Array>) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
