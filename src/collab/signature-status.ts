import { SealroomError } from '../errors/index.ts';
import type { SignatureState, SignatureStatus } from './verify.ts';

const STATES: Readonly<Record<SignatureState, string>> = {
  holds: 'signed',
  missing: 'has not signed',
  'no-key': 'has no signing key in the manifest',
  changed: 'signed another version',
  wrong: 'has a signature that is not by its key',
  withdrawn: 'has withdrawn its approval',
};

/** The state of a signature as a line: `pub on template reach: has not signed`. */
export function describeSignature({ member, template, state }: SignatureStatus): string {
  return `${member}${template === null ? '' : ` on template ${template}`}: ${STATES[state]}`;
}

/** A signature that is still to be made. What a member has withdrawn is not one of them. */
function findMissing(states: readonly SignatureStatus[]): SignatureStatus | undefined {
  return states.find(({ state }) => state === 'missing' || state === 'no-key');
}

/** The members that have not signed the manifest. */
export function listUnsigned(states: readonly SignatureStatus[]): readonly string[] {
  return states.flatMap(({ member, template, state }) => (template === null && state !== 'holds' ? [member] : []));
}

/**
 * Refuses a manifest with a signature that does not hold. One that is missing is another matter.
 *
 * @param file what errors call the manifest
 * @throws {SealroomError} MANIFEST_SIGNATURE
 */
export function refuseBrokenSignatures(states: readonly SignatureStatus[], file: string): void {
  const broken = states.find(({ state }) => state === 'changed' || state === 'wrong');
  if (broken === undefined) return;
  throw new SealroomError('MANIFEST_SIGNATURE', `expected signatures that hold; ${describeSignature(broken)}`, {
    where: { file },
    hint: 'compare the versions with `sealroom collab diff`, and sign again if you agree',
  });
}

/**
 * Refuses a manifest that not all members have signed.
 *
 * @param file what errors call the manifest
 * @throws {SealroomError} MANIFEST_SIGNATURE if a signature does not hold, MANIFEST_UNSIGNED if one is missing.
 */
export function requireSignatures(states: readonly SignatureStatus[], file: string): void {
  refuseBrokenSignatures(states, file);
  const missing = findMissing(states);
  if (missing === undefined) return;
  throw new SealroomError(
    'MANIFEST_UNSIGNED',
    `expected the signatures of all members; ${describeSignature(missing)}`,
    {
      where: { file },
      hint: 'each member runs `sealroom collab sign`',
    },
  );
}
