import type { Actor, Manifest, RoleAction } from '../../collab/index.ts';
import type { Envelope, MemberHome, RefusedUse } from '../../custody/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';

/** What is to be done, and what says who may do it. */
export interface RoleCheck {
  readonly action: RoleAction;
  /** `null` if it is about no envelope, or there is none yet. */
  readonly envelope: Envelope | null;
  readonly manifest: Manifest | null;
}

/**
 * Refuses what the roles in the manifest do not allow to whoever has the home, and writes that into the log of the home. Without
 * people in the manifest, and for a secret that is not bound to roles, everything is allowed.
 *
 * @returns whether there are roles
 * @throws {SealroomError} RULE_ROLE; MANIFEST_UNSIGNED, MANIFEST_SIGNATURE if not all members have signed a manifest with people;
 *   SECRET_INVALID for the signing key of the home; as the log of the keys.
 */
export async function authorise(home: MemberHome, { action, envelope, manifest }: RoleCheck): Promise<boolean> {
  const isBound = envelope?.isRoleBound ?? false;
  // Most actions have neither, and what reads manifests takes longer to load than a small table to encrypt.
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
 * The person who asks for a member, as the signing key of the home says; refused, and recorded in the home, if that is nobody who
 * may ask for it.
 *
 * @returns the person's id; `null` for a member that is one person, or is none of the manifest
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

/** Whoever has the home, with a role in a manifest that all signed. */
async function requireActor(home: MemberHome, manifest: Manifest, action: RoleAction): Promise<Actor> {
  const { requireRole } = await import('../../collab/index.ts');
  const { readPublicKeyOf } = await import('../../custody/index.ts');
  await requireSigned(manifest);
  return requireRole(manifest, await readPublicKeyOf(home.signingKey), action);
}

/** What is refused because of roles, or of who signed them. */
const REFUSALS: readonly string[] = ['RULE_ROLE', 'MANIFEST_UNSIGNED', 'MANIFEST_SIGNATURE'];

/**
 * Does what roles may forbid, and writes into the log of the home if they, or the signatures under them, do.
 *
 * @throws {SealroomError} what `act` throws; with a refusal also as the log of the keys.
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

/** Roles count that all members agreed to. */
async function requireSigned(manifest: Manifest): Promise<void> {
  const { describeSignature, refuseBrokenSignatures, verifyManifest } = await import('../../collab/index.ts');
  const states = verifyManifest(manifest).filter(({ template }) => template === null);
  refuseBrokenSignatures(states, manifest.name);
  const missing = states.find(({ state }) => state !== 'holds');
  if (missing === undefined) return;
  const message = `roles expected a manifest that all signed; ${describeSignature(missing)}`;
  throw new SealroomError('MANIFEST_UNSIGNED', message, {
    hint: 'a rule approver of each member runs `sealroom collab sign`',
  });
}

function noManifest(action: RoleAction): SealroomError {
  return new SealroomError('RULE_ROLE', `\`${action}\` expected a manifest with people, got none`, {
    hint: 'the secret was made for people with roles: give the signed manifest with `--manifest`',
  });
}

function otherMember(action: RoleAction, expected: string, got: string): SealroomError {
  return new SealroomError('RULE_ROLE', `\`${action}\` expected a person of ${expected}, got one of ${got}`, {
    hint: 'people act for their own member',
  });
}

/** Says what the refusal is worth. */
function advised(
  { code, message, hint, where }: SealroomError,
  envelope: Envelope | null,
  enforcing: readonly string[],
): SealroomError {
  const worth =
    envelope !== null && enforcing.includes(envelope.provider)
      ? `the policy of ${envelope.provider} can enforce it, see docs/roles.md`
      : `this is advisory: only a key with a policy of its own (${enforcing.join(', ')}) can enforce it, see docs/roles.md`;
  return new SealroomError(code, message, { where, hint: hint === undefined ? worth : `${hint}; ${worth}` });
}
