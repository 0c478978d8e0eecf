import { describe, expect, test } from 'vitest';
import { SealroomError } from '#src/errors/sealroom-error';
import {
  diffManifests,
  hasRoles,
  type Manifest,
  parseManifest,
  printPublicKey,
  requireRole,
  type Role,
  type RoleAction,
  signManifest,
  verifyManifest,
} from 'sealroom/collab';
import { listProblems } from 'sealroom/schema';
import { type Json, keyOf, manifestOfContext, withValue } from '../support/manifests.ts';

const BARE = withValue(manifestOfContext('agg'), ['members', 0, 'publicKeys'], { sign: publicKey('brand') });

const PEOPLE: readonly (readonly [string, readonly Role[]])[] = [
  ['kim', ['KEY_CUSTODIAN']],
  ['sol', ['DATA_STEWARD']],
  ['ria', ['RULE_APPROVER']],
  ['abe', ['AUDITOR']],
  ['quin', ['QUERY_MEMBER']],
  ['uma', ['DATA_STEWARD', 'QUERY_MEMBER', 'AUDITOR']],
];

function publicKey(name: string): string {
  return printPublicKey(keyOf(name));
}

function withPeople(people: unknown): Json {
  return withValue(BARE, ['members', 0, 'people'], people);
}

function peopleOf(entries: readonly (readonly [string, readonly Role[]])[]): Json[] {
  return entries.map(([id, roles]) => ({ id, roles, sign: publicKey(id) }));
}

function read(value: unknown): Manifest {
  return parseManifest(JSON.stringify(value));
}

function problemsOf(value: unknown): readonly string[] {
  try {
    parseManifest(JSON.stringify(value, null, 1));
  } catch (error) {
    if (error instanceof SealroomError) return listProblems(error).map(({ message }) => message);
    throw error;
  }
  return [];
}

const MANIFEST = read(withPeople(peopleOf(PEOPLE)));

describe('people of a member in a manifest', () => {
  test('are read, and a member without them is one person', () => {
    expect(MANIFEST.members[0]?.people[0]).toEqual({
      id: 'kim',
      displayName: 'kim',
      roles: ['KEY_CUSTODIAN'],
      sign: publicKey('kim'),
    });
    expect([hasRoles(MANIFEST), hasRoles(read(BARE))]).toEqual([true, false]);
    expect(read(BARE).members[0]?.people).toEqual([]);
  });

  test('do not change the hash of a manifest without them', () => {
    expect(read(BARE).sha256).toBe('798312fc4327034c6d4eab549cf8826192f69a21f5171116250718878f15cc98');
    expect(MANIFEST.sha256).not.toBe(read(BARE).sha256);
  });

  test.each([
    ['nobody', [], /`members\[0\]\.people`: expected at least 1 item, got 0/],
    ['something else', { kim: [] }, /`members\[0\]\.people`: expected an array, got/],
    [
      'no approver',
      peopleOf([['kim', ['KEY_CUSTODIAN']]]),
      /people`: at least one person needs the role RULE_APPROVER/,
    ],
    [
      'a custodian who is a steward',
      peopleOf([['ria', ['RULE_APPROVER', 'DATA_STEWARD', 'KEY_CUSTODIAN']]]),
      /people\[0\]\.roles`: nobody can be both KEY_CUSTODIAN and DATA_STEWARD/,
    ],
    [
      'no roles',
      [...peopleOf([['ria', ['RULE_APPROVER']]]), { id: 'kim', roles: [], sign: publicKey('kim') }],
      /roles`: expected at least 1 item/,
    ],
    [
      'an unknown role',
      [{ id: 'kim', roles: ['RULE_APPROVER', 'BOSS'], sign: publicKey('kim') }],
      /roles\[1\]`: expected one of KEY_CUSTODIAN/,
    ],
    [
      'a role twice',
      [{ id: 'k', roles: ['RULE_APPROVER', 'RULE_APPROVER'], sign: publicKey('k') }],
      /`\w+` is listed twice/,
    ],
    ['no key', [{ id: 'kim', roles: ['RULE_APPROVER'] }], /people\[0\]\.sign`: expected an Ed25519 public key/],
    [
      'another key',
      [{ id: 'kim', roles: ['RULE_APPROVER'], sign: 'age1' }],
      /sign`: expected an Ed25519 public key, as `ed25519:` and 32 bytes in Base64$/,
    ],
    [
      'an id in capitals',
      [{ id: 'Kim', roles: ['RULE_APPROVER'], sign: publicKey('k') }],
      /people\[0\]\.id`: expected 1 to 63/,
    ],
    [
      'an unknown key',
      [{ id: 'kim', roles: ['RULE_APPROVER'], sign: publicKey('k'), mail: 'x' }],
      /mail`: unknown key/,
    ],
    [
      'an id twice',
      [...peopleOf([['ria', ['RULE_APPROVER']]]), { id: 'ria', roles: ['AUDITOR'], sign: publicKey('other') }],
      /people\[1\]\.id`: the id `ria` is used twice/,
    ],
    [
      'a key twice',
      [...peopleOf([['ria', ['RULE_APPROVER']]]), { id: 'abe', roles: ['AUDITOR'], sign: publicKey('ria') }],
      /people\[1\]\.sign`: this key already belongs to another person or member/,
    ],
  ])('%s is refused with its place', (_what, people, message) => {
    expect(problemsOf(withPeople(people))).toEqual([expect.stringMatching(message)]);
  });

  test('have a key that is no other member’s, and may have that of their own', () => {
    const own = [{ id: 'ria', roles: ['RULE_APPROVER'], sign: publicKey('brand') }];
    expect(problemsOf(withPeople(own))).toEqual([]);
    const theirs = withValue(withPeople(own), ['members', 1, 'publicKeys'], { sign: publicKey('brand') });
    expect(problemsOf(theirs)).toEqual([
      expect.stringMatching(/members\[1\]\.publicKeys\.sign`: this key already belongs to another member/),
    ]);
    const people = [{ id: 'eve', roles: ['RULE_APPROVER'], sign: publicKey('brand') }];
    expect(problemsOf(withValue(withPeople(own), ['members', 1, 'people'], people))).toEqual([
      expect.stringMatching(/members\[1\]\.people\[0\]\.sign`: this key already belongs to another person or member/),
    ]);
  });

  test('show up when they change', () => {
    const after = read(withPeople(peopleOf(PEOPLE.slice(0, 3))));
    expect(diffManifests(MANIFEST, after).map(({ text }) => text)).toContain(
      `person abe: none, was AUDITOR, key ${publicKey('abe')}`,
    );
  });
});

describe('signatures of a member with people', () => {
  test('are those of its rule approvers', () => {
    const signature = signManifest(MANIFEST, 'brand', keyOf('ria'));
    const signed = read({ ...withPeople(peopleOf(PEOPLE)), signatures: [signature] });
    expect(verifyManifest(signed)[0]).toEqual({ member: 'brand', template: null, state: 'holds' });
  });

  test.each(['kim', 'sol', 'abe', 'quin', 'uma'])('are not those of %s', (name) => {
    expect(() => signManifest(MANIFEST, 'brand', keyOf(name))).toThrow(expect.objectContaining({ code: 'RULE_ROLE' }));
    const { signature } = signManifest(
      read(withValue(BARE, ['members', 0, 'publicKeys'], { sign: publicKey(name) })),
      'brand',
      keyOf(name),
    );
    const forged = { member: 'brand', sha256: MANIFEST.sha256, signature };
    const signed = read({ ...withPeople(peopleOf(PEOPLE)), signatures: [forged] });
    expect(verifyManifest(signed)[0]?.state).toBe('wrong');
  });

  test('are not that of its own key, which is nobody’s', () => {
    expect(() => signManifest(MANIFEST, 'brand', keyOf('brand'))).toThrow(
      'the given key is not the one that the manifest has for a rule approver of brand',
    );
  });
});

const ACTIONS: Readonly<Record<RoleAction, readonly string[]>> = {
  create: ['kim'],
  name: ['kim'],
  adopt: ['kim', 'sol', 'quin', 'uma'],
  check: ['kim', 'sol', 'quin', 'uma'],
  wrap: ['kim'],
  rotate: ['kim'],
  export: ['kim'],
  destroy: ['kim'],
  send: ['kim'],
  receive: ['kim'],
  encrypt: ['sol', 'uma'],
  reencrypt: ['sol', 'uma'],
  decrypt: ['sol', 'quin', 'uma'],
  sign: ['ria'],
  audit: ['abe', 'uma'],
  query: ['quin', 'uma'],
};

describe('what roles allow', () => {
  const cases = Object.keys(ACTIONS).flatMap((action) => PEOPLE.map(([name]) => [action as RoleAction, name] as const));

  test.each(cases)('%s by %s', (action, name) => {
    const act = (): unknown => requireRole(MANIFEST, publicKey(name), action);
    if (ACTIONS[action].includes(name)) expect(act()).toMatchObject({ member: { id: 'brand' }, person: { id: name } });
    else expect(act).toThrow(expect.objectContaining({ code: 'RULE_ROLE' }));
  });

  test('a member that is one person has all roles', () => {
    const manifest = read(BARE);
    for (const { 0: action } of cases) {
      expect(requireRole(manifest, publicKey('brand'), action)).toMatchObject({
        member: { id: 'brand' },
        person: null,
      });
    }
  });

  test('nobody else has any: no key, an unknown one, or the member’s own where it has people', () => {
    for (const key of [null, publicKey('eve'), publicKey('brand')]) {
      expect(() => requireRole(MANIFEST, key, 'encrypt')).toThrow(expect.objectContaining({ code: 'RULE_ROLE' }));
    }
  });

  test('the refusal says who may', () => {
    expect(() => requireRole(MANIFEST, publicKey('sol'), 'export')).toThrow(
      expect.objectContaining({
        message: '`export` needs the role KEY_CUSTODIAN; sol of brand has DATA_STEWARD',
        hint: 'ask kim',
      }),
    );
  });
});
