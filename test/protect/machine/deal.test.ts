import { describe, expect, test } from 'vitest';
import { layOutDeal, DEAL_WORDS, type DealMemory } from '#src/protect/encrypt/lines/deal-memory';
import type { DealSetup } from '#src/protect/encrypt/lines/deal-setup';
import { TableMachine } from '#src/protect/machine/machine';

const machine = new TableMachine();
const TEXT = Buffer.from('one,two\nthree,four\n');

const SETUP: DealSetup = {
  ...{ path: '', bytes: TEXT.length, dataStart: 0, rangeBytes: 1 << 20, nextRange: new SharedArrayBuffer(4) },
  ...{ delimiter: 0x2c, separator: '\n', fields: 2, parts: 4, roomBytes: 4096 },
  nullRule: { blankIsNull: true, quotedEmptyIsNull: true, tokens: [Buffer.from('none')] },
  columns: [{ field: 0, steps: null, mostBytes: 100, acceptsNulls: true, overheadBytes: 0 }],
  ...{ sampled: [1], hasPositions: false },
  store: { memory: new SharedArrayBuffer(8), used: new SharedArrayBuffer(4), spill: null },
};

/** A deal that can begin: its text and its random numbers are there. */
function prepare(): { readonly memory: DealMemory; readonly words: Int32Array } {
  const memory = layOutDeal(machine, SETUP);
  machine.bytes.set(TEXT, memory.text);
  const words = new Int32Array(machine.exports.memory.buffer, memory.deal, machine.exports.dealBytes.value / 4);
  words[DEAL_WORDS.nextDraw] = memory.draws;
  for (let part = 0; part < SETUP.parts; part++) {
    const start = memory.rooms + part * SETUP.roomBytes;
    new Int32Array(words.buffer, memory.parts + part * machine.exports.partBytes.value).set([
      start,
      start + SETUP.roomBytes,
      0,
    ]);
  }
  return { memory, words };
}

function deal(memory: DealMemory): number {
  return machine.exports.dealRows(memory.deal, memory.text, memory.text + TEXT.length, 1, memory.text + TEXT.length);
}

describe('dealing in memory', () => {
  test('stores the rows of a text', () => {
    const { memory, words } = prepare();
    expect(deal(memory)).toBe(0);
    expect(words[DEAL_WORDS.rows]).toBe(2);
  });

  // The words by their number; `assembly/deal.ts` has their names.
  test.each([
    ['stored columns', 1],
    ['sampled fields', 3],
    ['null texts', 5],
    ['descriptions of parts', 7],
    ['random numbers', 8],
    ['samples', 12],
  ])('traps if its %s are among the keys of the kernel', (_, word) => {
    const { memory, words } = prepare();
    const before = machine.bytes.slice(0, machine.ioAt);
    words[word] = machine.keyAt;
    expect(() => deal(memory)).toThrow('unreachable');
    expect(Buffer.compare(machine.bytes.subarray(0, machine.ioAt), before)).toBe(0);
  });

  test.each([
    ['the number of stored columns', 0, 1 << 24],
    ['the number of sampled fields', 2, -1],
    ['the number of parts', 6, 3],
    ['the end of the random numbers', 9, 0x7fffffff],
    ['the end of the samples', 14, 0x7fffffff],
    ['the most columns of a field', 18, 0],
  ])('traps if %s is wrong', (_, word, value) => {
    const { memory, words } = prepare();
    words[word] = value;
    expect(() => deal(memory)).toThrow('unreachable');
  });

  test.each([
    ['below the memory of tables', (machineAt: TableMachine) => [machineAt.keyAt, machineAt.keyAt + 4096]],
    ['behind the end of the memory', ({ bytes }: TableMachine) => [bytes.length - 8, bytes.length + 4096]],
  ])('traps if the room of a part is %s', (_, roomOf) => {
    const { memory, words } = prepare();
    for (let part = 0; part < SETUP.parts; part++) {
      new Int32Array(words.buffer, memory.parts + part * machine.exports.partBytes.value).set(roomOf(machine));
    }
    expect(() => deal(memory)).toThrow('unreachable');
  });

  test('traps if texts to compare with are said to be longer than the memory', () => {
    const { memory, words } = prepare();
    new Int32Array(words.buffer, words[5], 2).set([1, 0x7fffffff]);
    expect(() => deal(memory)).toThrow('unreachable');
  });
});
