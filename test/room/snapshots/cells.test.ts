import fc from 'fast-check';
import {
  createKernel,
  deriveFingerprintKey,
  deriveSealingRoot,
  fingerprintValue,
  parseSharedSecret,
  sealCell,
} from 'sealroom';
import { CELL_CLEARTEXT, CELL_FINGERPRINT, classifyCell, MAX_CELL_BYTES } from 'sealroom/crypto';
import type { ColumnKind } from 'sealroom/schema';
import { describe, expect, test } from 'vitest';
import { byteColumnOf, encodeBase64, encodeUtf8 } from '#src/bytes/index';
import { requireProtection } from '#src/room/snapshots/cells';
import { ID, SECRET } from '../../support/cli.ts';

const kernel = createKernel();

/** The code of the refusal of a cell in a column of a kind, or `null`. */
function refusalOf(cell: string | null, kind: ColumnKind, preserveNulls = false): unknown {
  const column = { layout: 'bytes' as const, ...byteColumnOf([cell === null ? null : encodeUtf8(cell)]) };
  try {
    requireProtection(column, kind, preserveNulls);
    return null;
  } catch (error) {
    return (error as { code: unknown }).code;
  }
}

/** A fingerprint and a sealed cell of a text, as members make them. */
function protect(value: string): { readonly fingerprint: string; readonly sealed: string } {
  using secret = parseSharedSecret(SECRET);
  using key = deriveFingerprintKey(secret, ID, 'x', { allowJoinsOnColumnsWithDifferentNames: false });
  using root = deriveSealingRoot(secret, ID);
  const typed = { type: { kind: 'string' }, value } as const;
  return {
    fingerprint: fingerprintValue(kernel, key, typed),
    sealed: sealCell(kernel, root, { targetHeader: 'x', padTargetBytes: null }, typed),
  };
}

/** A sealed cell in form only, of so many bytes behind the prefix. */
const sealedOf = (bytes: number): string => `02:enc:${encodeBase64(new Uint8Array(bytes).fill(0xff))}`;

describe('cells as members make them', () => {
  test('are taken for the protection that they have, and for no other', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (value) => {
        const { fingerprint, sealed } = protect(value);
        expect(
          ['fingerprint', 'sealed', 'cleartext'].map((kind) => refusalOf(fingerprint, kind as ColumnKind)),
        ).toEqual([null, 'RULE_PROTECTION', 'RULE_PROTECTION']);
        expect(['fingerprint', 'sealed', 'cleartext'].map((kind) => refusalOf(sealed, kind as ColumnKind))).toEqual([
          'RULE_PROTECTION',
          null,
          'RULE_PROTECTION',
        ]);
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  test('what the cryptography takes for a cell of the current version is never taken for cleartext', () => {
    const prefix = fc.constantFrom('02:hmac:', '02:enc:', '01:enc:', '03:enc:', '02:HMAC:', '2:hmac:', '02:hma', '');
    fc.assert(
      fc.property(prefix, fc.base64String({ maxLength: 120 }), (start, rest) => {
        const cell = `${start}${rest}`;
        if (!cell.startsWith('02:')) return;
        const kind = classifyCell(encodeUtf8(cell));
        if (kind === CELL_CLEARTEXT) expect(refusalOf(cell, 'cleartext')).toBeNull();
        else expect(refusalOf(cell, 'cleartext')).toBe('RULE_PROTECTION');
        expect(refusalOf(cell, kind === CELL_FINGERPRINT ? 'sealed' : 'fingerprint')).not.toBeNull();
      }),
      { numRuns: 500, seed: 2 },
    );
  });
});

describe('malformed cells', () => {
  const { fingerprint, sealed } = protect('u1@example.org');

  test.each([
    ['a byte less', fingerprint.slice(0, -1)],
    ['a byte more', `${fingerprint}A`],
    ['a group more', `${fingerprint.slice(0, -1)}AAAAA`],
    ['a foreign character', `02:hmac:*${fingerprint.slice(9)}`],
    ['a line break', `${fingerprint.slice(0, -1)}\n`],
    ['the prefix alone', '02:hmac:'],
    // Bits that stand for nothing make other texts of the same bytes, which would count as other identities.
    ['unused bits that are set', `02:hmac:${'A'.repeat(42)}B=`],
  ])('a fingerprint with %s is refused', (_, cell) => {
    expect(refusalOf(cell, 'fingerprint')).toBe('FORMAT_CELL');
  });

  test.each([
    ['too few bytes', sealedOf(59)],
    ['too many bytes', sealedOf(12_283)],
    ['no padding', `02:enc:${'A'.repeat(82)}`],
    ['unused bits of one character that are set', `02:enc:${'A'.repeat(82)}B=`],
    ['unused bits of two characters that are set', `02:enc:${'A'.repeat(81)}B==`],
    ['a foreign character', `02:enc:*${sealed.slice(8)}`],
  ])('a sealed cell with %s is refused', (_, cell) => {
    expect(refusalOf(cell, 'sealed')).toBe('FORMAT_CELL');
  });

  test('F-52 the longest sealed cell is taken', () => {
    const longest = sealedOf(12_282);
    expect(longest).toHaveLength(MAX_CELL_BYTES);
    expect(refusalOf(longest, 'sealed')).toBeNull();
    expect(refusalOf(sealedOf(60), 'sealed')).toBeNull();
    expect(refusalOf(sealedOf(61), 'sealed')).toBeNull();
    expect(refusalOf(sealedOf(62), 'sealed')).toBeNull();
  });

  test('cells of older clients are refused, and so is what only looks like a prefix', () => {
    expect(refusalOf(sealed.replace('02:', '01:'), 'sealed')).toBe('RULE_PROTECTION');
    expect(refusalOf(fingerprint.replace('02:', '01:'), 'fingerprint')).toBe('RULE_PROTECTION');
    expect(refusalOf(` ${fingerprint}`, 'fingerprint')).toBe('RULE_PROTECTION');
  });
});

test('nulls are refused in protected columns unless the collaboration preserves them', () => {
  expect(refusalOf(null, 'fingerprint')).toBe('DATA_VALUE');
  expect(refusalOf(null, 'sealed')).toBe('DATA_VALUE');
  expect(refusalOf(null, 'fingerprint', true)).toBeNull();
  expect(refusalOf(null, 'cleartext')).toBeNull();
});
