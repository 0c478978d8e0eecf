import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { parseSigningKey, printPublicKey, signStatement, verifyStatement } from '#src/signing/index';
import { errorOf } from '../tabular/support.ts';

function pemOf(type: 'ed25519' | 'x25519'): string {
  const { privateKey } = type === 'ed25519' ? generateKeyPairSync(type) : generateKeyPairSync('x25519');
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

test('reads the keys that Node and OpenSSL write', () => {
  const pem = pemOf('ed25519');
  const key = parseSigningKey(pem);
  expect(printPublicKey(key)).toBe(printPublicKey(createPrivateKey(pem)));
  const signature = signStatement('application/test', 'a', key);
  expect(signature).toBe(signStatement('application/test', 'a', createPrivateKey(pem)));
  expect(verifyStatement('application/test', 'a', signature, printPublicKey(key))).toBe(true);
  expect(printPublicKey(parseSigningKey(`\n${pem.replaceAll('\n', '\r\n')}`))).toBe(printPublicKey(key));
});

test('refuses other keys and other text, and tells nothing of it', () => {
  const pem = pemOf('ed25519');
  const base64 = pem.split('\n')[1] ?? '';
  const wrong = [
    '',
    base64,
    pemOf('x25519'),
    pem.replaceAll('PRIVATE', 'PUBLIC'),
    pem.replace(base64, base64.slice(0, -4)),
    pem.replace(base64, `${base64}AAAA`),
    pem.replace(base64, `!${base64.slice(1)}`),
    `${pem}${pem}`,
  ];
  for (const text of wrong) {
    const error = errorOf(() => parseSigningKey(text));
    expect(error.code).toBe('SECRET_INVALID');
    if (base64 !== '') expect(`${error.message}${error.hint ?? ''}`).not.toContain(base64.slice(20, 40));
  }
});
