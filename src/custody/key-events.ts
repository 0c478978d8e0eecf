import { openKeyLog } from './audit-key-log.ts';
import type { Envelope } from './envelope.ts';
import type { MemberHome } from './home.ts';
import type { KeyEvent } from './key-log.ts';

/** What is done with the secret of an envelope. */
export type EnvelopeEvent = Pick<KeyEvent, 'action' | 'purpose'> & Partial<Pick<KeyEvent, 'peer' | 'file'>>;

/**
 * Writes into the log of a home what is about to be done, or was done, with the secret of an envelope.
 *
 * @throws {SealroomError} what opening the log and `KeyLog.record` throw.
 */
export async function recordEvent(home: MemberHome, envelope: Envelope, event: EnvelopeEvent): Promise<void> {
  const { collaborationId, generation, secretId, provider, key } = envelope;
  await using log = await openKeyLog(home);
  const facts = { collaborationId, generation, secretId, provider, key };
  await log.record({ ...facts, member: null, peer: null, file: null, ...event });
}
