import { generateKeyPairSync } from 'node:crypto';
import { approveTemplate, insertSignature, parseManifest, printPublicKey, signManifest } from 'sealroom/collab';

/** A manifest that is to be signed: one without keys, in JSON. */
export interface Draft {
  readonly text: string;
  /** Where each member that receives results wants them encrypted to, by its id: an age recipient. */
  readonly receive: Readonly<Record<string, string>>;
  /** Ids of the members that approve each template, by its id: the owners of its tables. */
  readonly approvals: Readonly<Record<string, readonly string[]>>;
}

/** The manifest with a fresh signing key for each member, all signatures, and the approvals. */
export function signDraft({ text, receive, approvals }: Draft): string {
  const value = JSON.parse(text) as { members: { id: string; publicKeys?: object }[] };
  const keys = value.members.map(({ id }) => ({ id, key: generateKeyPairSync('ed25519').privateKey }));
  for (const [index, member] of value.members.entries()) {
    const { id, key } = keys[index] ?? {};
    if (id === undefined || key === undefined) continue;
    const address = receive[id];
    member.publicKeys = { sign: printPublicKey(key), ...(address === undefined ? {} : { receive: address }) };
  }
  let signed = JSON.stringify(value, null, 2);
  const manifest = parseManifest(signed);
  for (const { id, key } of keys) {
    signed = insertSignature(signed, signManifest(manifest, id, key), null);
    for (const [template, owners] of Object.entries(approvals)) {
      if (!owners.includes(id)) continue;
      signed = insertSignature(signed, approveTemplate(manifest, template, id, key, new Date()), template);
    }
  }
  return signed;
}
