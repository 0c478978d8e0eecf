import { insertSignature, parseManifest, printPublicKey, type Role, signManifest } from 'sealroom/collab';
import { type Json, keyOf, manifestOfContext } from './manifests.ts';

/** The people of `brand`, one for each role; their signing keys are those of `keyOf`. */
export const PEOPLE: readonly (readonly [string, Role])[] = [
  ['kim', 'KEY_CUSTODIAN'],
  ['sol', 'DATA_STEWARD'],
  ['ria', 'RULE_APPROVER'],
  ['abe', 'AUDITOR'],
  ['quin', 'QUERY_MEMBER'],
];

/** A manifest in which `brand` has people, not signed. */
export function peopleManifest(): string {
  const manifest = manifestOfContext('agg');
  const [brand, ...others] = manifest['members'] as Json[];
  const people = PEOPLE.map(([id, role]) => ({ id, roles: [role], sign: printPublicKey(keyOf(id)) }));
  return JSON.stringify({ ...manifest, members: [{ ...brand, people }, ...others] }, null, 1);
}

/** The same, signed by all. */
export function signedPeopleManifest(): string {
  let text = peopleManifest();
  for (const { id, people } of parseManifest(text).members) {
    const signer = people.length > 0 ? 'ria' : id;
    text = insertSignature(text, signManifest(parseManifest(text), id, keyOf(signer)), null);
  }
  return text;
}
