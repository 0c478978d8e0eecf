import { resolve } from 'node:path';
import type { Manifest, RoleAction } from '../src/collab/index.ts';
import type { Envelope, MemberHome, RefusedUse } from '../src/custody/index.ts';
import { SealroomError } from '../src/errors/index.ts';
import { readTextFile } from '../src/files/index.ts';
import type { CliIo } from './terminal.ts';

/** Whose command it is, and what is to be done. */
export interface RoleCheck {
  readonly home: MemberHome;
  /** The file that `--manifest` named. */
  readonly manifest: string | undefined;
  readonly action: RoleAction;
  /** `null` if it is about no envelope, or there is none yet. */
  readonly envelope: Envelope | null;
}

/**
 * Refuses what the roles in the manifest do not allow to whoever has the home, and writes that into the log of the home. Without
 * people in the manifest, and for a secret that is not bound to roles, everything is allowed.
 *
 * @returns whether there are roles
 * @throws {SealroomError} RULE_ROLE; MANIFEST_UNSIGNED, MANIFEST_SIGNATURE if not all members have signed a manifest with people;
 *   what reading the manifest and the signing key of the home throw.
 */
export async function checkRole(io: CliIo, check: RoleCheck): Promise<boolean> {
  const { envelope, manifest } = check;
  const isBound = envelope?.isRoleBound ?? false;
  // Most commands have neither, and what reads manifests takes longer to load than a small table to encrypt.
  if (manifest === undefined && !isBound) return false;
  const read = manifest === undefined ? null : await readManifest(io, manifest);
  return checkManifestRole(check, read);
}

/** What {@link checkManifestRole} takes besides a manifest. */
export interface ManifestRoleCheck extends Omit<RoleCheck, 'manifest'> {
  /** Whose people are asked for; without it, those of any member. */
  readonly member?: string | undefined;
}

/**
 * As {@link checkRole}, with a manifest that was read already.
 *
 * @throws {SealroomError} as {@link checkRole}.
 */
export async function checkManifestRole(check: ManifestRoleCheck, manifest: Manifest | null): Promise<boolean> {
  const { home, action, envelope, member } = check;
  const { hasRoles, requireRole } = await import('../src/collab/index.ts');
  const withRoles = manifest !== null && hasRoles(manifest) ? manifest : null;
  if (withRoles === null && envelope?.isRoleBound !== true) return false;
  const { readPublicKeyOf } = await import('../src/custody/index.ts');
  const collaborationId = envelope?.collaborationId ?? withRoles?.id ?? '';
  return recordingRefusal(home, { collaborationId, envelope, purpose: action }, async () => {
    if (withRoles === null) throw noManifest(action);
    await requireSigned(withRoles);
    const actor = requireRole(withRoles, await readPublicKeyOf(home.signingKey), action);
    if (member !== undefined && actor.member.id !== member) throw otherMember(action, member, actor.member.id);
    return true;
  });
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
    const { ENFORCING_SCHEMES, recordRefusal } = await import('../src/custody/index.ts');
    await recordRefusal(home, about);
    throw error.code === 'RULE_ROLE' ? advised(error, about.envelope, ENFORCING_SCHEMES) : error;
  }
}

async function readManifest(io: CliIo, file: string): Promise<Manifest> {
  const { parseManifest } = await import('../src/collab/index.ts');
  const path = resolve(io.cwd, file);
  return parseManifest(await readTextFile(path), { file: path });
}

/** Roles count that all members agreed to. */
async function requireSigned(manifest: Manifest): Promise<void> {
  const { verifyManifest } = await import('../src/collab/index.ts');
  const { printStatus, refuseBrokenSignatures } = await import('./output/format-manifest.ts');
  const states = verifyManifest(manifest).filter(({ template }) => template === null);
  refuseBrokenSignatures(states, manifest.name);
  const missing = states.find(({ state }) => state !== 'holds');
  if (missing === undefined) return;
  throw new SealroomError('MANIFEST_UNSIGNED', `roles expected a manifest that all signed; ${printStatus(missing)}`, {
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
