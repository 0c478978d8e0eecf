import { SealroomError } from '../errors/index.ts';
import type { Member } from './member.ts';
import type { Person, Role } from './person.ts';

/** What roles allow or forbid. */
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

/** Which roles may do it: one of them is enough. */
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
  // A steward looks into the member's own tables, who asks queries into their results.
  decrypt: ['DATA_STEWARD', 'QUERY_MEMBER'],
  sign: ['RULE_APPROVER'],
  audit: ['AUDITOR'],
  query: ['QUERY_MEMBER'],
};

/** Who acts. */
export interface Actor {
  readonly member: Member;
  /** `null` for a member that is one person. */
  readonly person: Person | null;
}

/** Whether a manifest tells people of members apart, so that roles say who may do what. */
export function hasRoles({ members }: { readonly members: readonly Member[] }): boolean {
  return members.some(({ people }) => people.length > 0);
}

/** The keys whose signatures under a manifest are a member's: those of its rule approvers, or its one key. */
export function signingKeysOf({ people, publicKeys }: Member): readonly string[] {
  if (people.length > 0) return people.filter(({ roles }) => roles.includes('RULE_APPROVER')).map(({ sign }) => sign);
  return publicKeys.sign === null ? [] : [publicKeys.sign];
}

/**
 * Who acts, if the roles in the manifest allow it: the person whose signing key it is, or a member that is one person, which has
 * all roles.
 *
 * It says what people agreed on. Whoever has a secret and runs another program is not stopped by it.
 *
 * @param publicKey the public half of the actor's signing key as manifests have it, or `null` if it has none
 * @throws {SealroomError} RULE_ROLE if the key is nobody's in the manifest, or its owner has not the role.
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
  throw refusal(action, publicKey === null ? 'no signing key' : 'a key of nobody in the manifest', []);
}

/**
 * As {@link requireRole}, for whoever was told to act: a person of the member, by id, or the member itself if it is one person.
 *
 * @throws {SealroomError} RULE_ROLE if the member has people and it is none of them, or one without the role.
 */
export function requireRoleOfPerson(member: Member, personId: string | null, action: RoleAction): Actor {
  if (member.people.length === 0) return Object.freeze({ member, person: null });
  const person = member.people.find(({ id }) => id === personId);
  if (person === undefined) throw refusal(action, `nobody of ${member.id}'s people`, holdersOf(member, action));
  return requireRoleOf(member, person, action);
}

function requireRoleOf(member: Member, person: Person, action: RoleAction): Actor {
  if (person.roles.some((role) => ALLOWED[action].includes(role))) return Object.freeze({ member, person });
  const got = `${person.id} of ${member.id} with ${person.roles.join(', ')}`;
  throw refusal(action, got, holdersOf(member, action));
}

function holdersOf({ people }: Member, action: RoleAction): readonly Person[] {
  return people.filter(({ roles }) => roles.some((role) => ALLOWED[action].includes(role)));
}

function refusal(action: RoleAction, got: string, others: readonly Person[]): SealroomError {
  const names = others.map(({ id }) => id).join(', ');
  const message = `\`${action}\` expected the role ${ALLOWED[action].join(' or ')}, got ${got}`;
  return new SealroomError('RULE_ROLE', message, {
    hint: names === '' ? 'roles are given in the manifest, which all members sign' : `ask ${names}`,
  });
}
