import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { threadsFor } from '#src/workers/index';

test('as many threads as asked for, whatever the table', () => {
  expect([threadsFor(1, null), threadsFor(3, 10), threadsFor(256, 1e9)]).toEqual([1, 3, 256]);
});

test('one thread for a small table, and one per core for a large or unknown one', () => {
  expect([threadsFor(undefined, 0), threadsFor(undefined, 19_999)]).toEqual([1, 1]);
  expect(threadsFor(undefined, 20_000)).toBe(availableParallelism());
  expect(threadsFor(undefined, null)).toBe(availableParallelism());
});

test.each([0, -1, 1.5, 257, NaN, Infinity])('refuses %s threads', (asked) => {
  expect(() => threadsFor(asked, null)).toThrow(expect.objectContaining({ code: 'USAGE_OPTION' }));
});
