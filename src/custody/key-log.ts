import type { KeyEvent as KeyRecord } from '../audit/index.ts';

/** What is done with a secret. */
export type KeyAction = KeyRecord['action'];

/** One thing that was done with a secret, or refused; whose home it was in is added by the log. */
export type KeyEvent = Omit<KeyRecord, 'kind' | 'actor'>;

/** Where events of keys are written. */
export interface KeyLog {
  /**
   * Writes an event; nothing is done with a secret whose event could not be written.
   *
   * @throws {SealroomError} IO_WRITE, IO_LOCKED, AUDIT_* as the audit log.
   */
  record(event: KeyEvent): Promise<void>;
}
