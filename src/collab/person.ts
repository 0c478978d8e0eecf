import { PUBLIC_KEY_PATTERN } from '../signing/index.ts';
import { type Cursor, present, readUnique } from './cursor.ts';
import { LABEL } from './label.ts';

/** The roles that a member's people can have. */
export const ROLES = ['KEY_CUSTODIAN', 'DATA_STEWARD', 'RULE_APPROVER', 'AUDITOR', 'QUERY_MEMBER'] as const;

/** One of {@link ROLES}. */
export type Role = (typeof ROLES)[number];

/** A person who acts for a member. */
export interface Person {
  /** 1 to 63 of `a-z`, `0-9`, `_`, `.` and `-`, a letter or digit first; unique within the member. */
  readonly id: string;
  readonly displayName: string;
  readonly roles: readonly Role[];
  /** Ed25519 public key, as `ed25519:` and 32 bytes in Base64. */
  readonly sign: string;
}

/** The form of a signing key's public half in a manifest. */
export const SIGN_KEY = {
  pattern: PUBLIC_KEY_PATTERN,
  words: 'an Ed25519 public key, as `ed25519:` and 32 bytes in Base64',
  hidden: true,
};

const PERSON_ID = {
  pattern: /^[a-z0-9][a-z0-9_.-]{0,62}$/,
  words: '1 to 63 of `a-z`, `0-9`, `_`, `.` and `-`, a letter or digit first',
};

function readRoles(cursor: Cursor): readonly Role[] {
  const roles = readUnique(cursor, (item) => item.oneOf(ROLES), 1);
  if (roles.includes('KEY_CUSTODIAN') && roles.includes('DATA_STEWARD')) {
    cursor.refuse(
      'nobody can be both KEY_CUSTODIAN and DATA_STEWARD',
      'a person who keeps the secret must not hold tables',
    );
  }
  return roles;
}

function readPerson(cursor: Cursor): Person | null {
  if (!cursor.object(['id', 'displayName', 'roles', 'sign'])) return null;
  const id = cursor.at('id').text(PERSON_ID);
  const displayName = cursor.at('displayName');
  const name = displayName.isGiven ? displayName.text(LABEL) : id;
  const roles = readRoles(cursor.at('roles'));
  const sign = cursor.at('sign').text(SIGN_KEY);
  if (id === null || sign === null) return null;
  return Object.freeze({ id, displayName: name ?? id, roles, sign });
}

/**
 * Reads the people of a member, whose ids and keys are unique; empty if the member is a single person.
 *
 * @param taken the keys of other members and their people
 */
export function readPeople(cursor: Cursor, taken: ReadonlySet<string>): readonly Person[] {
  if (!cursor.isGiven) return Object.freeze([]);
  const seen = new Set<string>();
  const people = present(
    cursor.items(1).map((item) => {
      const person = readPerson(item);
      if (person === null) return null;
      const { id, sign } = person;
      if (seen.has(id)) item.at('id').refuse(`the id \`${id}\` is used twice`);
      if (taken.has(sign) || seen.has(sign)) {
        item.at('sign').refuse('this key already belongs to another person or member');
      }
      seen.add(id).add(sign);
      return person;
    }),
  );
  if (people.length > 0 && !people.some(({ roles }) => roles.includes('RULE_APPROVER'))) {
    cursor.refuse('at least one person needs the role RULE_APPROVER', 'otherwise nobody can sign for the member');
  }
  return Object.freeze(people);
}
