import {
  createKernel,
  deriveFingerprintKey,
  deriveSealingRoot,
  fingerprintValue,
  openCell,
  parseSharedSecret,
  sealCellInRow,
} from 'sealroom/crypto';
import { describe, expect, test } from 'vitest';
import { SALT, SECRET } from '../conformance/made-cell.ts';
import { listFiles, readText } from './repository.ts';

const PICTURES = listFiles('docs/pictures');
const CONCEPTS = readText('docs/concepts.md');

/** The texts of a picture in their order. */
function textsOf(svg: string): readonly string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]+)<\/text>/g)].map(([, text = '']) => text.replaceAll('&amp;', '&'));
}

describe.each(PICTURES)('%s', (picture) => {
  const svg = readText(picture);

  test('is shown on the page of concepts, with words for those who do not see it', () => {
    const alternative = new RegExp(`!\\[([^\\]]+)\\]\\(${picture.replace('docs/', '')}\\)`).exec(CONCEPTS)?.[1];
    expect(alternative?.length ?? 0).toBeGreaterThan(60);
    expect(svg).toMatch(/role="img" aria-labelledby="title desc"/);
    expect(svg).toMatch(/<title id="title">[^<]+<\/title>\s*<desc id="desc">[^<]{60,}<\/desc>/);
  });

  test('is drawn for dark pages too, and loads nothing', () => {
    expect(svg).toContain('@media (prefers-color-scheme: dark)');
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
      /https?:|@import|url\((?!#)|<image|<script/,
    );
  });
});

describe('the cells in the life of a cell', () => {
  const svg = readText('docs/pictures/life-of-a-cell.svg');
  const texts = textsOf(svg);
  const kernel = createKernel('node');
  const fingerprints = texts.filter((text) => text.startsWith('02:hmac:'));
  const first = texts.findIndex((text) => text.startsWith('02:enc:'));
  const sealed = texts.slice(first, first + 2).join('');

  test('are those of the secret and the id that the page names', () => {
    expect(CONCEPTS).toContain(`The secret is the bytes 00 to 1f, and the collaboration id is \`${SALT}\`.`);
    using secret = parseSharedSecret(SECRET);
    using key = deriveFingerprintKey(secret, SALT, 'state', { allowJoinsOnColumnsWithDifferentNames: false });
    expect(fingerprints).toEqual([fingerprintValue(kernel, key, { type: { kind: 'string' }, value: 'VA' })]);

    using root = deriveSealingRoot(secret, SALT);
    using keys = kernel.deriveRowKeys(
      root,
      Uint8Array.from({ length: 32 }, (_, index) => index),
    );
    const target = { targetHeader: 'city', padTargetBytes: null };
    const value = { type: { kind: 'string' }, value: 'Richmond' } as const;
    expect(sealed).toBe(sealCellInRow(kernel, keys, target, value));
    expect(openCell(kernel, root, sealed)).toMatchObject({ kind: 'sealed', value: { value: 'Richmond' } });
  });

  test('have the parts that the bar shows, and the payload above', () => {
    const bytes = Buffer.from(sealed.slice('02:enc:'.length), 'base64');
    const start = texts.indexOf('nonce of the row');
    const parts = texts.slice(start, start + 8);
    const sizes = parts.filter((_, index) => index % 2 === 1).map((text) => parseInt(text, 10));
    expect(parts.filter((_, index) => index % 2 === 0)).toEqual(['nonce of the row', 'IV', 'value', 'tag']);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(bytes.length);
    const payload = texts.find((text) => /^[0-9a-f ]+$/.test(text)) ?? '';
    expect(payload).toBe(`02 ${Buffer.from('Richmond').toString('hex')} 0000`);
    expect(sizes[2]).toBe(payload.replaceAll(' ', '').length / 2);
  });
});
