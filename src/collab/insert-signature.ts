import { parseDocument } from 'yaml';
import { parseManifest } from './manifest.ts';
import type { MemberSignature } from './signature.ts';

/**
 * Inserts a signature into the text of a manifest, replacing an older one of the same member. Comments and order stay; YAML stays
 * YAML and JSON stays JSON. The hash of the manifest does not change, because it does not cover signatures.
 *
 * @param text a valid manifest
 * @param template the id of the template that the signature approves; `null` if it signs the manifest
 * @throws {SealroomError} MANIFEST_SYNTAX, MANIFEST_INVALID or MANIFEST_UNSUPPORTED if the manifest is not valid.
 */
export function insertSignature(text: string, signature: MemberSignature, template: string | null): string {
  const manifest = parseManifest(text);
  const index = manifest.templates.findIndex(({ id }) => id === template);
  const existing = template === null ? manifest.signatures : (manifest.templates[index]?.approvals ?? []);
  const others = existing.filter(({ member }) => member !== signature.member);
  const document = parseDocument(text, { version: '1.2', schema: 'core', stringKeys: true });
  const path = template === null ? ['signatures'] : ['templates', index, 'approvals'];
  document.setIn(path, document.createNode([...others, signature]));
  return text.trimStart().startsWith('{')
    ? `${JSON.stringify(document.toJS(), null, 2)}\n`
    : document.toString({ lineWidth: 0 });
}
