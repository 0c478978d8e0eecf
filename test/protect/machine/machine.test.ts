import { expect, test } from 'vitest';
import { verifyMachine } from '#src/crypto/kernels/wasm/kernel';
import { createTableMachine, TableMachine } from '#src/protect/machine/machine';

test('a machine with a wrong answer is refused', () => {
  const { exports } = new TableMachine();
  const machine = new TableMachine({ ...exports, fingerprintCells: () => undefined });
  expect(() => {
    verifyMachine('wasm', machine);
  }).toThrow('self-test');
});

test('a new machine is tested, and has no keys of the test', async () => {
  const machine = createTableMachine('wasm');
  const memory = machine.bytes.slice(machine.keyAt);
  const fresh = new TableMachine();
  expect(Buffer.compare(memory.subarray(0, 32), new Uint8Array(32))).toBe(0);
  expect(machine.bytes.length).toBe(fresh.bytes.length);
  // Keys that are there before the thread rests are there afterwards.
  machine.bytes.fill(7, machine.rowNoncesAt, machine.rowNoncesAt + 32);
  machine.exports.setRoot();
  const before = Buffer.from(machine.bytes);
  await Promise.resolve();
  expect(Buffer.compare(machine.bytes, before)).toBe(0);
});
