import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { formatTranscript, runBadCases } from '../../samples/insurers_bad/run.ts';

it('samples/insurers_bad: each refusal says what expected.txt says and leaves nothing behind', async () => {
  const refusals = await runBadCases();
  const expected = fileURLToPath(new URL('../../samples/insurers_bad/expected.txt', import.meta.url));
  expect(formatTranscript(refusals)).toBe(readFileSync(expected, 'utf8'));
  expect(refusals.filter(({ leftOutput }) => leftOutput)).toEqual([]);
  expect(refusals.map(({ exitCode }) => exitCode)).toEqual([1, 1, 3, 4]);
}, 60_000);
