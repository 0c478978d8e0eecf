import { expect, test } from 'vitest';
import { SharedTurns } from '#src/workers/shared-turns';

/** Two threads' views of the same turns. */
function two(): [SharedTurns, SharedTurns] {
  const memory = new SharedArrayBuffer(SharedTurns.BYTES);
  return [new SharedTurns(memory), new SharedTurns(memory)];
}

test('each number is taken once, whichever thread takes it', () => {
  const [one, other] = two();
  expect([one.take(), other.take(), other.take(), one.take()]).toEqual([0, 1, 2, 3]);
});

test('the turns come in the order of the numbers', () => {
  const [one, other] = two();
  expect([other.wait(1, 0), one.wait(0, 0)]).toEqual([false, true]);
  one.pass();
  expect([other.wait(1, 0), one.wait(0, 0), one.turn]).toEqual([true, false, 1]);
});

test('nobody has a turn once all are to stop, and the first reason counts', () => {
  const [one, other] = two();
  expect([one.isStopped, one.stopReason]).toEqual([false, 0]);
  other.stop(7);
  one.stop(3);
  expect([one.isStopped, one.stopReason, one.wait(0, 0)]).toEqual([true, 7, false]);
});
