import type { TableExports, TableMachine } from '#src/protect/machine/machine';
import type { SeededRandom } from '../../crypto/kernels/random.ts';

/** Bytes at the beginning of IO that a call finds and may change. */
const WINDOW_BYTES = 32_768;
const ROWS = 12;
const COLUMNS = 4;
const STORED = 3;
/** A record of it looks like a sealed cell. */
const SEALED_TEXT = `x,"t""wo",3\nNULL,,""\n02:enc:${'A'.repeat(84)},y,é\n`;
const TEXT = 'one,"t""wo",3\nNULL,,""\n"two\nlines",  x  ,é\n\n a,b,c\n';

/** Where the parts of a window begin, in bytes from `ioAt`. Between any two of them is more than what copies may overwrite. */
const AT = {
  plan: 0,
  nullMark: 512,
  empty: 640,
  root: 768,
  starts: 896,
  prefix: 1024,
  encodedNull: 1152,
  key: 1280,
  header: 1408,
  fields: 1664,
  rows: 2048,
  places: 4096,
  notes: 4352,
  fillers: 5120,
  lines: 6144,
  offsets: 14_336,
  validity: 14_464,
  gathered: 14_592,
  text: 18_432,
  deal: 19_456,
  stored: 19_584,
  sources: 19_760,
  parts: 19_776,
  texts: 19_808,
  missingTexts: 19_840,
  draws: 20_032,
  samples: 20_480,
  rooms: 22_528,
  opening: 24_576,
  counts: 24_704,
  openTexts: 24_768,
  openedFields: 24_832,
  openText: 25_600,
  refined: 26_624,
  opened: 28_672,
} as const;
type Part = keyof typeof AT;

/** Parts of which words are changed: what describes others. */
const DESCRIPTIONS: readonly (readonly [Part, words: number])[] = [
  ['plan', 11 + COLUMNS * 10],
  ['texts', 4],
  ['missingTexts', 20],
  ['rows', 48],
  ['places', ROWS],
  ['notes', ROWS * COLUMNS * 3],
  ['deal', 19],
  ['stored', STORED * 14],
  ['sources', 2],
  ['parts', 6],
  ['opening', 15],
];

type Argument = number | Part | readonly [Part, bytes: number] | undefined;

/** What a caller would pass to each function. A name is the place of that part. */
const CALLS: Readonly<Partial<Record<keyof TableExports, readonly Argument[]>>> = {
  setDialect: [0x2c, 0x0a, STORED, 'fields'],
  splitRecord: ['text', ['text', TEXT.length], 1],
  copyField: [1, 'gathered'],
  isText: ['text', ['text', TEXT.length]],
  findRows: ['rows', ROWS * 32, 'places'],
  shuffleRows: ['places', ROWS, 'fillers', 16],
  measureLines: ['plan', 'places', ROWS, 4096],
  protectLines: ['plan', 'places', ROWS, 'notes', 'fillers', 'lines', undefined],
  maskNonces: ['root', ROWS, 7],
  gatherColumn: ['plan', 1, ROWS, 'notes', 'offsets', 'validity', 'gathered', 2048],
  gatherPositions: ['places', ROWS, 'gathered'],
  dealRows: ['deal', 'text', ['text', TEXT.length], 1, ['text', TEXT.length]],
  findRecord: [['text', 1], ['text', TEXT.length], 1],
  setOpening: ['opening'],
  openLines: ['openText', ['openText', SEALED_TEXT.length + 1], ['openText', SEALED_TEXT.length + 1], 1, 'opened'],
  endHeader: [7],
  wipeCall: [256],
};
const NAMES = Object.keys(CALLS) as (keyof typeof CALLS)[];

type Call = (...numbers: (number | undefined)[]) => number | undefined;

/** Two machines of different kinds, for calls of the functions for tables as no caller makes them. */
export class HostileCalls {
  readonly #machines: readonly [TableMachine, TableMachine];
  readonly #random: SeededRandom;
  /** Calls of each function that both machines trapped on, and that both answered. */
  readonly trapped: Record<string, number> = {};
  readonly answered: Record<string, number> = {};

  constructor(one: TableMachine, other: TableMachine, random: SeededRandom) {
    this.#machines = [one, other];
    this.#random = random;
  }

  /**
   * Calls the same function of both machines with the same numbers and the same window, in which some of both are not what a caller
   * would have there: places beyond the memory, among the keys, or inside of other parts; lengths and counts of any kind.
   *
   * @throws {Error} if one of them traps and the other does not, or they return or leave something else.
   */
  compare(): void {
    const random = this.#random;
    const name = random.pick(NAMES);
    const [one] = this.#machines;
    const isTame = random.happens(0.2);
    const window = this.#window(isTame ? 0 : random.within(0, 3));
    const numbers = this.#arguments(name, window, isTame ? 0 : 0.15);
    const outcomes = this.#machines.map((machine) => {
      machine.bytes.fill(0, machine.ioAt);
      machine.bytes.set(window, machine.ioAt);
      const { exports } = machine;
      exports.setDialect(0x2c, 0x0a, STORED, machine.ioAt + AT.fields);
      if (name === 'openLines') call(() => exports.setOpening(machine.ioAt + AT.opening));
      if (name === 'copyField') {
        call(() => exports.splitRecord(machine.ioAt + AT.text, machine.ioAt + AT.text + TEXT.length, 1));
      }
      const outcome = call(() => (exports[name] as Call)(...numbers));
      return { outcome, left: machine.bytes.slice(machine.ioAt, machine.ioAt + WINDOW_BYTES) };
    });
    const [mine, theirs] = outcomes;
    const text = `${name}(${numbers.map((number) => String(Number(number) - one.ioAt)).join(', ')})`;
    if (mine?.outcome !== theirs?.outcome) {
      throw new Error(`${text}: ${String(mine?.outcome)} and ${String(theirs?.outcome)}`);
    }
    // What a refused call leaves is of no use. Where cells are made of what is written over, it depends on the order of the work.
    const isRefused =
      mine?.outcome === 'trap' || Number(mine?.outcome) < 0 || (name === 'dealRows' && mine?.outcome === 6);
    const isCompared = isTame || (name !== 'protectLines' && name !== 'openLines');
    if (!isRefused && isCompared && Buffer.compare(mine?.left ?? window, theirs?.left ?? window) !== 0) {
      const at = mine?.left.findIndex((byte, index) => byte !== theirs?.left[index]);
      throw new Error(`${text}: other bytes at ${String(at)}`);
    }
    const counts = mine?.outcome === 'trap' ? this.trapped : this.answered;
    counts[name] = (counts[name] ?? 0) + 1;
  }

  /** The numbers of a call, of which each is another one with some probability. */
  #arguments(name: keyof typeof CALLS, window: Uint8Array, hostile: number): (number | undefined)[] {
    const [{ ioAt }] = this.#machines;
    return (CALLS[name] ?? []).map((argument) => {
      if (this.#random.happens(hostile)) return this.#hostileNumber();
      if (argument === undefined) return this.#lineBytes(window);
      if (typeof argument === 'number') return argument;
      return typeof argument === 'string' ? ioAt + AT[argument] : ioAt + AT[argument[0]] + argument[1];
    });
  }

  /** What `measureLines` says of a window. */
  #lineBytes(window: Uint8Array): number {
    const [, wasm] = this.#machines;
    wasm.bytes.fill(0, wasm.ioAt);
    wasm.bytes.set(window, wasm.ioAt);
    const plan = wasm.ioAt + AT.plan;
    const outcome = call(() => wasm.exports.measureLines(plan, wasm.ioAt + AT.places, ROWS, 0x7fffffff));
    return outcome === ROWS ? (new Int32Array(wasm.exports.memory.buffer, plan)[9] ?? 0) : 4096;
  }

  #hostileNumber(): number | undefined {
    const random = this.#random;
    const [{ ioAt, bytes, keyAt }] = this.#machines;
    // What is not passed is 0 to both.
    if (random.happens(0.05)) return undefined;
    return random.pick([
      ...[0, -1, 1, 2 ** 31 - 1, -(2 ** 31), 2 ** 32 - 1, 2 ** 32 + 7, 1e300, Number.NaN, Number.POSITIVE_INFINITY],
      ...[random.bits(), random.within(-70, 70), keyAt, ioAt + random.within(-80, 80)],
      ...[
        bytes.length + random.within(-200, 80),
        ioAt + AT[random.pick(Object.keys(AT) as Part[])] + random.within(-8, 64),
      ],
    ]);
  }

  /** What is in IO for a call: whole, but for so many words of its descriptions. */
  #window(changes: number): Uint8Array {
    const [{ ioAt }] = this.#machines;
    const window = new Uint8Array(WINDOW_BYTES);
    const words = new Int32Array(window.buffer);
    const put = (part: Part, numbers: readonly number[]): void => {
      words.set(numbers, AT[part] / 4);
    };
    const place = (part: Part): number => ioAt + AT[part];
    const mark = Buffer.from('none');
    window.set(mark, AT.nullMark);
    window.set(Buffer.from('""'), AT.empty);
    for (const part of ['root', 'key', 'fillers'] as const) window.set(this.#random.bytes(64), AT[part]);
    window.set([2], AT.prefix);
    window.set([3], AT.encodedNull);
    window.set(Buffer.from('target header'), AT.header);
    for (const part of ['texts', 'openTexts'] as const) {
      window.set(mark, AT[part] + 8);
      put(part, [1, mark.length]);
    }
    const missing = Array.from({ length: STORED }, (_, index) => place('missingTexts') + index * 32);
    for (const at of missing) words.set([1, 1, 0x61], (at - ioAt) / 4);
    this.#putPlan(put, place);
    this.#putRows(window, words);
    window.set(Buffer.from(TEXT), AT.text);
    window.set(Buffer.from(SEALED_TEXT), AT.openText);
    put('deal', [
      ...[STORED, place('stored'), 2, place('sources'), 3, place('texts'), 2, place('parts')],
      ...[place('draws'), place('draws') + 64, this.#random.pick([-1, 5]), 0],
      ...[place('samples'), place('samples'), place('samples') + 1024, 2, 0, 0, 2],
    ]);
    put('sources', [2, 0]);
    const stored = [0, 1, 1].flatMap((field, index) => [
      ...[field, this.#random.within(0, 7), 100, missing[index] ?? 0, 40, -1, 0, 0, 0, 0, 0, 0, 0, 0],
    ]);
    put('stored', stored);
    put('parts', [place('rooms'), place('rooms') + 512, 0, place('rooms') + 1024, place('rooms') + 1536, 0]);
    window.set(this.#random.bytes(64), AT.draws);
    put('opening', [
      ...[0x2c, 0x0a, STORED, 8, place('openedFields'), place('counts'), place('refined')],
      ...[place('nullMark'), mark.length, place('empty'), 2, this.#random.within(0, 31), place('openTexts'), 0, 0],
    ]);
    for (let left = changes; left > 0; left--) {
      const [part, count] = this.#random.pick(DESCRIPTIONS);
      words[AT[part] / 4 + this.#random.within(0, count - 1)] = (this.#hostileNumber() ?? 0) | 0;
    }
    return window;
  }

  #putPlan(put: (part: Part, numbers: readonly number[]) => void, place: (part: Part) => number): void {
    const random = this.#random;
    const columns = [
      [0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
      [1, random.within(0, 2), random.within(0, 1), 2, 3, place('key'), 0, 0, 0, 0],
      ...[1, 2].map((stored) => [
        ...[2, stored, random.within(0, 1), place('prefix'), 1, place('encodedNull'), 1],
        ...[random.pick([-1, -1, 64, 20]), place('header'), random.pick([13, 64, 90])],
      ]),
    ];
    put('plan', [
      ...[
        4 * (STORED + 1),
        STORED,
        columns.length,
        place('nullMark'),
        4,
        place('empty'),
        2,
        place('root'),
        place('starts'),
      ],
      ...[0, 0, ...columns.flat()],
    ]);
  }

  /** Rows of 32 bytes: three values, zeros, and a position. */
  #putRows(window: Uint8Array, words: Int32Array): void {
    const [{ ioAt }] = this.#machines;
    for (let row = 0; row < ROWS; row++) {
      const at = AT.rows + row * 32;
      const lengths = [this.#random.within(-1, 3), this.#random.within(-1, 2), this.#random.within(-1, 3)];
      words.set([32, ...lengths], at / 4);
      window.set(
        Buffer.from('a"b,cdef').map((byte) => byte + (row % 3)),
        at + 16,
      );
      words[AT.places / 4 + row] = ioAt + at;
      const note = [ioAt + at + 16, lengths[0] ?? 0, row % 2 === 0 ? 0 : ioAt + AT.lines + row * 64];
      for (let column = 0; column < COLUMNS; column++) words.set(note, AT.notes / 4 + (column * ROWS + row) * 3);
    }
  }
}

function call(act: () => unknown): number | 'trap' {
  try {
    const result = act();
    return typeof result === 'number' ? result : 0;
  } catch {
    return 'trap';
  }
}
