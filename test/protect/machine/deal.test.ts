import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layOutDeal, DEAL_WORDS, type DealMemory } from '#src/protect/encrypt/lines/deal-memory';
import type { DealSetup } from '#src/protect/encrypt/lines/deal-setup';
import type { TableMachine } from '#src/protect/machine/machine';
import { runs } from '../../support/runs.ts';
import { regularCsvText } from '../../tabular/csv/csv-texts.ts';
import { SEED } from '../../tabular/support.ts';
import { createTestMachine } from './twin.ts';

const machine = createTestMachine();
const TEXT = Buffer.from('one,two\nthree,four\n');

const SETUP: DealSetup = {
  ...{ file: null, bytes: TEXT.length, dataStart: 0, rangeBytes: 1 << 20, nextRange: new SharedArrayBuffer(4) },
  ...{ delimiter: 0x2c, separator: '\n', fields: 2, parts: 4, roomBytes: 4096 },
  nullRule: { blankIsNull: true, quotedEmptyIsNull: true, tokens: [Buffer.from('none')] },
  columns: [{ field: 0, steps: null, mostBytes: 100, acceptsNulls: true, overheadBytes: 0 }],
  ...{ sampled: [1], hasPositions: false },
  store: { memory: new SharedArrayBuffer(8), used: new SharedArrayBuffer(4), spill: null },
};

/** A deal that can begin: its text and its random numbers are there. */
function prepare(setup = SETUP, text: Uint8Array = TEXT): { readonly memory: DealMemory; readonly words: Int32Array } {
  const memory = layOutDeal(machine, setup);
  machine.bytes.set(text, memory.text);
  const words = new Int32Array(machine.exports.memory.buffer, memory.deal, machine.exports.dealBytes.value / 4);
  words[DEAL_WORDS.nextDraw] = memory.draws;
  for (let part = 0; part < setup.parts; part++) {
    const start = memory.rooms + part * setup.roomBytes;
    new Int32Array(words.buffer, memory.parts + part * machine.exports.partBytes.value).set([
      start,
      start + setup.roomBytes,
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

  // Where the native kernel is built, each call is made in it as well, and must give the same.
  test('takes any text and any rules, alike on all machines', () => {
    let dealt = 0;
    const rules = fc.record({
      hasPositions: fc.boolean(),
      isSampled: fc.boolean(),
      acceptsNulls: fc.boolean(),
      mostBytes: fc.constantFrom(2, 100),
      steps: fc.option(fc.record({ trims: fc.boolean(), lowers: fc.boolean() })),
      roomBytes: fc.constantFrom(64, 4096),
      draws: fc.array(fc.nat(0xffff), { minLength: 4, maxLength: 4 }),
    });
    const property = fc.property(regularCsvText, rules, ([text, delimiter], given) => {
      const fields = text.split(/[\r\n]/, 1)[0]?.split(delimiter).length ?? 1;
      const nulls = [Buffer.from('a'), Buffer.from('null')];
      const column = { ...given, overheadBytes: 40, steps: given.steps === null ? null : { ...given.steps, nulls } };
      const bytes = Buffer.from(text);
      const { memory, words } = prepare(
        {
          ...{ ...SETUP, ...given, delimiter: delimiter.charCodeAt(0), fields },
          separator: text.includes('\r\n') ? '\r\n' : '\n',
          columns: [0, fields - 1].map((field) => ({ ...column, field })),
          sampled: given.isSampled ? [0] : null,
        },
        bytes,
      );
      words[DEAL_WORDS.nextDraw] = memory.draws;
      new Uint16Array(words.buffer, memory.draws).set(given.draws);
      const end = memory.text + bytes.length;
      if (machine.exports.dealRows(memory.deal, memory.text, end, 1, end) === 0) dealt++;
    });
    fc.assert(property, { seed: SEED, numRuns: runs(1600) });
    expect(dealt).toBeGreaterThan(runs(1600) / 16);
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
