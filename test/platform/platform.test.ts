import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { decodeHex, encodeHex, encodeUtf8 } from '#src/bytes/index';
import * as chosen from '#src/platform/index';
import * as node from '#src/platform/node';
import type { Platform } from '#src/platform/platform';
import { fillRandom, randomBytes } from '#src/platform/random';
import * as web from '#src/platform/web';

const PLATFORMS: readonly (readonly [string, Platform])[] = [
  ['node', node],
  ['web', web],
];

function hex(text: string): Uint8Array {
  const bytes = decodeHex(text.replaceAll(' ', ''));
  if (bytes === null) throw new Error('a vector that is not hexadecimal');
  return bytes;
}

/** FIPS 180-4 examples: text and digest. */
const SHA256 = [
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
] as const;

/** RFC 4231 §4.2 to §4.7, without the truncated case 5: key, data, HMAC-SHA-256. */
const HMAC = [
  ['0b'.repeat(20), '4869205468657265', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  [
    '4a656665',
    '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  ['aa'.repeat(20), 'dd'.repeat(50), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
  [
    '0102030405060708090a0b0c0d0e0f10111213141516171819',
    'cd'.repeat(50),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
  [
    'aa'.repeat(131),
    '54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204669727374',
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
] as const;

/** RFC 5869 §A.1 to §A.3: keying material, salt, info, length, output. */
const HKDF = [
  [
    '0b'.repeat(22),
    '000102030405060708090a0b0c',
    'f0f1f2f3f4f5f6f7f8f9',
    42,
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  ],
  [
    Array.from({ length: 80 }, (_, index) => index.toString(16).padStart(2, '0')).join(''),
    Array.from({ length: 80 }, (_, index) => (index + 0x60).toString(16)).join(''),
    Array.from({ length: 80 }, (_, index) => (index + 0xb0).toString(16)).join(''),
    82,
    'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
  ],
  ['0b'.repeat(22), '', '', 42, '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8'],
] as const;

/** RFC 8032 §7.1, tests 1 to 3 and "SHA(abc)": seed, public key, message, signature. */
const ED25519 = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
  [
    '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
    'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
  ],
] as const;

/** Encodings of the eight points of small order, and encodings that are not canonical. */
const WEAK_KEYS = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
] as const;

/** `R` is the neutral point and `S` is 0: it holds for every message by a key of order 1. */
const FORGED = hex('01'.padEnd(128, '0'));

describe.each(PLATFORMS)('the platform %s', (_name, platform) => {
  test.each(SHA256)('hashes as FIPS 180-4 does, %#', (text, digest) => {
    expect(platform.sha256Hex(text)).toBe(digest);
    expect(platform.sha256Hex(encodeUtf8(text))).toBe(digest);
    const bytes = encodeUtf8(text);
    expect(encodeHex(platform.sha256(bytes.subarray(0, 1), bytes.subarray(1)))).toBe(digest);
  });

  test('hashes text in UTF-8', () => {
    expect(platform.sha256Hex('ä€😀\uFEFF')).toBe(platform.sha256Hex(encodeUtf8('ä€😀\uFEFF')));
  });

  test.each(HMAC)('authenticates as RFC 4231 does, %#', (key, data, expected) => {
    expect(encodeHex(platform.hmacSha256(hex(key), hex(data)))).toBe(expected);
    const bytes = hex(data);
    expect(encodeHex(platform.hmacSha256(hex(key), bytes.subarray(0, 3), bytes.subarray(3)))).toBe(expected);
  });

  test.each(HKDF)('derives as RFC 5869 does, %#', (keyingMaterial, salt, info, bytes, expected) => {
    expect(encodeHex(platform.hkdfSha256(hex(keyingMaterial), hex(salt), hex(info), bytes))).toBe(expected);
  });

  test.each(ED25519)('signs and checks as RFC 8032 does, %#', (seed, publicKey, message, signature) => {
    const key = platform.signingKeyFromSeed(hex(seed));
    expect(key).toMatchObject({ type: 'private', asymmetricKeyType: 'ed25519' });
    expect(encodeHex(platform.publicKeyOf(key))).toBe(publicKey);
    expect(encodeHex(platform.signMessage(key, hex(message)))).toBe(signature);
    expect(platform.signatureVerifier(hex(publicKey))(hex(message), hex(signature))).toBe(true);
  });

  test.each(ED25519)(
    'refuses a signature of another message, key or form, %#',
    (_seed, publicKey, message, signature) => {
      const verify = platform.signatureVerifier(hex(publicKey));
      expect(verify(Uint8Array.of(...hex(message), 0), hex(signature))).toBe(false);
      for (const at of [0, 31, 32, 63]) {
        const changed = hex(signature);
        changed[at] = (changed[at] ?? 0) ^ 1;
        expect(verify(hex(message), changed)).toBe(false);
      }
      expect(verify(hex(message), hex(signature).subarray(0, 63))).toBe(false);
      expect(verify(hex(message), new Uint8Array(0))).toBe(false);
      const [other] = ED25519.filter((vector) => vector[1] !== publicKey);
      expect(platform.signatureVerifier(hex(other?.[1] ?? ''))(hex(message), hex(signature))).toBe(false);
    },
  );

  test('refuses a signature whose scalar is not below the order of the group', () => {
    // S + L, where L is the order: the equation holds all the same. RFC 8032 §5.1.7.
    const [, publicKey, message, signature] = ED25519[0];
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const changed = hex(signature);
    let scalar = BigInt(`0x${encodeHex(changed.slice(32).reverse())}`) + order;
    for (let at = 32; at < 64; at++) {
      changed[at] = Number(scalar & 0xffn);
      scalar >>= 8n;
    }
    expect(platform.signatureVerifier(hex(publicKey))(hex(message), changed)).toBe(false);
  });

  test.each(WEAK_KEYS)('takes no signature by the weak key %s', (publicKey) => {
    const verify = platform.signatureVerifier(hex(publicKey));
    const messages = Array.from({ length: 64 }, (_, index) => Uint8Array.of(index));
    expect(messages.filter((message) => verify(message, FORGED))).toEqual([]);
  });

  test('keeps its own copy of a seed', () => {
    const [seed, publicKey, message, signature] = ED25519[1];
    const bytes = hex(seed);
    const key = platform.signingKeyFromSeed(bytes);
    bytes.fill(0);
    expect(encodeHex(platform.publicKeyOf(key))).toBe(publicKey);
    expect(encodeHex(platform.signMessage(key, hex(message)))).toBe(signature);
  });

  test('tells nothing of a private key when it is printed', () => {
    const [seed] = ED25519[0];
    const key = platform.signingKeyFromSeed(hex(seed));
    expect(JSON.stringify(key)).not.toContain(seed.slice(0, 8));
    expect(inspect(key, { depth: 9, showHidden: true })).not.toContain(seed.slice(0, 8));
  });

  test('refuses keys of another platform', () => {
    const key = { type: 'private', asymmetricKeyType: 'ed25519' };
    expect(() => platform.publicKeyOf(key)).toThrow(TypeError);
    expect(() => platform.signMessage(key, new Uint8Array(0))).toThrow(TypeError);
  });

  test('tells UTF-8 from other bytes', () => {
    for (const text of ['', 'a', 'ä', '€', '😀', '\uFEFFa']) expect(platform.isUtf8(encodeUtf8(text))).toBe(true);
    // Alone, cut short, too long a form, a surrogate, over U+10FFFF.
    for (const bytes of ['80', 'c3', 'c080', 'e282', 'eda080', 'f4908080', 'ff']) {
      expect(platform.isUtf8(hex(bytes))).toBe(false);
    }
  });
});

test('what one platform signs, the other checks', () => {
  for (let round = 0; round < 16; round++) {
    const seed = randomBytes(32);
    const message = randomBytes(round * 7);
    const [ofNode, ofWeb] = [node.signingKeyFromSeed(seed), web.signingKeyFromSeed(seed)];
    const publicKey = node.publicKeyOf(ofNode);
    expect(web.publicKeyOf(ofWeb)).toEqual(publicKey);
    expect(web.signMessage(ofWeb, message)).toEqual(node.signMessage(ofNode, message));
    expect(web.signatureVerifier(publicKey)(message, node.signMessage(ofNode, message))).toBe(true);
    expect(node.signatureVerifier(publicKey)(message, web.signMessage(ofWeb, message))).toBe(true);
  }
});

test('a key of node:crypto is a signing key in Node, its public half too', () => {
  const { privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject } = generateKeyPairSync('ed25519');
  expect(node.publicKeyOf(privateKey)).toEqual(node.publicKeyOf(publicKey));
  const signature = node.signMessage(privateKey, encodeUtf8('a'));
  expect(web.signatureVerifier(node.publicKeyOf(publicKey))(encodeUtf8('a'), signature)).toBe(true);
});

test('Node gets its own cryptography', () => {
  expect(chosen.sha256).toBe(node.sha256);
  expect(chosen.nodeCrypto).not.toBeNull();
  expect(web.nodeCrypto).toBeNull();
});

test('random numbers fill arrays of any length, and nothing around them', () => {
  const around = new Uint8Array(200_004);
  fillRandom(around.subarray(2, 200_002));
  expect([...around.subarray(0, 2), ...around.subarray(200_002)]).toEqual([0, 0, 0, 0]);
  // Each of the calls that a long array takes has filled its part: 100 zeros in a row do not happen.
  for (let at = 2; at < 200_002; at += 100) expect(around.subarray(at, at + 100).some((byte) => byte !== 0)).toBe(true);
  expect(new Set(fillRandom(new Uint32Array(64))).size).toBeGreaterThan(60);
});
