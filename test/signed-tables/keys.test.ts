import { parseManifest } from 'sealroom/collab';
import { expect, test } from 'vitest';
import { tableKeysOf } from '#src/collab/roles';
import { signedPeopleManifest } from '../support/people.ts';

test('tables are signed by the people who may encrypt them, and by no others; a member without people has one key', () => {
  const { members } = parseManifest(signedPeopleManifest());
  for (const member of members) {
    const { people, publicKeys } = member;
    const stewards = people.filter(({ roles }) => roles.includes('DATA_STEWARD')).map(({ sign }) => sign);
    expect(tableKeysOf(member)).toEqual(people.length === 0 ? [publicKeys.sign] : stewards);
  }
  expect(members.some(({ people }) => people.length > 1)).toBe(true);
  expect(members.flatMap(tableKeysOf).length).toBeGreaterThan(0);
});
