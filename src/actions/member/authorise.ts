import type { Actor, Manifest, RoleAction } from '../../collab/index.ts';
import type { MemberHome, RefusedUse, SecretSubject } from '../../custody/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';

/** An action, and what decides who may do it. */
export interface RoleCheck {
  readonly action: RoleAction;
  /** The secret that the action uses: its envelope, or what that will say; `null` if there is none yet. */
  readonly envelope: SecretSubject | null;
  readonly manifest: Manifest | null;
}

/**
 * Refuses an action that the roles in the manifest do not allow to the owner of the home, and records the refusal in the log of
 * the home. If the manifest names no people and the secret is not bound to roles, everything is allowed.
 *
 * @returns whether there are roles
 * @throws {SealroomError} RULE_ROLE; MANIFEST_UNSIGNED, MANIFEST_SIGNATURE if the manifest names people and not all members have signed it;
 *   SECRET_INVALID for the signing key of the home; errors of the key log.
 */
export async function authorise(home: MemberHome, { action, envelope, manifest }: RoleCheck): Promise<boolean> {
  const isBound = envelope?.isRoleBound ?? false;
  // Most actions have neither, and loading the manifest reader takes longer than encrypting a small table.
  if (manifest === null && !isBound) return false;
  const { hasRoles } = await import('../../collab/index.ts');
  const withRoles = manifest !== null && hasRoles(manifest) ? manifest : null;
  if (withRoles === null && !isBound) return false;
  const collaborationId = envelope?.collaborationId ?? withRoles?.id ?? '';
  await recordingRefusal(home, { collaborationId, envelope, purpose: action }, async () => {
    if (withRoles === null) throw noManifest(action);
    await requireActor(home, withRoles, action);
  });
  return true;
}

/**
 * Identifies the person who asks for a member, by the signing key of the home. If that person may not ask for the member, the query
 * is refused, and the refusal recorded in the home.
 *
 * @returns the person's id; `null` if the manifest names no people of the member, or not the member
 * @throws {SealroomError} as {@link authorise}
 */
export async function identifyPerson(
  environment: Pick<MemberEnvironment, 'env' | 'cwd' | 'home'>,
  member: string,
  manifest: Manifest,
): Promise<string | null> {
  if (!manifest.members.some(({ id, people }) => id === member && people.length > 0)) return null;
  const home = homeOf(environment);
  const about = { collaborationId: manifest.id, envelope: null, purpose: 'query' };
  const actor = await recordingRefusal(home, about, async () => {
    const found = await requireActor(home, manifest, 'query');
    if (found.member.id !== member) throw otherMember('query', member, found.member.id);
    return found;
  });
  return actor.person?.id ?? null;
}

/** The owner of the home, who needs the role for an action in a manifest that all members signed. */
async function requireActor(home: MemberHome, manifest: Manifest, action: RoleAction): Promise<Actor> {
  const { requireRole } = await import('../../collab/index.ts');
  const { readPublicKeyOf } = await import('../../custody/index.ts');
  await requireSigned(manifest);
  return requireRole(manifest, await readPublicKeyOf(home.signingKey), action);
}

/** The codes of refusals because of roles or their signatures. */
const REFUSALS: readonly string[] = ['RULE_ROLE', 'MANIFEST_UNSIGNED', 'MANIFEST_SIGNATURE'];

/**
 * Runs an action that roles may forbid, and records it in the log of the home if they, or missing signatures, do.
 *
 * @throws {SealroomError} what `act` throws; after a refusal also errors of the key log.
 */
export async function recordingRefusal<T>(home: MemberHome, about: RefusedUse, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof SealroomError) || !REFUSALS.includes(error.code)) throw error;
    const { ENFORCING_SCHEMES, recordRefusal } = await import('../../custody/index.ts');
    await recordRefusal(home, about);
    throw error.code === 'RULE_ROLE' ? advised(error, about.envelope, ENFORCING_SCHEMES) : error;
  }
}

/** Roles are valid if all members signed the manifest. */
async function requireSigned(manifest: Manifest): Promise<void> {
  const { describeSignature, refuseBrokenSignatures, verifyManifest } = await import('../../collab/index.ts');
  const states = verifyManifest(manifest).filter(({ template }) => template === null);
  refuseBrokenSignatures(states, manifest.name);
  const missing = states.find(({ state }) => state !== 'holds');
  if (missing === undefined) return;
  const message = `a manifest with roles needs the signatures of all members; ${describeSignature(missing)}`;
  throw new SealroomError('MANIFEST_UNSIGNED', message, {
    hint: 'a rule approver of each member runs `sealroom collab sign`',
  });
}

function noManifest(action: RoleAction): SealroomError {
  return new SealroomError('RULE_ROLE', `\`${action}\` needs a manifest with people`, {
    hint: 'the secret is bound to roles: give the signed manifest with `--manifest`',
  });
}

function otherMember(action: RoleAction, member: string, own: string): SealroomError {
  return new SealroomError('RULE_ROLE', `\`${action}\` for ${member} needs a person of ${member}, got one of ${own}`, {
    hint: 'people act only for their own member',
  });
}

/** Adds to a refusal whether anything enforces it. */
function advised(
  { code, message, hint, where }: SealroomError,
  envelope: SecretSubject | null,
  enforcing: readonly string[],
): SealroomError {
  const worth =
    envelope !== null && enforcing.includes(envelope.provider)
      ? `the policy of ${envelope.provider} can enforce it, see docs/roles.md`
      : `this is advisory: only a key with its own policy (${enforcing.join(', ')}) can enforce it, see docs/roles.md`;
  return new SealroomError(code, message, { where, hint: hint === undefined ? worth : `${hint}; ${worth}` });
}
