import { openKeyLog } from './key-log.ts';
import { readOwnCard } from './exchange/member.ts';
import type { Envelope } from './envelope.ts';
import type { MemberHome } from './home.ts';
import { fileExists } from '../files/index.ts';
import type { KeyUse } from './key-log.ts';

/** What is done with the secret of an envelope. */
export type EnvelopeEvent = Pick<KeyUse, 'action' | 'purpose'> & Partial<Pick<KeyUse, 'peer' | 'file'>>;

/**
 * Writes into the log of a home what is about to be done, or was done, with the secret of an envelope.
 *
 * @throws {SealroomError} what opening the log and `KeyLog.record` throw.
 */
export async function recordEvent(home: MemberHome, envelope: Envelope, event: EnvelopeEvent): Promise<void> {
  const { collaborationId, generation, secretId, provider, key } = envelope;
  await using log = await openKeyLog(home);
  const facts = { collaborationId, generation, secretId, provider, key };
  await log.record({ ...facts, member: await memberOf(home), peer: null, file: null, ...event });
}

/** What somebody wanted to do, and may not. */
export interface RefusedUse {
  readonly collaborationId: string;
  /** The envelope that it was about, if there is one. */
  readonly envelope: Envelope | null;
  /** What was refused, such as `export`. */
  readonly purpose: string;
}

/**
 * Writes into the log of a home that something was refused.
 *
 * @throws {SealroomError} what opening the log and `KeyLog.record` throw.
 */
export async function recordRefusal(
  home: MemberHome,
  { collaborationId, envelope, purpose }: RefusedUse,
): Promise<void> {
  await using log = await openKeyLog(home);
  await log.record({
    action: 'refuse',
    member: await memberOf(home),
    collaborationId,
    generation: envelope?.generation ?? null,
    secretId: envelope?.secretId ?? null,
    provider: envelope?.provider ?? 'none',
    key: envelope?.key ?? 'none',
    purpose,
    peer: null,
    file: null,
  });
}

/** The id on the card of a home, or `null` before `member init` has made one. */
async function memberOf(home: MemberHome): Promise<string | null> {
  return (await fileExists(home.card)) ? (await readOwnCard(home)).body.id : null;
}
