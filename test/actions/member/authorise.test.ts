import { describe, expect, test } from 'vitest';
import { parseManifest } from 'sealroom/collab';
import { identifyPerson } from '#src/actions/member/tables';
import { HomeSession } from '../../support/homes.ts';
import { manifestOfContext } from '../../support/manifests.ts';
import { peopleManifest, signedPeopleManifest } from '../../support/people.ts';
import { actionsOf, environmentOf } from '../support.ts';

const SIGNED = parseManifest(signedPeopleManifest());

describe('identifyPerson', () => {
  test('is the person whose signing key the home has', async () => {
    await using session = await HomeSession.start();
    await session.becomes('quin');
    expect(await identifyPerson(environmentOf(session), 'brand', SIGNED)).toBe('quin');
  });

  test('is nobody of a member that is one person, or is none of the manifest', async () => {
    await using session = await HomeSession.start();
    expect(await identifyPerson(environmentOf(session), 'pub', SIGNED)).toBeNull();
    expect(await identifyPerson(environmentOf(session), 'stranger', SIGNED)).toBeNull();
    const without = parseManifest(JSON.stringify(manifestOfContext('agg')));
    expect(await identifyPerson(environmentOf(session), 'brand', without)).toBeNull();
  });

  test.each([
    ['a person without the role', 'abe', SIGNED, 'RULE_ROLE'],
    ['another member', 'pub', SIGNED, 'RULE_ROLE'],
    ['a key of nobody', 'eve', SIGNED, 'RULE_ROLE'],
    ['a manifest that is not signed', 'quin', parseManifest(peopleManifest()), 'MANIFEST_UNSIGNED'],
  ])('refuses %s, and records that', async (_, name, manifest, code) => {
    await using session = await HomeSession.start();
    await session.becomes(name);
    const identified = identifyPerson(environmentOf(session), 'brand', manifest);
    await expect(identified).rejects.toMatchObject({ code });
    expect(await actionsOf(session)).toEqual(['refuse query']);
  });

  test('refuses a home without a signing key', async () => {
    await using session = await HomeSession.start();
    const identified = identifyPerson(environmentOf(session), 'brand', SIGNED);
    await expect(identified).rejects.toThrow(/there is no signing key/);
  });
});
