import { wordlist } from '@scure/bip39/wordlists/english.js';
import { expect, test, vi } from 'vitest';
import { generatePassphrase, requireStrongPassphrase } from '#cli/prompts/new-passphrase';
import { runs } from '../support/runs.ts';

test('a generated passphrase has 77 bits, and passes the check', async () => {
  expect(new Set(wordlist).size).toBe(2 ** 11);
  const warn = vi.fn();
  const made = await Promise.all(Array.from({ length: runs(50) }, generatePassphrase));
  for (const passphrase of made) {
    const words = passphrase.split('-');
    expect(words).toHaveLength(7);
    for (const word of words) expect(wordlist).toContain(word);
    await requireStrongPassphrase(passphrase, { isAllowed: false, warn });
  }
  expect(new Set(made).size).toBe(runs(50));
  expect(warn).not.toHaveBeenCalled();
});
