import type { SharedSecret } from '../../crypto/index.ts';
import { SealroomError } from '../../errors/index.ts';
import type { Envelope, SecretMetadata } from '../envelope.ts';

/** The description of a provider and its key; nothing in it is secret. */
export interface ProviderDescription {
  /** Scheme of the provider's URIs, such as `aws-kms`. */
  readonly provider: string;
  /** The URI of the wrapping key, as in envelopes. */
  readonly key: string;
  /** Where the wrapping key is, in words. */
  readonly custody: string;
  /** Whether other programs of the same user can read the wrapping key, or the secret itself. */
  readonly isInsecure: boolean;
  /** Why the key cannot be used now; `null` if it can. */
  readonly problem: string | null;
}

/**
 * Holds a wrapping key: wraps shared secrets in envelopes, and unwraps its envelopes.
 *
 * It may call a service over a network, or a child process. The caller disposes of it.
 */
export interface KeyProvider extends AsyncDisposable {
  /** Scheme of the provider's URIs, and `provider` of its envelopes. */
  readonly scheme: string;
  /**
   * Wraps a secret, and authenticates with it what the envelope says: a changed envelope is refused.
   *
   * @throws {SealroomError} CUSTODY_UNAVAILABLE, CUSTODY_DENIED if the key cannot be used; within 5 seconds.
   */
  wrap(secret: SharedSecret, facts: SecretFacts): Promise<Envelope>;
  /**
   * Unwraps an envelope.
   *
   * @returns the secret, which the caller disposes of; `null` if another provider, or another key of this one, wrapped it
   * @throws {SealroomError} CUSTODY_ENVELOPE if it is this key's but was changed; CUSTODY_UNAVAILABLE, CUSTODY_DENIED if the key
   *   cannot be used; within 5 seconds; SECRET_* if a passphrase, PIN or file is wrong.
   */
  unwrap(envelope: Envelope): Promise<SharedSecret | null>;
  /** Describes the provider and whether its key works. It does not throw for a problem with the key. */
  describe(): Promise<ProviderDescription>;
}

/** What an envelope will say of a secret, besides its id, which is derived from the secret. */
export type SecretFacts = Omit<SecretMetadata, 'secretId'>;

/** A question for a passphrase or PIN. */
export interface PassphraseRequest {
  /** What it opens, such as `keystore /home/a/keystore`. */
  readonly what: string;
  /** Whether it is a new passphrase, which is asked for twice. */
  readonly isNew: boolean;
}

/** The environment of providers. */
export interface ProviderContext {
  readonly env: NodeJS.ProcessEnv;
  /** The base of relative paths in a key's URI, absolute. */
  readonly cwd: string;
  /** Asks a person, or reads from a file descriptor. Never takes an argument of the command line. */
  readonly askPassphrase: (question: PassphraseRequest) => Promise<string>;
  /** Whether to open only providers that use the cryptography of OpenSSL, a token or a service: see `requireFips`. */
  readonly isFips?: boolean;
  /** The base-2 logarithm of scrypt's cost for a new keystore; default: that of age, 18. Only tests lower it. */
  readonly scryptLogN?: number | undefined;
  /** Called for something that works but is unsafe. */
  readonly warn: (message: string) => void;
}

/** Tries a key and returns its problem; `null` if it works. */
export async function problemOf(attempt: () => Promise<unknown>): Promise<string | null> {
  try {
    await attempt();
    return null;
  } catch (error) {
    return error instanceof SealroomError ? error.message : 'it cannot be read';
  }
}
