import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SealroomError } from '../../../errors/index.ts';
import { tokenError } from './errors.ts';
import type { TokenReply, TokenRequest } from './messages.ts';

const TIMEOUT_MS = 4500;

/** The time limit of one operation for all its requests; waiting for a person does not count. */
export class Budget {
  #leftMs = TIMEOUT_MS;

  /** Waits for a result. @throws {SealroomError} CUSTODY_UNAVAILABLE when the time is over. */
  async spend<T>(result: Promise<T>): Promise<T> {
    const started = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        const message = `the token did not answer within ${String(TIMEOUT_MS)} ms`;
        reject(new SealroomError('CUSTODY_UNAVAILABLE', message, { hint: 'check its connection, and try again' }));
      }, this.#leftMs);
    });
    try {
      return await Promise.race([result, late]);
    } finally {
      clearTimeout(timer);
      this.#leftMs = Math.max(0, this.#leftMs - (performance.now() - started));
    }
  }
}

interface Waiting {
  readonly resolve: (reply: TokenReply) => void;
  readonly reject: (error: SealroomError) => void;
}

/** A process with a PKCS#11 module. It is killed when a request takes too long, and cannot be used after that. */
export class TokenProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #waiting: Waiting[] = [];
  #isGone = false;

  /** Starts the process with the environment, which configures modules, but without secrets. */
  constructor(env: NodeJS.ProcessEnv) {
    const passed = Object.entries(env).filter(([name]) => !/^(C3R|SEALROOM)_/.test(name));
    this.#child = fork(fileURLToPath(new URL('./child.js', import.meta.url)), {
      env: Object.fromEntries(passed),
      execArgv: [],
      // Modules may print anything.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    });
    this.#child.on('message', (reply: TokenReply) => {
      this.#waiting.shift()?.resolve(reply);
    });
    this.#exited = new Promise((resolve) => {
      const end = (): void => {
        this.#isGone = true;
        for (const { reject } of this.#waiting.splice(0)) reject(goneError());
        resolve();
      };
      // Fires if the process could not be started.
      this.#child.once('error', end);
      this.#child.once('exit', end);
    });
    // An idle process does not keep this one alive; requests do, by their timers.
    this.#child.unref();
    this.#child.channel?.unref();
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @throws {SealroomError} as {@link tokenError}; CUSTODY_UNAVAILABLE if the process ended or took too long.
   */
  async ask(request: TokenRequest, budget: Budget): Promise<Exclude<TokenReply, { readonly kind: 'failed' }>> {
    let reply: TokenReply;
    try {
      reply = await budget.spend(this.#send(request));
    } catch (error) {
      this.#child.kill('SIGKILL');
      throw error;
    }
    if (reply.kind === 'failed') throw tokenError(reply.failure);
    return reply;
  }

  /** Kills the process, and waits until it has exited. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    this.#child.ref();
    await this.#exited;
  }

  #send(request: TokenRequest): Promise<TokenReply> {
    return new Promise((resolve, reject) => {
      if (this.#isGone) throw goneError();
      this.#waiting.push({ resolve, reject });
      // If the message does not arrive, the end of the process reports it.
      this.#child.send(request, () => undefined);
    });
  }
}

function goneError(): SealroomError {
  return new SealroomError('CUSTODY_UNAVAILABLE', 'the process with the PKCS#11 module ended', {
    hint: 'the module may have crashed: check `module-path` in the URI of the key',
  });
}
