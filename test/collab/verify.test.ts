import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { SealroomError } from '#src/errors/sealroom-error';
import { approveTemplate, insertSignature, type Manifest, parseManifest } from 'sealroom/collab';
import { printPublicKey, signManifest, verifyManifest } from 'sealroom/collab';
import { keyOf, manifestOfContext, withValue } from '../support/manifests.ts';

const VALUE = manifestOfContext('customTemplates');
const TEXT = stringify(VALUE, { lineWidth: 0 });
const MEMBERS = ['brand', 'pub'] as const;
const NOW = new Date('2026-11-24T12:00:00Z');

/** The text, signed by members. */
function signedBy(members: readonly string[], text = TEXT): string {
  let signed = text;
  for (const member of members) {
    const manifest = parseManifest(signed);
    signed = insertSignature(signed, signManifest(manifest, member, keyOf(member)), null);
  }
  return signed;
}

/** The text, in which members approve a template. */
function approvedBy(members: readonly string[], template: string, text = TEXT): string {
  let approved = text;
  for (const member of members) {
    const manifest = parseManifest(approved);
    approved = insertSignature(approved, approveTemplate(manifest, template, member, keyOf(member), NOW), template);
  }
  return approved;
}

function statesOf(text: string): readonly string[] {
  return verifyManifest(parseManifest(text)).map(({ member, template, state }) => {
    return `${member}${template === null ? '' : `/${template}`} ${state}`;
  });
}

function approversOf(manifest: Manifest, template: string): readonly string[] | undefined {
  return manifest.templates.find(({ id }) => id === template)?.approvedBy;
}

function catchError(act: () => unknown): SealroomError {
  try {
    act();
  } catch (error) {
    if (error instanceof SealroomError) return error;
    throw error;
  }
  return expect.fail('expected an error, got none');
}

describe('signatures of a manifest', () => {
  test('hold one by one, and do not change what is signed', () => {
    expect(statesOf(TEXT)).toEqual(['brand missing', 'pub missing']);
    expect(statesOf(signedBy(['pub']))).toEqual(['brand missing', 'pub holds']);
    const signed = signedBy(MEMBERS);
    expect(statesOf(signed)).toEqual(['brand holds', 'pub holds']);
    expect(parseManifest(signed).sha256).toBe(parseManifest(TEXT).sha256);
  });

  test('are Ed25519 of the pre-authentication encoding of DSSE', () => {
    const manifest = parseManifest(TEXT);
    const { signature, sha256 } = signManifest(manifest, 'pub', keyOf('pub'));
    const message = `DSSEv1 40 application/vnd.sealroom.manifest.sha256 64 ${sha256}`;
    expect(verify(null, Buffer.from(message), publicHalf(keyOf('pub')), Buffer.from(signature, 'base64'))).toBe(true);
  });

  test.each([
    ['a threshold', ['tables', 4, 'analysisRule', 'policy', 'v1', 'custom', 'allowedAnalyses'], []],
    ['a setting', ['settings', 'preserveNulls'], true],
    ['the name', ['name'], 'Spring campaign '],
    ['a template', ['templates', 1, 'sql'], 'SELECT COUNT(v.page) AS n FROM visits v'],
  ])('do not hold after a change of %s', (_, path, value) => {
    const signatures = parseManifest(signedBy(MEMBERS)).signatures;
    const changed = { ...withValue(VALUE, path, value), signatures };
    expect(statesOf(JSON.stringify(changed))).toEqual(['brand changed', 'pub changed']);
  });

  test('do not hold if a bit, the hash or the key is another', () => {
    const [brand, pub] = parseManifest(signedBy(MEMBERS)).signatures;
    const flipped = Buffer.from(brand?.signature ?? '', 'base64');
    flipped[5] = (flipped[5] ?? 0) ^ 1;
    const states = (signatures: unknown): readonly string[] => statesOf(JSON.stringify({ ...VALUE, signatures }));
    expect(states([{ ...brand, signature: flipped.toString('base64') }, pub])).toEqual(['brand wrong', 'pub holds']);
    expect(states([{ ...brand, sha256: 'a'.repeat(64) }, pub])).toEqual(['brand wrong', 'pub holds']);
    expect(
      states([
        { ...brand, member: 'pub' },
        { ...pub, member: 'brand' },
      ]),
    ).toEqual(['brand wrong', 'pub wrong']);
    const other = withValue(VALUE, ['members', 0, 'publicKeys', 'sign'], printPublicKey(keyOf('other')));
    expect(statesOf(JSON.stringify({ ...other, signatures: [brand, pub] }))).toEqual(['brand wrong', 'pub changed']);
    const none = withValue(VALUE, ['members', 0, 'publicKeys'], undefined);
    expect(statesOf(JSON.stringify({ ...none, signatures: [brand] }))).toEqual(['brand no-key', 'pub missing']);
  });

  test('of a template are none of the manifest, also with the same hash', () => {
    const manifest = parseManifest(TEXT);
    const approval = approveTemplate(manifest, 'tmpl-reach', 'brand', keyOf('brand'), NOW);
    const forged = signManifest({ ...manifest, sha256: approval.sha256 }, 'brand', keyOf('brand'));
    expect(forged.signature).not.toBe(approval.signature);
    const value = withValue(VALUE, ['templates', 0, 'approvals'], [forged]);
    expect(statesOf(JSON.stringify(value))).toContain('brand/tmpl-reach wrong');
  });

  test('are made only with the key that the manifest has for the member', () => {
    const manifest = parseManifest(TEXT);
    expect(catchError(() => signManifest(manifest, 'news', keyOf('pub')))).toMatchObject({ code: 'USAGE_OPTION' });
    expect(catchError(() => signManifest(manifest, 'brand', keyOf('pub'))).message).toBe(
      'the given key is not the one that the manifest has for brand',
    );
    const draft = parseManifest(JSON.stringify(withValue(VALUE, ['members', 0, 'publicKeys'], undefined)));
    expect(catchError(() => signManifest(draft, 'brand', keyOf('brand'))).message).toMatch(
      /the manifest has no signing key of brand/,
    );
    const { privateKey } = generateKeyPairSync('x25519');
    expect(catchError(() => signManifest(manifest, 'brand', privateKey)).code).toBe('SECRET_INVALID');
    expect(catchError(() => approveTemplate(manifest, 'tmpl-none', 'pub', keyOf('pub'), NOW)).code).toBe(
      'USAGE_OPTION',
    );
  });
});

describe('approvals of a template', () => {
  test('count for exactly that template, and leave the hash of the manifest', () => {
    const manifest = parseManifest(approvedBy(MEMBERS, 'tmpl-reach'));
    expect(approversOf(manifest, 'tmpl-reach')).toEqual(['brand', 'pub']);
    expect(approversOf(manifest, 'tmpl-pending')).toEqual([]);
    expect(manifest.sha256).toBe(parseManifest(TEXT).sha256);
  });

  const approvals = parseManifest(approvedBy(['pub'], 'tmpl-reach')).templates[0]?.approvals;
  const approved = withValue(VALUE, ['templates', 0, 'approvals'], approvals);

  test.each([
    ['the SQL', ['templates', 0, 'sql'], 'SELECT v.page FROM visits v'],
    ['the type of a parameter', ['templates', 0, 'parameters', 0, 'type'], 'VARCHAR'],
    ['the collaboration', ['id'], '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b34'],
  ])('do not count after a change of %s', (_, path, value) => {
    expect(approversOf(parseManifest(JSON.stringify(approved)), 'tmpl-reach')).toEqual(['pub']);
    const changed = JSON.stringify(withValue(approved, path, value));
    expect(approversOf(parseManifest(changed), 'tmpl-reach')).toEqual([]);
    expect(statesOf(changed)).toContain('pub/tmpl-reach changed');
  });

  test('do not count for another template or another member', () => {
    const moved = withValue(VALUE, ['templates', 1, 'approvals'], approvals);
    expect(approversOf(parseManifest(JSON.stringify(moved)), 'tmpl-pending')).toEqual([]);
    const stolen = withValue(approved, ['templates', 0, 'approvals', 0, 'member'], 'brand');
    expect(approversOf(parseManifest(JSON.stringify(stolen)), 'tmpl-reach')).toEqual([]);
  });
});

describe('putting a signature in', () => {
  test('keeps comments, replaces an older one, and adds nothing else', () => {
    const text = `# agreed in March\n${TEXT}\n# the end\n`;
    const once = signedBy(['pub'], text);
    expect(once).toMatch(/^# agreed in March\n/);
    expect(once).toMatch(/# the end/);
    expect(signedBy(['pub'], once)).toBe(once);
    expect(parseManifest(signedBy(['pub', 'brand', 'pub'], text)).signatures.map(({ member }) => member)).toEqual([
      'brand',
      'pub',
    ]);
  });

  test('leaves JSON as JSON', () => {
    const signed = approvedBy(['pub'], 'tmpl-reach', signedBy(MEMBERS, JSON.stringify(VALUE)));
    expect(JSON.parse(signed)).toMatchObject({ ...VALUE, templates: expect.anything(), signatures: expect.anything() });
    expect(statesOf(signed)).toEqual(['brand holds', 'pub holds', 'pub/tmpl-reach holds']);
  });
});

function publicHalf(key: KeyObject): { key: Record<string, string>; format: 'jwk' } {
  const x = Buffer.from(printPublicKey(key).slice('ed25519:'.length), 'base64').toString('base64url');
  return { key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' };
}
