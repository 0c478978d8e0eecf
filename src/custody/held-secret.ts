import type { SharedSecret } from '../crypto/index.ts';
import type { Envelope } from './envelope.ts';

/** Which secret is wanted, and where to look for it. */
export interface SecretRequest {
  /** A UUID in any case. */
  readonly collaborationId: string;
  /** Which generation; the newest one without it. A secret from the environment has none. */
  readonly generation?: number | undefined;
  /** The URI of the key that opens the envelope, before the variable for it and what the envelope names. */
  readonly key?: string | undefined;
  /** The directory of the home, before the variable for it. */
  readonly home?: string | undefined;
  /** What for, such as `encrypt`; for the log of the keys. */
  readonly purpose: string;
}

/** A shared secret, and what is known of it. Disposing wipes it. */
export interface HeldSecret extends Disposable {
  readonly secret: SharedSecret;
  /** A UUID in lower case. */
  readonly collaborationId: string;
  /** `null` if it is not from an envelope. */
  readonly generation: number | null;
  readonly secretId: string;
  /** `null` if it is from the environment. */
  readonly envelope: Envelope | null;
  /**
   * Writes into the log of the keys that the secret was lent to protect or open a file. Without an envelope there is no log.
   *
   * @param file `null` if there is none to name: a dry run, a standard stream. It is read for its hash.
   * @throws {SealroomError} IO_READ; as the log of the keys.
   */
  readonly recordUse: (file: { readonly path: string; readonly rows: number } | null) => Promise<void>;
}
