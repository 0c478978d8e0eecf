import type { SharedSecret } from '../../crypto/index.ts';
import {
  KEY_VARIABLE,
  type KeyProvider,
  openProvider,
  type ProviderContext,
  type StoredEnvelope,
  unwrapEnvelope,
} from '../../custody/index.ts';

/** Providers that one action uses: each is opened once, so that its passphrase is asked for once; all are closed at the end. */
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

  /**
   * The secret of an envelope, which the caller disposes of.
   *
   * @param key URI of the key that opens it, before the variable for it and the one that the envelope names
   * @throws {SealroomError} as `openProvider` and `unwrapEnvelope`
   */
  async unwrap({ envelope, file }: StoredEnvelope, key: string | undefined): Promise<SharedSecret> {
    const provider = await this.provider(key ?? this.#context.env[KEY_VARIABLE] ?? envelope.key);
    return unwrapEnvelope(envelope, provider, { file });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await Promise.allSettled(this.#open.values());
    for (const each of opened) if (each.status === 'fulfilled') await each.value[Symbol.asyncDispose]();
  }
}
