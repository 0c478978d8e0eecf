import type { SecretFacts } from './envelope.ts';

/** What is done with a secret. */
export type KeyAction =
  'create' | 'unwrap' | 'lend' | 'wrap' | 'send' | 'receive' | 'rotate' | 'export' | 'destroy' | 'refuse';

/** One thing that was done with a secret, or refused. */
export interface KeyEvent extends Pick<SecretFacts, 'collaborationId' | 'generation' | 'secretId'> {
  readonly action: KeyAction;
  /** Who did it: the id on the card of the home, or `null` if there is none. */
  readonly member: string | null;
  /** Provider and wrapping key, as the envelope has them. */
  readonly provider: string;
  readonly key: string;
  /** What for: `encrypt`, `decrypt`, `export-c3r`, …; of a refusal, what was refused. */
  readonly purpose: string;
  /** The card's name that it was sent to or came from. */
  readonly peer: string | null;
  /** The file that the secret was used on: the output of an encryption, the input of a decryption. */
  readonly file: { readonly sha256: string; readonly rows: number } | null;
}

/** Where events of keys are written. */
export interface KeyLog {
  /**
   * Writes an event; nothing is done with a secret whose event could not be written.
   *
   * @throws {SealroomError} IO_WRITE, IO_LOCKED, AUDIT_* as the audit log.
   */
  record(event: KeyEvent): Promise<void>;
}
