import { SealroomError } from '../errors/index.ts';
import type { Member } from './member.ts';
import type { Person, Role } from './person.ts';

/** The actions that roles allow or forbid. */
export type RoleAction =
  | 'create'
  | 'name'
  | 'adopt'
  | 'check'
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
  name: ['KEY_CUSTODIAN'],
  // Whoever may use a secret may take its envelope into the home, and find out whether it opens.
  adopt: ['KEY_CUSTODIAN', 'DATA_STEWARD', 'QUERY_MEMBER'],
  check: ['KEY_CUSTODIAN', 'DATA_STEWARD', 'QUERY_MEMBER'],
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

/** The keys that sign a member's tables: those of its people who may encrypt them, or its only key. */
export function tableKeysOf(member: Member): readonly string[] {
  if (member.people.length > 0) return holdersOf(member, 'encrypt').map(({ sign }) => sign);
  return member.publicKeys.sign === null ? [] : [member.publicKeys.sign];
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
  for (const member of members) {
    const person = member.people.find(({ sign }) => sign === publicKey) ?? null;
    if (person !== null) return requireRoleOf(member, person, action);
    if (member.people.length === 0 && publicKey !== null && member.publicKeys.sign === publicKey) {
      return Object.freeze({ member, person: null });
    }
  }
  throw refusal(action, publicKey === null ? 'there is no signing key' : 'the signing key is not in the manifest', []);
}

/**
 * As {@link requireRole}, for an actor that is known by id: a person of the member, or the member itself if it is one person.
 *
 * @throws {SealroomError} RULE_ROLE if the member has people and the actor is none of them, or does not have the role.
 */
export function requireRoleOfPerson(member: Member, personId: string | null, action: RoleAction): Actor {
  if (member.people.length === 0) return Object.freeze({ member, person: null });
  const person = member.people.find(({ id }) => id === personId);
  if (person === undefined) {
    throw refusal(action, `the caller is none of the people of ${member.id}`, holdersOf(member, action));
  }
  return requireRoleOf(member, person, action);
}

function requireRoleOf(member: Member, person: Person, action: RoleAction): Actor {
  if (person.roles.some((role) => ALLOWED[action].includes(role))) return Object.freeze({ member, person });
  const has = `${person.id} of ${member.id} has ${person.roles.join(', ')}`;
  throw refusal(action, has, holdersOf(member, action));
}

function holdersOf({ people }: Member, action: RoleAction): readonly Person[] {
  return people.filter(({ roles }) => roles.some((role) => ALLOWED[action].includes(role)));
}

function refusal(action: RoleAction, problem: string, others: readonly Person[]): SealroomError {
  const names = others.map(({ id }) => id).join(', ');
  const message = `\`${action}\` needs the role ${ALLOWED[action].join(' or ')}; ${problem}`;
  return new SealroomError('RULE_ROLE', message, {
    hint: names === '' ? 'roles are given in the manifest, which all members sign' : `ask ${names}`,
  });
}
