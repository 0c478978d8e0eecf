import { describe, expect, test } from 'vitest';
import {
  comparePinnedKeys,
  describeKey,
  type KnownKey,
  type Member,
  parseManifest,
  requirePinnedKeys,
  requireSignedByMembers,
} from '#src/collab/index';
import { printPublicKey, requireKnownSigners } from 'sealroom/collab';
import { keyOf, manifestOfContext } from '../support/manifests.ts';
import { peopleManifest, signedPeopleManifest } from '../support/people.ts';

const MANIFEST = parseManifest(JSON.stringify(manifestOfContext('agg')));
const PEOPLE = parseManifest(peopleManifest());

const known = (member: string, key: string, isOwn = false): KnownKey => ({
  member,
  sign: printPublicKey(keyOf(key)),
  isOwn,
});

const linesOf = (manifest: typeof MANIFEST, keys: readonly KnownKey[]): readonly string[] =>
  comparePinnedKeys(manifest, keys).map(describeKey);

describe('the keys in a manifest', () => {
  test.each([
    ['nothing is known', [], 'not pinned', 'not pinned'],
    ['a card is pinned', [known('pub', 'pub')], 'not pinned', 'pinned'],
    ['the home is of a member', [known('brand', 'brand', true)], 'pinned, as your own', 'not pinned'],
    ['another card is pinned', [known('pub', 'eve')], 'not pinned', 'another is pinned'],
    ['the home has another key', [known('brand', 'eve', true)], 'another is pinned', 'not pinned'],
    ['the new card is pinned beside the old one', [known('pub', 'old'), known('pub', 'pub')], 'not pinned', 'pinned'],
    ['the key of one is pinned for the other', [known('brand', 'pub')], 'another is pinned', 'not pinned'],
    ['a card of a stranger is pinned', [known('eve', 'eve')], 'not pinned', 'not pinned'],
  ])('are compared where %s', (_, keys, brand, pub) => {
    expect(linesOf(MANIFEST, keys)).toEqual([`key of brand: ${brand}`, `key of pub: ${pub}`]);
  });

  test('of people are compared one by one', () => {
    expect(linesOf(PEOPLE, [known('brand', 'kim'), known('brand', 'ria', true)]).slice(0, 3)).toEqual([
      'key of kim of brand: pinned',
      'key of sol of brand: not pinned',
      'key of ria of brand: pinned, as your own',
    ]);
  });

  test('are another if a pinned approver was exchanged for somebody who is not pinned', () => {
    const lines = linesOf(PEOPLE, [known('brand', 'kim'), known('brand', 'rio')]);
    expect(lines).toContain('key of ria of brand: another is pinned');
    expect(lines).toContain('key of kim of brand: pinned');
  });

  test('that a member does not have yet are none', () => {
    const members = MANIFEST.members.map((member) => ({ ...member, publicKeys: { sign: null, receive: null } }));
    expect(comparePinnedKeys({ members }, [known('brand', 'brand')])).toEqual([]);
  });

  test('are refused with who must do what', () => {
    const refuse = (keys: readonly KnownKey[]) => () => {
      requirePinnedKeys(comparePinnedKeys(MANIFEST, keys), 'm.json');
    };
    expect(refuse([])).not.toThrow();
    expect(refuse([known('pub', 'pub'), known('brand', 'brand', true)])).not.toThrow();
    expect(refuse([known('pub', 'eve')])).toThrow(
      expect.objectContaining({
        code: 'MANIFEST_SIGNATURE',
        message: 'expected the known keys of pub; key of pub: another is pinned',
        hint: expect.stringMatching(/if pub has a new key, compare its card by phone/),
        where: { file: 'm.json' },
      }),
    );
    expect(refuse([known('brand', 'eve', true)])).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/^your home is that of brand and has another key/) }),
    );
  });
});

describe('the signature of a member of whom a signing key is known', () => {
  const signed = parseManifest(signedPeopleManifest());
  const check = (keys: readonly KnownKey[]) => () => {
    requireKnownSigners(signed, comparePinnedKeys(signed, keys), 'm.json');
  };

  test.each([
    ['nothing is known', []],
    ['the signer is known', [known('brand', 'ria'), known('pub', 'pub')]],
    ['only a person is known who does not sign', [known('brand', 'kim')]],
  ])('is taken where %s', (_, keys) => {
    expect(check(keys)).not.toThrow();
  });

  test('is refused if it is by another of its keys', () => {
    const members = signed.members.map((member) => ({
      ...member,
      people: member.people.map((person) =>
        person.id === 'sol' ? { ...person, roles: ['RULE_APPROVER'] as const } : person,
      ),
    }));
    const keys = comparePinnedKeys({ members }, [known('brand', 'sol')]);
    expect(() => {
      requireKnownSigners(signed, keys, 'm.json');
    }).toThrow(expect.objectContaining({ code: 'MANIFEST_SIGNATURE', where: { file: 'm.json' } }));
  });
});

describe('a new version of a manifest', () => {
  const inForce = parseManifest(signedPeopleManifest());

  test('is taken if every member has signed it with a key that it has in the one in force', () => {
    expect(() => {
      requireSignedByMembers(inForce, inForce);
    }).not.toThrow();
  });

  test.each([
    [
      'has another key there',
      'pub',
      ({ people }: Member) => ({ people, publicKeys: { sign: printPublicKey(keyOf('eve')), receive: null } }),
    ],
    ['has no key there', 'pub', ({ people }: Member) => ({ people, publicKeys: { sign: null, receive: null } })],
    [
      'is signed for by a person who may not sign there',
      'brand',
      ({ publicKeys, people }: Member) => ({
        publicKeys,
        people: people.map((person) => ({
          ...person,
          roles: person.id === 'ria' ? ['AUDITOR' as const] : person.roles,
        })),
      }),
    ],
    ['has another id there', 'other', (member: Member) => ({ ...member, id: 'other' })],
  ])('is refused if a member %s', (_what, missing, change) => {
    const members = inForce.members.map((member) =>
      member.id === missing || missing === 'other' ? { ...member, ...change(member) } : member,
    );
    expect(() => {
      requireSignedByMembers(inForce, { members });
    }).toThrow(
      expect.objectContaining({
        code: 'MANIFEST_SIGNATURE',
        message: `${missing} has not signed this version with a key that the manifest in force has`,
      }),
    );
  });
});
