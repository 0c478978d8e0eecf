import { didYouMean, quoteForMessage, SealroomError } from '../errors/index.ts';
import type { SigningKey } from '../platform/index.ts';
import { printPublicKey } from '../signing/index.ts';
import type { Manifest } from './manifest.ts';
import { requireRole, signingKeysOf } from './roles.ts';
import { type MemberSignature, signHash, verifyHash } from './signature.ts';

/**
 * The state of a member's signature: it `holds`; it is `missing`, or the member has `no-key` in the manifest; it is of another
 * version (`changed`); or it was not made with that member's key (`wrong`).
 */
export type SignatureState = 'holds' | 'missing' | 'no-key' | 'changed' | 'wrong';

/** The state of a member's signature of the manifest, or of a template if one is named. */
export interface SignatureStatus {
  readonly member: string;
  /** Id of the template that was approved; `null` for the manifest. */
  readonly template: string | null;
  readonly state: SignatureState;
}

function stateOf(
  manifest: Manifest,
  thing: 'manifest' | 'template',
  member: string,
  sha256: string,
  signature: MemberSignature | undefined,
): SignatureState {
  const keys = manifest.members.filter(({ id }) => id === member).flatMap(signingKeysOf);
  if (keys.length === 0) return 'no-key';
  if (signature === undefined) return 'missing';
  if (!keys.some((key) => verifyHash(thing, signature, key))) return 'wrong';
  return signature.sha256 === sha256 ? 'holds' : 'changed';
}

/**
 * The state of every member's signature of the manifest, followed by the state of every approval of a template in it. All members
 * agree to exactly this manifest if each state without a template `holds`.
 *
 * The keys are those in the manifest itself. Members must compare once, in another way, that each key belongs to its member.
 */
export function verifyManifest(manifest: Manifest): readonly SignatureStatus[] {
  const { sha256, signatures } = manifest;
  const ofMembers = manifest.members.map(({ id }) => {
    const signature = signatures.find(({ member }) => member === id);
    return { member: id, template: null, state: stateOf(manifest, 'manifest', id, sha256, signature) };
  });
  const ofTemplates = manifest.templates.flatMap((template) =>
    template.approvals.map((approval) => ({
      member: approval.member,
      template: template.id,
      state: stateOf(manifest, 'template', approval.member, template.sha256, approval),
    })),
  );
  return Object.freeze([...ofMembers, ...ofTemplates].map((status) => Object.freeze(status)));
}

/**
 * @throws {SealroomError} USAGE_OPTION if the member or its key is not in the manifest, or the key is a different one; RULE_ROLE
 *   if the key belongs to a person who may not sign.
 */
function requireKeyOf(manifest: Manifest, member: string, key: SigningKey): void {
  const found = manifest.members.find(({ id }) => id === member);
  if (found === undefined) {
    const ids = manifest.members.map(({ id }) => id);
    throw new SealroomError('USAGE_OPTION', `${quoteForMessage(member)} is not a member of the collaboration`, {
      hint: didYouMean(member, ids) ?? `its members are ${ids.join(', ')}`,
    });
  }
  const publicKey = printPublicKey(key);
  const keys = signingKeysOf(found);
  if (keys.includes(publicKey)) return;
  if (found.people.some(({ sign }) => sign === publicKey)) requireRole(manifest, publicKey, 'sign');
  const whose = found.people.length === 0 ? member : `a rule approver of ${member}`;
  const message =
    keys.length === 0
      ? `the manifest has no signing key of ${whose}`
      : `the given key is not the one that the manifest has for ${whose}`;
  throw new SealroomError('USAGE_OPTION', message, {
    hint: `the public half of the given key is ${publicKey}`,
  });
}

/**
 * Signs the manifest for a member, with its private key or that of one of its rule approvers (Ed25519).
 *
 * @throws {SealroomError} USAGE_OPTION if the manifest has no such member, or a different key for it; RULE_ROLE if the key belongs to
 *   a person who may not sign; SECRET_INVALID if the key is not Ed25519.
 */
export function signManifest(manifest: Manifest, member: string, key: SigningKey): MemberSignature {
  requireKeyOf(manifest, member, key);
  return signHash('manifest', manifest.sha256, member, key);
}

/**
 * Approves a template for a member, with its private key (Ed25519).
 *
 * @throws {SealroomError} the codes of {@link signManifest}; USAGE_OPTION also if the manifest has no such template.
 */
export function approveTemplate(
  manifest: Manifest,
  template: string,
  member: string,
  key: SigningKey,
): MemberSignature {
  requireKeyOf(manifest, member, key);
  const found = manifest.templates.find(({ id }) => id === template);
  if (found !== undefined) return signHash('template', found.sha256, member, key);
  const ids = manifest.templates.map(({ id }) => id);
  throw new SealroomError('USAGE_OPTION', `the manifest has no template ${quoteForMessage(template)}`, {
    hint: didYouMean(template, ids) ?? (ids.length === 0 ? 'it has none' : `its templates are ${ids.join(', ')}`),
  });
}
