import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parseManifest, printPublicKey, verifyManifest } from 'sealroom/collab';
import { ensureSigningKey, signAsMember } from '#src/actions/member/index';
import { HomeSession } from '../../support/homes.ts';
import { keyOf } from '../../support/manifests.ts';
import { peopleManifest } from '../../support/people.ts';
import { actionsOf, environmentOf } from '../support.ts';

const manifest = { text: peopleManifest(), file: '/m.json' };

async function keyFile(session: HomeSession, name: string): Promise<string> {
  await writeFile(session.path('k.pem'), keyOf(name).export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return session.path('k.pem');
}

test('signAsMember: gives the text with the signature, which holds', async () => {
  await using session = await HomeSession.start();
  const wish = { manifest, member: 'brand', keyFile: await keyFile(session, 'ria'), template: null };
  const { text, signature } = await signAsMember(environmentOf(session), wish);
  const signed = parseManifest(text);
  expect(signed.sha256).toBe(signature.sha256);
  expect(verifyManifest(signed)).toContainEqual(expect.objectContaining({ member: 'brand', state: 'holds' }));
});

test('signAsMember: whoever is no rule approver is refused, which is recorded', async () => {
  await using session = await HomeSession.start();
  const wish = { manifest, member: 'brand', keyFile: await keyFile(session, 'abe'), template: null };
  await expect(signAsMember(environmentOf(session), wish)).rejects.toMatchObject({ code: 'RULE_ROLE' });
  expect(await actionsOf(session)).toEqual(['refuse sign']);
});

test('signAsMember: refuses a manifest that is none, and a key that is not there', async () => {
  await using session = await HomeSession.start();
  const wish = { manifest, member: 'brand', keyFile: session.path('none.pem'), template: null };
  await expect(signAsMember(environmentOf(session), wish)).rejects.toMatchObject({
    code: expect.stringMatching(/^(IO|SECRET)_/) as string,
  });
  const none = signAsMember(environmentOf(session), { ...wish, manifest: { text: '{}' } });
  await expect(none).rejects.toMatchObject({ code: expect.stringMatching(/^MANIFEST_/) as string });
});

test('ensureSigningKey: makes a key once', async () => {
  await using session = await HomeSession.start();
  const made = await ensureSigningKey(session.path('sign.pem'));
  expect(made.isNew).toBe(true);
  expect(await ensureSigningKey(session.path('sign.pem'))).toEqual({ sign: made.sign, isNew: false });
  expect(await ensureSigningKey(await keyFile(session, 'ria'))).toEqual({
    sign: printPublicKey(keyOf('ria')),
    isNew: false,
  });
});
