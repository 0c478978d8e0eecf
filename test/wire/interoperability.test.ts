import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign as signWithNode,
  verify as verifyWithNode,
} from 'node:crypto';
import { httpbis } from 'http-message-signatures';
import { expect, test } from 'vitest';
import { encodeUtf8 } from '#src/bytes/index';
import { signMessage } from '#src/platform/index';
import { printPublicKey } from '#src/signing/index';
import { contentDigest, parseDigest, requireDigest, signRequest } from '#src/wire/index';
import { encodeSignatureBase, printSignatureParams } from '#src/wire/signature-base';
import { errorOf } from '../tabular/support.ts';
import { bytesOf, makeVerifier, NOW, ORIGIN, withHeaders } from './support.ts';

/** `test-key-ed25519` of RFC 9421, B.1.4. */
const TEST_KEY = createPrivateKey(
  '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----\n',
);

const BODY = encodeUtf8('{"sql": "SELECT 1"}');

const REQUEST = {
  method: 'POST',
  target: '/v1/checks',
  headers: [
    ['content-digest', contentDigest(BODY)],
    ['content-type', 'application/json'],
  ],
} as const;

test('makes the signature base and the signature of RFC 9421, B.2.6', () => {
  const components = [
    { name: 'date', value: 'Tue, 20 Apr 2021 02:07:55 GMT' },
    { name: '@method', value: 'POST' },
    { name: '@path', value: '/foo' },
    { name: '@authority', value: 'example.com' },
    { name: 'content-type', value: 'application/json' },
    { name: 'content-length', value: '18' },
  ];
  const params = printSignatureParams(
    components.map(({ name }) => name),
    [
      ['created', 1618884473],
      ['keyid', 'test-key-ed25519'],
    ],
  );
  const signature = signMessage(TEST_KEY, encodeSignatureBase(components, params));
  expect(params).toBe(
    '("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
  );
  const published = 'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==';
  expect(signature).toEqual(bytesOf(published));
});

test('another implementation accepts our requests', async () => {
  const headers = signRequest(REQUEST, { key: TEST_KEY, origin: ORIGIN, now: NOW });
  const { headers: all } = withHeaders(REQUEST, Object.entries(headers));
  const asked: unknown[] = [];
  const isValid = await httpbis.verifyMessage(
    {
      keyLookup: async (parameters) => {
        asked.push(parameters.keyid);
        return Promise.resolve({ algs: ['ed25519'], verify: verifierOf(TEST_KEY) });
      },
      requiredParams: ['created', 'nonce', 'keyid', 'alg', 'tag'],
      requiredFields: ['@method', '@target-uri', 'content-digest', 'content-type'],
      notAfter: NOW,
      all: true,
    },
    { method: REQUEST.method, url: `${ORIGIN}${REQUEST.target}`, headers: Object.fromEntries(all) },
  );
  expect(isValid).toBe(true);
  expect(asked).toEqual([printPublicKey(TEST_KEY)]);
});

test('we accept the requests of another implementation', async () => {
  const { headers } = await httpbis.signMessage(
    {
      key: {
        id: printPublicKey(TEST_KEY),
        alg: 'ed25519',
        sign: async (data) => Promise.resolve(signWithNode(null, data, TEST_KEY)),
      },
      fields: ['@method', '@target-uri', 'content-digest', 'content-type'],
      params: ['created', 'nonce', 'keyid', 'alg', 'tag'],
      paramValues: { created: NOW, nonce: 'AAAAAAAAAAAAAAAAAAAAAA', tag: 'sealroom-v1' },
    },
    { method: REQUEST.method, url: `${ORIGIN}${REQUEST.target}`, headers: Object.fromEntries(REQUEST.headers) },
  );
  const pairs = Object.entries(headers).map(([name, value]) => [name, value] as const);
  const { verifier } = makeVerifier([TEST_KEY]);
  const { keyId, digest } = verifier.verify({ ...REQUEST, headers: pairs }, true);
  expect(keyId).toBe(printPublicKey(TEST_KEY));
  expect(digest).toEqual(parseDigest(contentDigest(BODY)));
});

test('makes the digests of RFC 9530', () => {
  const body = encodeUtf8('{"hello": "world"}\n');
  const published = 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:';
  expect(contentDigest(body)).toBe(published);
  expect(contentDigest(encodeUtf8('{"hello": "world"}'))).toBe(
    'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
  );
  requireDigest(parseDigest(published), parseDigest(contentDigest(body)));
  requireDigest(null, null);
});

test.each([
  ['two digests', 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:, sha-512=:AAAA:'],
  ['another algorithm', 'sha-512=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:'],
  ['upper case', 'SHA-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:'],
  ['no padding', 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg:'],
  ['unused bits', 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDh=:'],
  ['a parameter', 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:;a'],
  ['text', 'sha-256="RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="'],
])('refuses a digest that is %s', (_what, value) => {
  expect(errorOf(() => parseDigest(value)).code).toBe('AUTH_DIGEST');
});

test('refuses a body that is not the one that was signed', () => {
  const [one, other] = ['a', 'b'].map((text) => parseDigest(contentDigest(encodeUtf8(text))));
  if (one === undefined || other === undefined) throw new Error('no digests');
  for (const [signed, actual] of [
    [one, other],
    [null, one],
    [one, null],
  ] as const) {
    expect(errorOf(() => requireDigest(signed, actual)).code).toBe('AUTH_DIGEST');
  }
});

function verifierOf(key: KeyObject): (data: Buffer, signature: Buffer) => Promise<boolean> {
  return async (data, signature) => Promise.resolve(verifyWithNode(null, data, createPublicKey(key), signature));
}
