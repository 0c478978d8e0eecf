import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { printManual, printPage, readReference } from '../../scripts/reference.mjs';

const reference = await readReference();

test('docs/commands.md is what the commands say of themselves (`npm run reference`)', async () => {
  expect(await readFile('docs/commands.md', 'utf8')).toBe(await printPage(reference));
});

test('man/sealroom.1 is what the commands say of themselves (`npm run reference`)', async () => {
  expect(await readFile('man/sealroom.1', 'utf8')).toBe(await printManual(reference));
});
