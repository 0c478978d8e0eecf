import { EngineProcess } from './engine-process.ts';
import type { EngineLimits } from './engine-messages.ts';

/**
 * A pool of engine processes that are started before they are needed. At most `size` queries run at the same time, and the others
 * wait for their turn. Each process serves a single query.
 */
export class EnginePool implements AsyncDisposable {
  readonly #limits: EngineLimits;
  readonly #ready: EngineProcess[] = [];
  readonly #running = new Set<EngineProcess>();
  readonly #waiting: (() => void)[] = [];
  #free: number;
  #isOpen = true;

  /** @param size number of queries that run at the same time, at least 1 */
  constructor(size: number, limits: EngineLimits) {
    this.#limits = limits;
    this.#free = size;
    for (let count = 0; count < size; count += 1) this.#ready.push(new EngineProcess(limits));
  }

  /** Calls a function with a fresh process, and then kills the process. */
  async use<T>(work: (engine: EngineProcess) => Promise<T>): Promise<T> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free -= 1;
    try {
      return await this.#useOne(this.#take(), work);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  async #useOne<T>(engine: EngineProcess, work: (engine: EngineProcess) => Promise<T>): Promise<T> {
    this.#running.add(engine);
    try {
      return await work(engine);
    } finally {
      await engine.kill();
      this.#running.delete(engine);
      if (this.#isOpen) this.#ready.push(new EngineProcess(this.#limits));
    }
  }

  /** Kills all processes; running queries fail. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false;
    await Promise.all([...this.#ready, ...this.#running].map((engine) => engine.kill()));
  }

  #take(): EngineProcess {
    const engine = this.#ready.shift();
    // A process that died while it waited is replaced.
    return engine?.isAlive === true ? engine : new EngineProcess(this.#limits);
  }
}
