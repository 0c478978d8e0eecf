import type { SharedSecret } from '../crypto/index.ts';
import type { Envelope } from './envelope.ts';
import type { KeyEvent } from './key-log.ts';

/** Which secret is wanted, and where to look for it. */
export interface SecretRequest {
  /** A UUID in any case. */
  readonly collaborationId: string;
  /** Which generation; the newest one without it. A secret from the environment has none. */
  readonly generation?: number | undefined;
  /** The URI of the key that opens the envelope, before `SEALROOM_KEY` and what the envelope names. */
  readonly key?: string | undefined;
  /** The directory of the home, before the variable for it. */
  readonly home?: string | undefined;
  /** What for, such as `encrypt`; for the log of the keys. */
  readonly purpose: string;
  /** Is shown what was found, `null` for a secret from the environment, before a key is used; it throws what forbids it. */
  readonly authorise?: ((envelope: Envelope | null) => Promise<void>) | undefined;
}

/** A shared secret, and what is known of it. Disposing wipes it. */
export interface HeldSecret extends Disposable {
  readonly secret: SharedSecret;
  /** A UUID in lower case. */
  readonly collaborationId: string;
  /** `null` if it is not from an envelope. */
  readonly generation: number | null;
  /** Whether the home has no envelope of a newer generation. */
  readonly isNewest: boolean;
  readonly secretId: string;
  /** `null` if it is from the environment. */
  readonly envelope: Envelope | null;
  /**
   * Writes into the log of the keys that the secret was lent to protect or open a file. Without an envelope there is no log.
   *
   * @param file the protected one; `null` if its hash is not known
   * @throws {SealroomError} as the log of the keys.
   */
  readonly recordUse: (file: KeyEvent['file']) => Promise<void>;
}
