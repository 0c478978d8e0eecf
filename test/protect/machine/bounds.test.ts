import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nativeKernelProblem } from 'sealroom/crypto';
import { DEAL_WORDS, type DealMemory, layOutDeal } from '#src/protect/encrypt/lines/deal-memory';
import type { DealSetup } from '#src/protect/encrypt/lines/deal-setup';
import { LineOpener } from '#src/protect/decrypt/lines/line-opener';
import { createTableMachine, type TableMachine } from '#src/protect/machine/machine';
import { runs } from '../../support/runs.ts';
import { SEED } from '../../tabular/support.ts';

// Whatever the descriptions in memory say, the module writes to what they declare, or traps.

const TEXT = Buffer.from('one,"t""wo",3\n'.repeat(40));

const SETUP: DealSetup = {
  ...{ file: null, bytes: TEXT.length, dataStart: 0, rangeBytes: 1 << 20, nextRange: new SharedArrayBuffer(4) },
  ...{ delimiter: 0x2c, separator: '\n', fields: 3, parts: 4, roomBytes: 512 },
  nullRule: { blankIsNull: true, quotedEmptyIsNull: true, tokens: [Buffer.from('none')] },
  columns: [0, 1, 1].map((field) => {
    const steps = field === 0 ? { trims: true, lowers: true, nulls: [Buffer.from('n/a')] } : null;
    return { field, steps, mostBytes: 100, acceptsNulls: true, overheadBytes: 0 };
  }),
  ...{ sampled: [2, 0], hasPositions: true },
  store: { memory: new SharedArrayBuffer(8), used: new SharedArrayBuffer(4), spill: null },
};

/** What memory holds before a deal. */
const UNTOUCHED = 0xa5;

/** Words of a deal that are no places. */
const DEAL_NUMBERS = [0, 2, 4, 6, 10, 11, 15, 16, 17, 18];

const word = fc.oneof(
  fc.integer({ min: -4, max: 70 }),
  fc.integer(),
  fc.constantFrom(-0x80000000, 0x7fffffff, 0x7ffffff0, 1 << 20, 1 << 28, TEXT.length),
);

interface Mutation {
  readonly kind: 'deal' | 'stored' | 'source';
  readonly index: number;
  readonly word: number;
  readonly value: number;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('deal', 'stored', 'source'),
  index: fc.nat(2),
  word: fc.nat(13),
  value: word,
});

/** A deal in memory that nothing else has touched. */
function prepare(machine: TableMachine): DealMemory {
  machine.bytes.fill(UNTOUCHED, machine.ioAt);
  const memory = layOutDeal(machine, SETUP);
  machine.bytes.set(TEXT, memory.text);
  machine.bytes.fill(3, memory.draws, memory.draws + 4 * TEXT.length);
  const { buffer } = machine.exports.memory;
  new Int32Array(buffer, memory.deal)[DEAL_WORDS.nextDraw] = memory.draws;
  for (let part = 0; part < SETUP.parts; part++) {
    const start = memory.rooms + part * SETUP.roomBytes;
    new Int32Array(buffer, memory.parts + part * machine.exports.partBytes.value).set([
      start,
      start + SETUP.roomBytes,
      0,
    ]);
  }
  return memory;
}

function mutate(machine: TableMachine, memory: DealMemory, { kind, index, word: at, value }: Mutation): void {
  const { buffer } = machine.exports.memory;
  const deal = new Int32Array(buffer, memory.deal, machine.exports.dealBytes.value / 4);
  if (kind === 'deal') deal[DEAL_NUMBERS[at % DEAL_NUMBERS.length] ?? 0] = value;
  else if (kind === 'source') new Int32Array(buffer, deal[3], 2)[index % 2] = value;
  // The fourth word of a stored column is a place.
  else if (at !== 3) new Int32Array(buffer, memory.stored + index * machine.exports.storedBytes.value)[at] = value;
}

/** The first byte in [from, to) that was changed, or -1. */
function findChange(machine: TableMachine, before: Buffer, from: number, to: number): number {
  const now = Buffer.from(machine.exports.memory.buffer);
  if (now.compare(before, from, to, from, to) === 0) return -1;
  for (let at = from; at < to; at++) if (now[at] !== before[at]) return at;
  return -1;
}

describe.each(['wasm', ...(nativeKernelProblem() === null ? (['native'] as const) : [])] as const)(
  'on %s,',
  (kernel) => {
    const machine = createTableMachine(kernel);
    layOutDeal(machine, SETUP);

    test('dealing with any numbers changes what is described and found, samples and rooms alone', () => {
      let dealt = 0;
      fc.assert(
        fc.property(fc.array(mutation, { minLength: 1, maxLength: 2 }), (mutations) => {
          const memory = prepare(machine);
          for (const each of mutations) mutate(machine, memory, each);
          const before = Buffer.from(Buffer.from(machine.exports.memory.buffer));
          const end = memory.text + TEXT.length;
          try {
            machine.exports.dealRows(memory.deal, memory.text, end, 1, end);
            dealt++;
          } catch (error) {
            expect(error).toMatchObject({ message: 'unreachable' });
          }
          const slack = machine.slackBytes;
          expect(findChange(machine, before, 0, machine.ioAt)).toBe(-1);
          expect(findChange(machine, before, memory.text, memory.samples)).toBe(-1);
          expect(findChange(machine, before, memory.samples + (1 << 20) + slack, memory.rooms)).toBe(-1);
          for (let part = 0; part < SETUP.parts; part++) {
            const start = memory.rooms + part * SETUP.roomBytes;
            // All random numbers are the same, and so is the part of all rows.
            if (part !== 3) expect(findChange(machine, before, start, start + SETUP.roomBytes)).toBe(-1);
          }
          expect(findChange(machine, before, memory.end, machine.bytes.length)).toBe(-1);
        }),
        { seed: SEED, numRuns: runs(300) },
      );
      expect(dealt).toBeGreaterThan(10);
    });

    test('columns are opened only where each part is described behind the one before it', () => {
      const [rows, cells] = [8, Buffer.from('02:hmac:'.repeat(8))];
      const words = machine.ioAt >> 2;
      const at = { offsets: machine.ioAt + 256, validity: machine.ioAt + 512, cells: machine.ioAt + 1024 };
      const values = machine.ioAt + 2048;
      machine.reserve(8192);
      let opened = 0;
      fc.assert(
        fc.property(fc.array(fc.tuple(fc.nat(19), word), { maxLength: 2 }), fc.boolean(), (changes, isFixed) => {
          machine.bytes.fill(UNTOUCHED, machine.ioAt);
          machine.bytes.set(cells, at.cells);
          const numbers = new Int32Array(machine.exports.memory.buffer);
          numbers.set(
            [rows, at.offsets, at.validity, at.cells, cells.length, 16, isFixed ? 4 : 0, at.cells, 0, 8, values],
            words,
          );
          for (let row = 0; row <= rows; row++) numbers[(at.offsets >> 2) + row] = row * 8;
          machine.bytes[at.validity] = isFixed ? 0 : 0xff;
          // The opening, and the first offsets behind it.
          for (const [index, value] of changes) {
            numbers[index < 11 ? words + index : (at.offsets >> 2) + index - 11] = value;
          }
          const before = Buffer.from(Buffer.from(machine.exports.memory.buffer));
          try {
            if (machine.exports.openColumn(machine.ioAt) >= 0) opened++;
          } catch (error) {
            expect(error).toMatchObject({ message: 'unreachable' });
          }
          // Descriptions of cells lie in front of IO, and are no secrets.
          expect(findChange(machine, before, machine.keyAt, machine.keyAt + 32)).toBe(-1);
        }),
        { seed: SEED, numRuns: runs(300) },
      );
      expect(opened).toBeGreaterThan(10);
    });

    test('records are not split before there is a dialect', () => {
      const fresh = createTableMachine(kernel);
      fresh.bytes.set(TEXT, fresh.ioAt + 1);
      const [at, end] = [fresh.ioAt + 1, fresh.ioAt + 1 + TEXT.length];
      const before = Buffer.from(Buffer.from(fresh.exports.memory.buffer));
      expect(() => fresh.exports.splitRecord(at, end, 1)).toThrow('unreachable');
      expect(() => fresh.exports.findRecord(at, end, 1)).toThrow('unreachable');
      expect(() => fresh.exports.copyField(0, at)).toThrow('unreachable');
      expect(() => fresh.exports.openLines(at, end, end, 1, at)).toThrow('unreachable');
      expect(before.equals(Buffer.from(fresh.exports.memory.buffer))).toBe(true);
    });

    test.each(['splitRecord', 'findRecord'] as const)('%s reads no keys', (name) => {
      machine.exports.setDialect(0x2c, 0x0a, 3, machine.ioAt);
      expect(() => machine.exports[name](machine.keyAt, machine.keyAt + 32, 1)).toThrow('unreachable');
    });

    // The words by their number; `assembly/open-lines.ts` has their names.
    test.each([
      ['what is known of the fields', 4],
      ['the counts', 5],
      ['values that are not in the text as they are', 6],
      ['the field of a null', 7],
      ['the field of an empty text', 9],
      ['the texts that are nulls', 12],
    ])('lines are not opened if the place of %s comes to be among the keys', (_, place) => {
      const opener = new LineOpener(
        machine,
        {
          kernel,
          dialect: { delimiter: 0x2c, separator: '\n' },
          nullRule: SETUP.nullRule,
          columns: 3,
          nullText: Buffer.from('none'),
          empty: Buffer.from('""'),
          lenientCells: false,
          passesFingerprints: true,
        },
        null,
      );
      opener.text.set(TEXT);
      const text = { at: 0, stop: TEXT.length, end: TEXT.length, isLast: true };
      expect(opener.open(text)).toMatchObject({ kind: 'opened', rows: 40 });
      const plan = new Int32Array(machine.exports.memory.buffer, machine.ioAt);
      plan[place] = machine.keyAt;
      const before = Buffer.from(machine.bytes.slice(0, machine.ioAt));
      expect(() => opener.open(text)).toThrow('unreachable');
      expect(before.equals(machine.bytes.subarray(0, machine.ioAt))).toBe(true);
    });
  },
);
