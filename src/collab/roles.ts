import { SealroomError } from '../errors/index.ts';
import type { Member } from './member.ts';
import type { Person, Role } from './person.ts';

/** The actions that roles allow or forbid. */
export type RoleAction =
  | 'create'
  | 'wrap'
  | 'rotate'
  | 'export'
  | 'destroy'
  | 'send'
  | 'receive'
  | 'encrypt'
  | 'reencrypt'
  | 'decrypt'
  | 'sign'
  | 'audit'
  | 'query';

/** The roles that allow each action; one of them is enough. */
const ALLOWED: Readonly<Record<RoleAction, readonly Role[]>> = {
  create: ['KEY_CUSTODIAN'],
  wrap: ['KEY_CUSTODIAN'],
  rotate: ['KEY_CUSTODIAN'],
  export: ['KEY_CUSTODIAN'],
  destroy: ['KEY_CUSTODIAN'],
  send: ['KEY_CUSTODIAN'],
  receive: ['KEY_CUSTODIAN'],
  encrypt: ['DATA_STEWARD'],
  reencrypt: ['DATA_STEWARD'],
  // A steward decrypts the member's own tables, a query member the results of queries.
  decrypt: ['DATA_STEWARD', 'QUERY_MEMBER'],
  sign: ['RULE_APPROVER'],
  audit: ['AUDITOR'],
  query: ['QUERY_MEMBER'],
};

/** The person or member who acts. */
export interface Actor {
  readonly member: Member;
  /** `null` for a member that is a single person. */
  readonly person: Person | null;
}

/** Whether a manifest names people of members, so that roles apply. */
export function hasRoles({ members }: { readonly members: readonly Member[] }): boolean {
  return members.some(({ people }) => people.length > 0);
}

/** The keys that sign a manifest for a member: those of its rule approvers, or its only key. */
export function signingKeysOf({ people, publicKeys }: Member): readonly string[] {
  if (people.length > 0) return people.filter(({ roles }) => roles.includes('RULE_APPROVER')).map(({ sign }) => sign);
  return publicKeys.sign === null ? [] : [publicKeys.sign];
}

/**
 * Checks that the roles in the manifest allow an action, and returns who acts: the person to whom the signing key belongs, or a
 * member that is a single person and so has all roles.
 *
 * It enforces what people agreed on. It does not stop a person who has a secret and runs another program.
 *
 * @param publicKey the public half of the actor's signing key as manifests have it, or `null` if it has none
 * @throws {SealroomError} RULE_ROLE if the key is not in the manifest, or its owner does not have the role.
 */
export function requireRole(
  { members }: { readonly members: readonly Member[] },
  publicKey: string | null,
  action: RoleAction,
): Actor {
  const wanted = ALLOWED[action];
  const needed = `\`${action}\` needs the role ${wanted.join(' or ')}`;
  for (const member of members) {
    const person = member.people.find(({ sign }) => sign === publicKey) ?? null;
    if (person !== null) {
      if (person.roles.some((role) => wanted.includes(role))) return Object.freeze({ member, person });
      const has = `${person.id} of ${member.id} has ${person.roles.join(', ')}`;
      const others = member.people.filter(({ roles }) => roles.some((role) => wanted.includes(role)));
      throw refusal(`${needed}; ${has}`, others);
    }
    if (member.people.length === 0 && publicKey !== null && member.publicKeys.sign === publicKey) {
      return Object.freeze({ member, person: null });
    }
  }
  const problem = publicKey === null ? 'there is no signing key' : 'the signing key is not in the manifest';
  throw refusal(`${needed}; ${problem}`, []);
}

function refusal(message: string, others: readonly Person[]): SealroomError {
  const names = others.map(({ id }) => id).join(', ');
  return new SealroomError('RULE_ROLE', message, {
    hint: names === '' ? 'roles are given in the manifest, which all members sign' : `ask ${names}`,
  });
}
