import { openKeyLog } from './key-log.ts';
import { readOwnCard } from './exchange/member.ts';
import type { Envelope } from './envelope.ts';
import type { MemberHome } from './home.ts';
import { fileExists } from '../files/index.ts';
import type { KeyUse } from './key-log.ts';
import { shortSecretId } from './secret.ts';

/** An action on the secret of an envelope. */
export type EnvelopeEvent = Pick<KeyUse, 'action' | 'purpose'> & Partial<Pick<KeyUse, 'peer' | 'file'>>;

/**
 * Records an action on the secret of an envelope in the log of a home.
 *
 * @throws {SealroomError} errors of opening the log and of `KeyLog.record`.
 */
export async function recordEvent(home: MemberHome, envelope: Envelope, event: EnvelopeEvent): Promise<void> {
  const { collaborationId, generation, provider, key } = envelope;
  const secretId = shortSecretId(envelope.secretId);
  await using log = await openKeyLog(home);
  const facts = { collaborationId, generation, secretId, provider, key };
  await log.record({ ...facts, member: await memberOf(home), peer: null, file: null, ...event });
}

/** The secret that an action is about: what its envelope says, or will say if there is none yet. */
export type SecretSubject = Pick<
  Envelope,
  'collaborationId' | 'generation' | 'secretId' | 'isRoleBound' | 'provider' | 'key'
>;

/** A refused action. */
export interface RefusedUse {
  readonly collaborationId: string;
  /** The secret that it was for, or `null`. */
  readonly envelope: SecretSubject | null;
  /** The refused action, such as `export`. */
  readonly purpose: string;
}

/**
 * Records a refused action in the log of a home.
 *
 * @throws {SealroomError} errors of opening the log and of `KeyLog.record`.
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
    secretId: envelope === null ? null : shortSecretId(envelope.secretId),
    provider: envelope?.provider ?? 'none',
    key: envelope?.key ?? 'none',
    purpose,
    peer: null,
    file: null,
  });
}

/** The id on the card of a home, or `null` if there is no card yet. */
async function memberOf(home: MemberHome): Promise<string | null> {
  return (await fileExists(home.card)) ? (await readOwnCard(home)).body.id : null;
}
