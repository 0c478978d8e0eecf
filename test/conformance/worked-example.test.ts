// A worked example of the format. The Java code of the reference client 3.0.5 opens these cells.
import { createKernel, deriveFingerprintKey, deriveSealingRoot, fingerprintValue, openCell } from 'sealroom/crypto';
import { parseSharedSecret, sealCellInRow } from 'sealroom/crypto';
import type { ClientType, TypedValue } from 'sealroom/crypto';
import { describe, expect, test } from 'vitest';
import { bytesOfHex, hexOf } from './kit/bytes.ts';
import { KERNEL_NAMES } from './kit/case.ts';
import { openPayload, partsOf } from './kit/reference.ts';
import { SALT, SECRET } from './made-cell.ts';

const NONCE = bytesOfHex(Array.from({ length: 32 }, (_, index) => index.toString(16).padStart(2, '0')).join(''));
const HEAD = '02:enc:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh';

const SEALED: readonly (readonly [
  what: string,
  column: string,
  padTo: number | null,
  TypedValue,
  payload: string,
  tail: string,
])[] = [
  [
    'a text',
    'city',
    null,
    { type: { kind: 'string' }, value: 'Richmond' },
    '02526963686d6f6e640000',
    '89v4eRwG0KUPj5uFE92y5X6gLNmnV/DJhjvrVRFgWWdncHO6bt2YA=',
  ],
  [
    'a text padded to 16',
    'city',
    16,
    { type: { kind: 'string' }, value: 'Richmond' },
    '02526963686d6f6e64000000000000000007',
    '89v4eRwG0KUPj5uFE92y5X6gLNmnV/DHjPMiv/1bbckEpI1lfYvB2SVY+ptK52',
  ],
  [
    'a null',
    'city',
    null,
    { type: { kind: 'string' }, value: null },
    '030000',
    '89v4eRwG0KUPj5uFE8iUdnQu4lAFEzYPhaALc/+sGP',
  ],
  [
    'an empty text',
    'city',
    null,
    { type: { kind: 'string' }, value: '' },
    '020000',
    '89v4eRwG0KUPj5uFE9iUfLISzpY7GJPsIDg4srqrBe',
  ],
  [
    'an INT',
    'n',
    null,
    { type: { kind: 'int' }, value: 42 },
    '120000002a0000',
    '86QjLireKUx+jNyOhaM4eJiFjnSHEsqMlI8c4FYYCWHviFDw==',
  ],
  [
    'a DECIMAL',
    'd',
    null,
    { type: { kind: 'decimal', precision: 9, scale: 2 }, value: '0.42' },
    '0c0000000900000002302e34320000',
    '/XjmNH3SKlerrhTzGJpgkR7TCn9Vk7CtySsg9SQK6S0XU0qxDKARSOlsdm',
  ],
  [
    'a TIMESTAMP',
    't',
    null,
    { type: { kind: 'timestamp', unit: 'ms', utc: true }, value: 1234567890123n },
    '1601000000000000011f71fb04cb0000',
    '+AsoCOuH8761x/37dhHtRhxbLkaySAP6iYhdg/62ldEMNSU/U9HWuZU8J/4w==',
  ],
];

const STRING: ClientType = { kind: 'string' };
const FINGERPRINTS: readonly (readonly [what: string, column: string, isShared: boolean, TypedValue, cell: string])[] =
  [
    ['a text', 'state', false, { type: STRING, value: 'VA' }, 'dVShrpJ70MTSG9VCtCW8WcMdoKbeel144Aln4vRwWk4='],
    ['an empty text', 'state', false, { type: STRING, value: '' }, 'FCdaNcGz0lvfsi+Y0dUgtAjUErnxoYuFH4Wiwh3KKNs='],
    [
      'a text under the key of all columns',
      'state',
      true,
      { type: STRING, value: 'VA' },
      '0c57I9w8Y+RMoNfhFtQgwltrX8UBLmPy+20pedE3bu8=',
    ],
    ['digits as text', 'id', false, { type: STRING, value: '42' }, 'noM6PvGMK9OAYvkzJCPcLlrnd2Bc9UoTolPcLpAYbJI='],
    [
      'a SMALLINT',
      'id',
      false,
      { type: { kind: 'smallint' }, value: 42 },
      'nDXrvxHadH9QN2exewfzd4PksqOanC2Nnyvd6eV4zbM=',
    ],
    ['an INT', 'id', false, { type: { kind: 'int' }, value: 42 }, 'nDXrvxHadH9QN2exewfzd4PksqOanC2Nnyvd6eV4zbM='],
    ['a BIGINT', 'id', false, { type: { kind: 'bigint' }, value: 42n }, 'nDXrvxHadH9QN2exewfzd4PksqOanC2Nnyvd6eV4zbM='],
    [
      'a negative INT',
      'id',
      false,
      { type: { kind: 'int' }, value: -1 },
      'FiiHPO040T3lfU8RRvhGfV+TOqPXOCh2i/07/zA15H8=',
    ],
    [
      'a BOOLEAN',
      'id',
      false,
      { type: { kind: 'boolean' }, value: true },
      'H1+8PbeUJGbEtQ3QK5oX1du6lyHAeiDMMIfvBlebhb4=',
    ],
    ['a DATE', 'id', false, { type: { kind: 'date' }, value: 0 }, 'Z7GjZgTVpa7OSADlcnCqXWN3qEymYKU0OlckS84ZoWI='],
  ];

// From runs of the reference client 3.0.5: secret 00 to 1f, salt `saltybytes`.
const SALTY: readonly (readonly [what: string, isShared: boolean, TypedValue, cell: string])[] = [
  ['a text', true, { type: STRING, value: '100' }, 'fo5/pWuUN3inaftbnE6a1tAx3JH6TsxC1P8vqIfIRBU='],
  ['a SMALLINT', true, { type: { kind: 'smallint' }, value: 100 }, '4Hw6YtZFNIYYWbQMpOjdnIOMMzq5Kzzi0DWa3V5NBvg='],
  ['a BIGINT', true, { type: { kind: 'bigint' }, value: 100n }, '4Hw6YtZFNIYYWbQMpOjdnIOMMzq5Kzzi0DWa3V5NBvg='],
  ['a BOOLEAN', true, { type: { kind: 'boolean' }, value: true }, 'uW2l4SJrRdcch0N+twOptppUcOxpCB9Xe3qkJglhWQI='],
  ['a DATE', true, { type: { kind: 'date' }, value: 99 }, 'uBJMpqWkIO76V4zO7g20uQiegwbZ9W6zaMns1fcZz7o='],
  ['a text of its own column', false, { type: STRING, value: 's0' }, 'UjiDDvrzS+hCW6BkN8YLPwW8DhPX82cMZxssR3f4AeY='],
  [
    'an integer of its own column',
    false,
    { type: { kind: 'int' }, value: -7 },
    '4CJzeQLBjoCzj6YLu+z5Xxp72si48HStBZ2Pbdq2KZM=',
  ],
  [
    'a DATE of its own column',
    false,
    { type: { kind: 'date' }, value: 42 },
    'GfMY1G0oVDapDNMAQV44EXPHNoOcS/o4nLam1ROO8s8=',
  ],
  [
    'a BOOLEAN of its own column',
    false,
    { type: { kind: 'boolean' }, value: true },
    'GzCUEWT4Fp7yLl6QpdIbIDSlKSiUVmuE7tAGNYwOG6A=',
  ],
];

test('F-6 the sealing root of the worked example', () => {
  using root = deriveSealingRoot(parseSharedSecret(SECRET), SALT);
  expect(root.use(hexOf)).toBe('49516cef5f8016cbf106053563fa1cf31f2439be6f81244d639c02c84f6ad8f5');
});

test.each([
  ['state', 'c342ed08bb12e2703c04f6e5d9e17fa6dddb1e05f17b90a7b139d5d05cbdca79'],
  ['id', '3984552eb239966157385e25700b7b8310a77d395719039da2f2fce0d0a901e5'],
])('F-7 the fingerprint key of column %s in the worked example', (column, key) => {
  const settings = { allowJoinsOnColumnsWithDifferentNames: false };
  using derived = deriveFingerprintKey(parseSharedSecret(SECRET), SALT, column, settings);
  expect(derived.use(hexOf)).toBe(key);
});

describe.each(KERNEL_NAMES.map((name) => createKernel(name)))('the worked example on kernel $name', (kernel) => {
  test.each(SEALED)('F-34 seals and opens %s', (_what, targetHeader, padTargetBytes, typed, payload, tail) => {
    using root = deriveSealingRoot(parseSharedSecret(SECRET), SALT);
    using keys = kernel.deriveRowKeys(root, NONCE);
    const cell = sealCellInRow(kernel, keys, { targetHeader, padTargetBytes }, typed);
    expect(cell).toBe(HEAD + tail);
    expect(hexOf(openPayload(SECRET, SALT, cell) ?? new Uint8Array())).toBe(payload);
    expect(hexOf(partsOf(cell).nonce)).toBe(hexOf(NONCE));
    expect(openCell(kernel, root, cell)).toMatchObject({
      kind: 'sealed',
      value: { kind: typed.type.kind, value: typed.value },
    });
  });

  test.each(FINGERPRINTS)('F-27 fingerprints %s of column %s', (_what, column, isShared, typed, cell) => {
    const settings = { allowJoinsOnColumnsWithDifferentNames: isShared };
    using key = deriveFingerprintKey(parseSharedSecret(SECRET), SALT, column, settings);
    expect(fingerprintValue(kernel, key, typed)).toBe(`02:hmac:${cell}`);
  });

  test.each(SALTY)('F-26 fingerprints %s as the reference client’s own tests do', (_what, isShared, typed, cell) => {
    const settings = { allowJoinsOnColumnsWithDifferentNames: isShared };
    using key = deriveFingerprintKey(parseSharedSecret(SECRET), 'saltybytes', 'out', settings);
    expect(fingerprintValue(kernel, key, typed)).toBe(`02:hmac:${cell}`);
  });

  test('F-11 texts that differ only in Unicode normalisation have different fingerprints', () => {
    const settings = { allowJoinsOnColumnsWithDifferentNames: false };
    using key = deriveFingerprintKey(parseSharedSecret(SECRET), SALT, 'state', settings);
    const cells = ['\u00e9', 'e\u0301'].map((value) => fingerprintValue(kernel, key, { type: STRING, value }));
    expect(cells[0]).not.toBe(cells[1]);
  });
});
