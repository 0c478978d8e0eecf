import type { SharedSecret } from '../../crypto/index.ts';
import {
  KEY_VARIABLE,
  type KeyProvider,
  openProvider,
  type ProviderContext,
  type StoredEnvelope,
  unwrapEnvelope,
} from '../../custody/index.ts';

/** The providers of one action: each is opened once, so that it asks for its passphrase once; all are closed at the end. */
export class ProviderPool implements AsyncDisposable {
  readonly #context: ProviderContext;
  readonly #open = new Map<string, Promise<KeyProvider>>();

  constructor(context: ProviderContext) {
    this.#context = context;
  }

  /** Returns the provider of a key. @throws {SealroomError} as `openProvider`. */
  provider(uri: string): Promise<KeyProvider> {
    const open = this.#open.get(uri) ?? openProvider(uri, this.#context);
    this.#open.set(uri, open);
    return open;
  }

  /**
   * Unwraps the secret of an envelope, which the caller disposes of.
   *
   * @param key URI of the key that opens it; default: as the variable says, else the key that the envelope names
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
