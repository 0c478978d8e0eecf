import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { loadNormalisers, parseNormalisation, UNICODE_VERSION } from 'sealroom/schema';
import { lowerCase, normaliseUnicode } from '#src/normalise/unicode';
import { UNASSIGNED } from '#src/normalise/unassigned';

const load = createRequire(import.meta.url);

/** All code points of the planes that have characters of their own, but for surrogates, which no text has alone. */
function* codePoints(): Generator<number> {
  for (let codePoint = 0; codePoint <= 0xe1000; codePoint++) {
    if (codePoint === 0xd800) codePoint = 0xe000;
    if (codePoint === 0x34000) codePoint = 0xe0000;
    yield codePoint;
  }
}

/** Begin of each range of unassigned code points and the code point after it, in turn, as they are in the product. */
const bounds = UNASSIGNED.split(' ').reduce<number[]>(
  (all, distance) => [...all, (all.at(-1) ?? 0) + parseInt(distance, 36)],
  [],
);

const unassigned = new Set(
  bounds.flatMap((begin, index) =>
    index % 2 === 0
      ? Array.from({ length: Math.min(bounds[index + 1] ?? 0, 0xe1001) - begin }, (_, offset) => begin + offset)
      : [],
  ),
);

/** Whether all code points of a text have a character in the pinned version. */
function isAssigned(text: string): boolean {
  return Array.from(text).every((character) => !unassigned.has(character.codePointAt(0) ?? 0));
}

describe('the pinned version', () => {
  test('F-103 its unassigned code points are those of the Unicode Character Database', () => {
    const version: unknown = load('regenerate-unicode-properties/unicode-version.js');
    const { characters } = load('regenerate-unicode-properties/General_Category/Unassigned.js') as {
      characters: { data: number[] };
    };
    expect(version).toBe(UNICODE_VERSION);
    expect(bounds).toEqual(characters.data);
  });

  test('F-103 what it does not know stays, and parts what is on both sides', () => {
    const later = '\u{10d50}'; // a capital letter of Unicode 16
    expect(isAssigned(later)).toBe(false);
    expect(lowerCase(`A${later}B`)).toBe(`a${later}b`);
    const marks = '\u0301\u{10d69}\u0323'; // the one in the middle is a mark of Unicode 16
    expect(normaliseUnicode(`a${marks}`, 'NFC')).toBe('á\u{10d69}\u0323');
  });

  test('F-103 every code point it knows is normalised as the runtime does', () => {
    const wrong: number[] = [];
    for (const codePoint of codePoints()) {
      const text = String.fromCodePoint(codePoint);
      const isKnown = isAssigned(text);
      if (normaliseUnicode(text, 'NFC') !== (isKnown ? text.normalize('NFC') : text)) wrong.push(codePoint);
      const lower = isKnown && isAssigned(text.toLowerCase()) ? text.toLowerCase() : text;
      if (lowerCase(text) !== lower) wrong.push(codePoint);
    }
    expect(wrong).toEqual([]);
  });

  test('F-103 every runtime gives the same of every code point, alone and among marks', () => {
    expect(digestOfAll()).toBe(DIGEST);
  });
});

/** Made by `digestOfAll` on Node 20.19.0, 22.12.0 and 24.0.0, which have Unicode 16, and on 20.20.2, which has 17. */
const DIGEST = '8752e1bc81e3019ff021bc5aa3568c3cdd7346e7aa0bc6f670092bd4dfe244d6';

/** A hash over what becomes of all code points. */
function digestOfAll(): string {
  const hash = createHash('sha256');
  for (const codePoint of codePoints()) {
    const text = `e\u0323${String.fromCodePoint(codePoint)}\u0301Σ`;
    hash.update(lowerCase(text) + normaliseUnicode(text, 'NFC') + normaliseUnicode(text, 'NFD'));
  }
  return hash.digest('hex');
}

describe('an older runtime', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('F-103 is refused, with what to do', async () => {
    vi.spyOn(String.prototype, 'normalize').mockReturnValue('');
    const column = parseNormalisation({ normalise: ['lower'] });
    await expect(loadNormalisers([column])).rejects.toMatchObject({
      code: 'SCHEMA_UNSUPPORTED',
      message: 'normalising needs Unicode 15.1.0 or later',
      hint: 'update Node or the browser',
    });
    await expect(loadNormalisers([parseNormalisation({})])).resolves.toBeDefined();
  });
});
