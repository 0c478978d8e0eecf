import type { SharedSecret } from '../../crypto/index.ts';
import { SealroomError } from '../../errors/index.ts';
import type { Envelope, SecretMetadata } from '../envelope.ts';

/** What a provider can say of itself and its key; nothing in it is secret. */
export interface ProviderDescription {
  /** Scheme of the provider's URIs, such as `aws-kms`. */
  readonly provider: string;
  /** Names the wrapping key as envelopes do. */
  readonly key: string;
  /** Where the wrapping key is, in words. */
  readonly custody: string;
  /** Whether other programs of the same user can read the wrapping key, or the secret itself. */
  readonly isInsecure: boolean;
  /** Whether the key was found, and can be used, just now; else why not. */
  readonly problem: string | null;
}

/**
 * What holds a wrapping key: wraps shared secrets into envelopes, and unwraps the envelopes that it made.
 *
 * It may ask a service over a network, or a process of its own. The caller disposes of it.
 */
export interface KeyProvider extends AsyncDisposable {
  /** Scheme of the provider's URIs, and `provider` of its envelopes. */
  readonly scheme: string;
  /**
   * Wraps a secret. The metadata is authenticated with it: an envelope in which it was changed is refused.
   *
   * @throws {SealroomError} CUSTODY_UNAVAILABLE, CUSTODY_DENIED if the key cannot be used; within 5 seconds.
   */
  wrap(secret: SharedSecret, metadata: SecretMetadata): Promise<Envelope>;
  /**
   * Unwraps an envelope.
   *
   * @returns the secret, which the caller disposes of; `null` if another provider, or another key of this one, made the envelope
   * @throws {SealroomError} CUSTODY_ENVELOPE if it is this key's but was changed; CUSTODY_UNAVAILABLE, CUSTODY_DENIED if the key
   *   cannot be used; within 5 seconds; SECRET_* if a passphrase, PIN or file is wrong.
   */
  unwrap(envelope: Envelope): Promise<SharedSecret | null>;
  /** What the provider is and whether it works; throws for nothing that is wrong with the key. */
  describe(): Promise<ProviderDescription>;
}

/** What is asked for: a passphrase or PIN. */
export interface PassphraseRequest {
  /** What it opens, such as `keystore /home/a/keys.json`. */
  readonly what: string;
  /** Whether it is a new one, which is asked for twice. */
  readonly isNew: boolean;
}

/** What providers get from whoever runs them. */
export interface ProviderContext {
  readonly env: NodeJS.ProcessEnv;
  /** The directory that relative paths in a key's URI start from, absolute. */
  readonly cwd: string;
  /** Asks a person, or reads what was handed over in a file descriptor. Never from an argument of the command line. */
  readonly askPassphrase: (question: PassphraseRequest) => Promise<string>;
  /** Whether only providers are opened whose cryptography is OpenSSL's or that of a token or service: see `requireFips`. */
  readonly isFips?: boolean;
  /** The base-2 logarithm of scrypt's cost for a new keystore; without it that of age, 18. Only tests lower it. */
  readonly scryptLogN?: number | undefined;
  /** Tells of something that works and is unsafe. */
  readonly warn: (message: string) => void;
}

/** What is wrong with a key, by the error of trying it; `null` if that works. */
export async function problemOf(attempt: () => Promise<unknown>): Promise<string | null> {
  try {
    await attempt();
    return null;
  } catch (error) {
    return error instanceof SealroomError ? error.message : 'it cannot be read';
  }
}
