import { concatBytes } from '../../../bytes/index.ts';
import { readAt, readFailure } from '../../../files/index.ts';
import { fillRandom } from '../../../platform/index.ts';
import type { TableMachine } from '../../machine/machine.ts';
import { DEAL_WORDS, type DealMemory, DRAWS, layOutDeal, PART_WORDS, STORED_WORDS, TEXT_BYTES } from './deal-memory.ts';
import type { StoredFigures } from '../core/stored-figures.ts';
import { SAMPLE_HEAD } from '../core/report.ts';
import type { DealSetup, DealtRange, Declined } from './deal-setup.ts';
import { storePieces } from './part-store.ts';

/** What `dealRows` returns; see `assembly/deal.ts`. */
const RESULTS = ['done', 'needs text', 'needs draws', 'part full', 'samples full', 'irregular', 'unfit'] as const;

/** Why a range is not dealt, in words that follow a colon. */
const REASONS = {
  irregular: 'lines that are not regular',
  unfit: 'values that need a closer look',
  encoding: 'text that is not UTF-8',
  long: 'very long records',
  changed: 'a file that changed while it was read',
  rows: 'more rows than its start promised',
} as const;

/** The text in memory: its first record that was not dealt, its end, and where in the file it is. */
interface Text {
  at: number;
  end: number;
  /** The place in the file of the byte at `DealMemory.text`. */
  base: number;
  /** Whether it ends where the file ends. */
  isLast: boolean;
}

/**
 * Deals the rows of a file in one thread: range by range, in any order. It takes all of the machine's memory from `ioAt` on, and leaves it
 * as it is; the caller wipes it.
 */
export class Dealer {
  readonly #machine: TableMachine;
  readonly #setup: DealSetup;
  readonly #memory: DealMemory;
  #pieces: number[] = [];
  #samples: Uint8Array[] = [];

  constructor(machine: TableMachine, setup: DealSetup) {
    this.#machine = machine;
    this.#setup = setup;
    this.#memory = layOutDeal(machine, setup);
  }

  /** Wipes the rows and the text. */
  close(): void {
    const { deal, end } = this.#memory;
    this.#machine.bytes.fill(0, deal, end);
  }

  /**
   * Deals the records that start in the next range of the file that no thread has taken, and stores their rows. `null` if there is none.
   *
   * @throws {SealroomError} IO_READ, IO_WRITE.
   */
  dealNext(): DealtRange | Declined | null {
    const { file, dataStart, rangeBytes, bytes, nextRange } = this.#setup;
    if (file === null) return null;
    const number = Atomics.add(new Int32Array(nextRange), 0, 1);
    const start = dataStart + number * rangeBytes;
    if (number > 0 && start >= bytes) return null;
    return this.#deal(number, start, start + rangeBytes);
  }

  #deal(number: number, start: number, end: number): DealtRange | Declined {
    this.#begin(number);
    // A line break just before the range tells that a record starts with it.
    const text = this.#emptyText(number === 0 ? start : start - 1);
    if (!this.#read(text)) return { reason: REASONS.changed };
    if (number > 0) text.at = this.#machine.exports.findRecord(text.at + 1, text.end, text.isLast ? 1 : 0);
    if (text.at === 0) return { reason: REASONS.irregular };
    const first = this.#placeOf(text, text.at);
    for (;;) {
      const ended = this.#dealText(text, end);
      if (typeof ended !== 'string') return ended;
      if (ended === 'done') return this.#finish(text, number, first);
      if (!this.#read(text)) return { reason: REASONS.changed };
    }
  }

  /**
   * Deals a table whose bytes come one after another: all of it is one range. It goes on with each chunk.
   *
   * @param files the rows of each file, in chunks; a record ends where its file does
   * @returns a generator that yields when it needs the next chunk, with the number of rows so far
   * @throws {SealroomError} IO_WRITE.
   */
  async *dealChunks(files: Iterable<AsyncIterable<Uint8Array>>): AsyncGenerator<number, DealtRange | Declined> {
    const { dataStart } = this.#setup;
    this.#begin(0);
    const text = this.#emptyText(dataStart);
    for (const chunks of files) {
      text.isLast = false;
      for await (const chunk of chunks) {
        for (let from = 0; from < chunk.length; from += TEXT_BYTES) {
          this.#append(text, chunk.subarray(from, from + TEXT_BYTES));
          const ended = this.#dealText(text, Infinity);
          if (typeof ended !== 'string') return ended;
        }
        yield this.#words()[DEAL_WORDS.rows] ?? 0;
      }
      text.isLast = true;
      const ended = this.#dealText(text, Infinity);
      if (typeof ended !== 'string') return ended;
    }
    return this.#finish(text, 0, dataStart);
  }

  /** Ends a range of which all records were dealt. */
  #finish(text: Text, number: number, first: number): DealtRange | Declined {
    if (!this.#store(this.#filledParts())) return { reason: REASONS.rows };
    this.#takeSamples();
    return {
      number,
      first,
      next: this.#placeOf(text, text.at),
      rows: this.#words()[DEAL_WORDS.rows] ?? 0,
      pieces: Float64Array.from(this.#pieces),
      columns: this.#setup.columns.map((_, index) => this.#figuresOf(index)),
      samples: concatBytes(this.#samples),
    };
  }

  #begin(number: number): void {
    const { sampled, hasPositions, parts, roomBytes, columns } = this.#setup;
    const { samples, rooms, stored } = this.#memory;
    const { storedBytes } = this.#machine.exports;
    const words = this.#words();
    words[DEAL_WORDS.run] = hasPositions ? number : -1;
    words[DEAL_WORDS.rows] = 0;
    words[DEAL_WORDS.samplesTo] = samples;
    words[DEAL_WORDS.sampleHead] = sampled !== null && number === 0 ? SAMPLE_HEAD : 0;
    for (let index = 0; index < columns.length; index++) {
      const found = new Int32Array(words.buffer, stored + index * storedBytes.value, storedBytes.value / 4);
      found.fill(0, STORED_WORDS.longest)[STORED_WORDS.longest] = -1;
    }
    for (let part = 0; part < parts; part++) {
      const start = rooms + part * roomBytes;
      this.#part(part).set([start, start + roomBytes, 0]);
    }
    this.#pieces = [];
    this.#samples = [];
  }

  #words(): Int32Array<ArrayBuffer> {
    return new Int32Array(
      this.#machine.exports.memory.buffer,
      this.#memory.deal,
      this.#machine.exports.dealBytes.value / 4,
    );
  }

  #part(part: number): Int32Array {
    const { memory, partBytes } = this.#machine.exports;
    return new Int32Array(memory.buffer, this.#memory.parts + part * partBytes.value, partBytes.value / 4);
  }

  #placeOf(text: Text, at: number): number {
    return text.base + at - this.#memory.text;
  }

  #emptyText(base: number): Text {
    return { at: this.#memory.text, end: this.#memory.text, base, isLast: false };
  }

  /** Deals what a text has of a range, moves its `at`, and checks that it is UTF-8 up to there. */
  #dealText(text: Text, rangeEnd: number): 'done' | 'needs text' | Declined {
    const from = text.at;
    const ended = this.#dealRecords(text, rangeEnd);
    if (typeof ended !== 'string') return ended;
    if (this.#machine.exports.isText(from, text.at) === 0) return { reason: REASONS.encoding };
    return ended === 'needs text' && text.end - text.at >= TEXT_BYTES ? { reason: REASONS.long } : ended;
  }

  #dealRecords(text: Text, rangeEnd: number): 'done' | 'needs text' | Declined {
    const { exports } = this.#machine;
    const words = this.#words();
    const stop = Math.min(text.end + 1, this.#memory.text + rangeEnd - text.base);
    for (;;) {
      const result =
        RESULTS[exports.dealRows(this.#memory.deal, text.at, text.end, text.isLast ? 1 : 0, stop)] ?? 'irregular';
      text.at = words[DEAL_WORDS.at] ?? 0;
      switch (result) {
        case 'done':
        case 'needs text':
          return result;
        case 'needs draws':
          this.#draw(words);
          break;
        case 'part full': {
          const part = words[DEAL_WORDS.fullPart] ?? 0;
          if ((this.#part(part)[PART_WORDS.rows] ?? 0) === 0) return { reason: REASONS.long };
          if (!this.#store([part])) return { reason: REASONS.rows };
          break;
        }
        case 'samples full':
          if (words[DEAL_WORDS.samplesTo] === this.#memory.samples) return { reason: REASONS.long };
          this.#takeSamples();
          break;
        case 'irregular':
        case 'unfit':
          return { reason: REASONS[result] };
      }
    }
  }

  #draw(words: Int32Array<ArrayBuffer>): void {
    fillRandom(new Uint16Array(words.buffer, this.#memory.draws, DRAWS));
    words[DEAL_WORDS.nextDraw] = this.#memory.draws;
  }
  /** Reads on behind what is left of a text. False if the file is shorter than it was. */
  #read(text: Text): boolean {
    const { bytes } = this.#setup;
    this.#moveToStart(text);
    const next = this.#placeOf(text, text.end);
    const wanted = Math.min(TEXT_BYTES, bytes - next);
    const count = this.#readFile(this.#machine.bytes.subarray(text.end, text.end + wanted), next);
    if (count < wanted) return false;
    text.end += count;
    text.isLast = next + wanted === bytes;
    return true;
  }

  /** Puts a chunk behind what is left of a text. */
  #append(text: Text, chunk: Uint8Array): void {
    this.#moveToStart(text);
    this.#machine.bytes.set(chunk, text.end);
    text.end += chunk.length;
  }

  #moveToStart(text: Text): void {
    const start = this.#memory.text;
    this.#machine.bytes.copyWithin(start, text.at, text.end);
    text.base += text.at - start;
    text.end -= text.at - start;
    text.at = start;
  }

  #readFile(target: Uint8Array, place: number): number {
    const { file } = this.#setup;
    if (file === null) throw new Error('a table that is no file');
    try {
      return readAt(file.descriptor, target, place);
    } catch (error) {
      throw readFailure(error, file.path);
    }
  }

  /** The parts that have rows in memory. */
  #filledParts(): readonly number[] {
    const { parts } = this.#setup;
    return Array.from({ length: parts }, (_, part) => part).filter(
      (part) => (this.#part(part)[PART_WORDS.rows] ?? 0) > 0,
    );
  }

  /** Stores what parts have in memory, and empties them. False if there is no place for it. */
  #store(parts: readonly number[]): boolean {
    const { rooms } = this.#memory;
    const { roomBytes, store } = this.#setup;
    const filled = parts.map((part) => {
      const start = rooms + part * roomBytes;
      return {
        part,
        start,
        end: this.#part(part)[PART_WORDS.to] ?? start,
        rows: this.#part(part)[PART_WORDS.rows] ?? 0,
      };
    });
    let place = storePieces(
      store,
      filled.map(({ start, end }) => this.#machine.bytes.subarray(start, end)),
    );
    if (place === null) return false;
    for (const { part, start, end, rows } of filled) {
      this.#pieces.push(part, place, end - start, rows);
      place += end - start;
      this.#part(part).set([start, start + roomBytes, 0]);
    }
    return true;
  }

  #takeSamples(): void {
    const words = this.#words();
    const { samples } = this.#memory;
    this.#samples.push(this.#machine.bytes.slice(samples, words[DEAL_WORDS.samplesTo]));
    words[DEAL_WORDS.samplesTo] = samples;
  }

  #figuresOf(index: number): StoredFigures {
    const { memory, storedBytes } = this.#machine.exports;
    const view = new DataView(memory.buffer, this.#memory.stored + index * storedBytes.value, storedBytes.value);
    const wordOf = (word: keyof typeof STORED_WORDS): number => view.getInt32(STORED_WORDS[word] * 4, true);
    const longOf = (word: keyof typeof STORED_WORDS): number => Number(view.getBigInt64(STORED_WORDS[word] * 4, true));
    const longest = wordOf('longest');
    return {
      longest: longest === -1 ? null : longest,
      nulls: wordOf('nulls'),
      bytes: longOf('bytes'),
      sealedGroups: longOf('sealedGroups'),
      values: wordOf('values'),
      changed: wordOf('changed'),
      missing: wordOf('missing'),
    };
  }
}
