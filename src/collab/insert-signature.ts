import { editManifest } from './edit.ts';
import type { Manifest } from './manifest.ts';
import type { MemberSignature } from './signature.ts';

const indexOf = ({ templates }: Manifest, template: string): number => templates.findIndex(({ id }) => id === template);

/**
 * Inserts a signature into the text of a manifest, replacing an older one of the same member. Comments and order stay; YAML stays
 * YAML and JSON stays JSON. The hash of the manifest does not change, because it does not cover signatures.
 *
 * @param text a valid manifest
 * @param template the id of the template that the signature approves; `null` if it signs the manifest
 * @throws {SealroomError} MANIFEST_SYNTAX, MANIFEST_INVALID or MANIFEST_UNSUPPORTED if the manifest is not valid.
 */
export function insertSignature(text: string, signature: MemberSignature, template: string | null): string {
  return editManifest(text, (document, manifest) => {
    const index = template === null ? -1 : indexOf(manifest, template);
    const existing = template === null ? manifest.signatures : (manifest.templates[index]?.approvals ?? []);
    const others = existing.filter(({ member }) => member !== signature.member);
    const path = template === null ? ['signatures'] : ['templates', index, 'approvals'];
    document.setIn(path, document.createNode([...others, signature]));
  });
}

/**
 * Inserts the withdrawal of an approval into the text of a manifest, and takes the approval out. The hash of the manifest does not
 * change.
 *
 * @param text a valid manifest
 * @throws {SealroomError} as {@link insertSignature}
 */
export function insertWithdrawal(text: string, withdrawal: MemberSignature, template: string): string {
  return editManifest(text, (document, manifest) => {
    const { member, sha256 } = withdrawal;
    const others = manifest.withdrawals.filter((each) => each.member !== member || each.sha256 !== sha256);
    document.setIn(['withdrawals'], document.createNode([...others, withdrawal]));
    const index = indexOf(manifest, template);
    const approvals = manifest.templates[index]?.approvals ?? [];
    const kept = approvals.filter((each) => each.member !== member);
    const path = ['templates', index, 'approvals'];
    if (kept.length > 0) document.setIn(path, document.createNode(kept));
    else document.deleteIn(path);
  });
}

/**
 * Inserts the full ids of secrets into the text of a manifest, by generation. All members must sign it again.
 *
 * @param text a valid manifest
 * @throws {SealroomError} as {@link insertSignature}
 */
export function insertSecretIds(text: string, secretIds: Readonly<Record<string, string>>): string {
  return editManifest(text, (document, manifest) => {
    document.setIn(['secretIds'], document.createNode({ ...manifest.secretIds, ...secretIds }));
  });
}
