import type { SharedSecret } from '../../crypto/index.ts';
import {
  chooseKey,
  KEY_VARIABLE,
  type KeyProvider,
  openProvider,
  type StoredEnvelope,
  unwrapEnvelope,
} from '../../custody/index.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';

/** The providers of one action: each is opened once, so that it asks for its passphrase once; all are closed at the end. */
export class ProviderPool implements AsyncDisposable {
  readonly #environment: MemberEnvironment;
  readonly #open = new Map<string, Promise<KeyProvider>>();

  constructor(environment: MemberEnvironment) {
    this.#environment = environment;
  }

  /** Returns the provider of a key. @throws {SealroomError} as `openProvider`. */
  provider(uri: string): Promise<KeyProvider> {
    const open = this.#open.get(uri) ?? openProvider(uri, this.#environment);
    this.#open.set(uri, open);
    return open;
  }

  /**
   * Unwraps the secret of an envelope, which the caller disposes of.
   *
   * @param key URI of the key that opens it; default: as the variable says, else the key that the envelope names
   * @throws {SealroomError} as `chooseKey`, `openProvider` and `unwrapEnvelope`
   */
  async unwrap(stored: StoredEnvelope, key: string | undefined): Promise<SharedSecret> {
    const named = key ?? this.#environment.env[KEY_VARIABLE];
    const { uri, remember } = await chooseKey(homeOf(this.#environment), stored, named, this.#environment);
    const secret = await unwrapEnvelope(stored.envelope, await this.provider(uri), { file: stored.file });
    try {
      await remember();
      return secret;
    } catch (error) {
      secret[Symbol.dispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await Promise.allSettled(this.#open.values());
    for (const each of opened) if (each.status === 'fulfilled') await each.value[Symbol.asyncDispose]();
  }
}
