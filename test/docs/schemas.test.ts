import { PLACEHOLDER_WORDS } from 'sealroom/schema';
import { expect, test } from 'vitest';
import { readText } from './repository.ts';

test('docs/schemas.md lists the words that are placeholders', () => {
  const page = readText('docs/schemas.md');
  const list = page.slice(page.indexOf('<!-- placeholders'));
  expect([...list.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word.replace(/\s+/gu, ' '))).toEqual(
    PLACEHOLDER_WORDS,
  );
});
