import { didYouMean, quoteForMessage, SealroomError } from '../errors/index.ts';
import type { SigningKey } from '../platform/index.ts';
import { printPublicKey } from '../signing/index.ts';
import type { Manifest } from './manifest.ts';
import { requireRole, signingKeysOf } from './roles.ts';
import { type MemberSignature, type SignedThing, signHash, verifyHash } from './signature.ts';
import type { AnalysisTemplate } from './template.ts';
import { isWithdrawn, timeAfter } from './withdrawal.ts';

/**
 * The state of a member's signature: it `holds`; it is `missing`, or the member has `no-key` in the manifest; it is of another
 * version (`changed`); or it was not made with that member's key (`wrong`). An approval that its member took back is `withdrawn`.
 */
export type SignatureState = 'holds' | 'missing' | 'no-key' | 'changed' | 'wrong' | 'withdrawn';

/** The state of a member's signature of the manifest, or of a template if one is named. */
export interface SignatureStatus {
  readonly member: string;
  /** Id of the template that was approved, or its hash if the manifest has it no longer; `null` for the manifest. */
  readonly template: string | null;
  readonly state: SignatureState;
}

function stateOf(
  manifest: Manifest,
  thing: SignedThing,
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

function stateOfApproval(
  manifest: Manifest,
  { sha256, withdrawals }: AnalysisTemplate,
  approval: MemberSignature,
): SignatureState {
  const state = stateOf(manifest, 'template', approval.member, sha256, approval);
  return state === 'holds' && isWithdrawn(approval, withdrawals) ? 'withdrawn' : state;
}

/** The state of a withdrawal; `null` for one that holds, of an approval that has a state of its own, or of no template here. */
function stateOfWithdrawal(manifest: Manifest, withdrawal: MemberSignature): SignatureStatus | null {
  const { member, sha256 } = withdrawal;
  const template = manifest.templates.find((each) => each.sha256 === sha256);
  const state = stateOf(manifest, 'withdrawal', member, sha256, withdrawal);
  if (state !== 'holds') return { member, template: template?.id ?? sha256, state };
  if (template === undefined || template.approvals.some((each) => each.member === member)) return null;
  return { member, template: template.id, state: 'withdrawn' };
}

/**
 * The state of every member's signature of the manifest, followed by the state of every approval of a template in it, and of the
 * withdrawals of others. All members agree to exactly this manifest if each state without a template `holds`.
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
      state: stateOfApproval(manifest, template, approval),
    })),
  );
  const ofWithdrawals = manifest.withdrawals
    .map((withdrawal) => stateOfWithdrawal(manifest, withdrawal))
    .filter((status) => status !== null);
  return Object.freeze([...ofMembers, ...ofTemplates, ...ofWithdrawals].map((status) => Object.freeze(status)));
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
  return signHash('manifest', { member, sha256: manifest.sha256 }, key);
}

/** @throws {SealroomError} USAGE_OPTION if the manifest has no such template. */
function requireTemplate({ templates }: Manifest, template: string): AnalysisTemplate {
  const found = templates.find(({ id }) => id === template);
  if (found !== undefined) return found;
  const ids = templates.map(({ id }) => id);
  throw new SealroomError('USAGE_OPTION', `the manifest has no template ${quoteForMessage(template)}`, {
    hint: didYouMean(template, ids) ?? (ids.length === 0 ? 'it has none' : `its templates are ${ids.join(', ')}`),
  });
}

/**
 * Approves a template for a member, with its private key (Ed25519). The approval is later than every withdrawal by the member that the
 * manifest has.
 *
 * @throws {SealroomError} the codes of {@link signManifest}; USAGE_OPTION also if the manifest has no such template.
 */
export function approveTemplate(
  manifest: Manifest,
  template: string,
  member: string,
  key: SigningKey,
  now: Date,
): MemberSignature {
  requireKeyOf(manifest, member, key);
  const { sha256, withdrawals } = requireTemplate(manifest, template);
  const time = timeAfter(now, withdrawals.find((each) => each.member === member)?.time);
  return signHash('template', { member, sha256, time }, key);
}

/**
 * Withdraws the approvals that a member has given to a template so far, with its private key (Ed25519): neither the one in this manifest
 * nor those in older copies count where the withdrawal is known.
 *
 * @throws {SealroomError} the codes of {@link approveTemplate}.
 */
export function withdrawApproval(
  manifest: Manifest,
  template: string,
  member: string,
  key: SigningKey,
  now: Date,
): MemberSignature {
  requireKeyOf(manifest, member, key);
  const { sha256, approvals } = requireTemplate(manifest, template);
  const time = timeAfter(now, approvals.find((each) => each.member === member)?.time);
  return signHash('withdrawal', { member, sha256, time }, key);
}
