import { parseDocument } from 'yaml';
import { parseManifest } from './manifest.ts';
import type { MemberSignature } from './signature.ts';

/**
 * The text of a manifest with a signature put in its place, instead of an older one of the same member. Comments and order
 * stay; YAML stays YAML and JSON stays JSON. The hash of the manifest stays, because it leaves signatures out.
 *
 * @param text a manifest that `parseManifest` reads
 * @param template the id of the template in it that the signature approves; `null` if it is under the manifest
 * @throws {SealroomError} as `parseManifest`.
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
