import { type KeyProvider, openProvider, type ProviderContext } from '../src/custody/index.ts';

/** Providers that one command uses: each is opened once, so that its passphrase is asked for once; all are closed at the end. */
export class ProviderPool implements AsyncDisposable {
  readonly #context: ProviderContext;
  readonly #open = new Map<string, Promise<KeyProvider>>();

  constructor(context: ProviderContext) {
    this.#context = context;
  }

  /** The provider of a key. @throws {SealroomError} as `openProvider`. */
  provider(uri: string): Promise<KeyProvider> {
    const open = this.#open.get(uri) ?? openProvider(uri, this.#context);
    this.#open.set(uri, open);
    return open;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await Promise.allSettled(this.#open.values());
    for (const each of opened) if (each.status === 'fulfilled') await each.value[Symbol.asyncDispose]();
  }
}
