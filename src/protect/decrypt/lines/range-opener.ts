import { readAt, readFailure, writeAt, writeFailure } from '../../../files/index.ts';
import { type DeclinedLines, declined } from './declined.ts';
import { type LineOpener, type OpenedLines, LINE_TEXT_BYTES } from './line-opener.ts';
import type { Turns } from './turns.ts';

/** Bytes that are read behind a range for the end of its last record, at first. */
const BEHIND_BYTES = 1 << 14;

/** Ranges of a file that are opened one by one. */
export interface LineRanges {
  /** The descriptor of the file, which any thread of the process may use. */
  readonly file: number;
  readonly fileBytes: number;
  /** Where the first range begins, and the bytes of each. */
  readonly from: number;
  readonly rangeBytes: number;
  /** The descriptor of the output; `null` for none. */
  readonly output: number | null;
  /** The names of both in errors. */
  readonly fileName: string;
  readonly outputName: string;
}

/** How many ranges a file has. */
export function countRanges({ fileBytes, from, rangeBytes }: LineRanges): number {
  return Math.ceil((fileBytes - from) / rangeBytes);
}

/** A range whose records were opened, and whose lines are in the memory of its opener. */
interface OpenedRange extends OpenedLines {
  /** Where the first record begins in the file, and where the one behind the last does. */
  readonly firstByte: number;
  readonly lastByte: number;
}

/** Opens ranges of a file in one thread, beside others. */
export class RangeOpener {
  readonly #ranges: LineRanges;
  readonly #opener: LineOpener;
  readonly #turns: Turns;
  /** Bytes that are read behind a range. What one needed, the next one probably does. */
  #behindBytes = BEHIND_BYTES;

  constructor(ranges: LineRanges, opener: LineOpener, turns: Turns) {
    this.#ranges = ranges;
    this.#opener = opener;
    this.#turns = turns;
  }

  /**
   * Opens the ranges that no other thread takes, and writes their lines, until none are left. If lines are declined, it
   * tells all threads to stop; if another thread has, it ends.
   *
   * @param waitMs how long to wait for a turn at once
   * @returns a generator that yields while it waits, with `waiting`, and after each range
   * @throws {SealroomError} IO_READ, IO_WRITE.
   */
  *openRanges(waitMs: number): Generator<'waiting' | 'written', void> {
    const turns = this.#turns;
    const count = countRanges(this.#ranges);
    for (let range = turns.take(); range < count; range = turns.take()) {
      const opened = this.#open(range);
      if (opened.kind === 'declined') {
        turns.stop(opened.reason);
        return;
      }
      while (!turns.wait(range, waitMs)) {
        if (turns.isStopped) return;
        yield 'waiting';
      }
      const declined = this.#write(opened);
      if (declined !== null) turns.stop(declined.reason);
      if (turns.isStopped) return;
      yield 'written';
    }
  }

  /**
   * Opens the records that begin in a range.
   *
   * @throws {SealroomError} IO_READ.
   */
  #open(range: number): OpenedRange | DeclinedLines {
    const { from, rangeBytes, fileBytes } = this.#ranges;
    const first = from + range * rangeBytes;
    const border = Math.min(fileBytes, first + rangeBytes);
    // A line break right before the range tells that a record begins with it.
    const base = range === 0 ? first : first - 1;
    this.#opener.counts.fill(0);
    for (;;) {
      const wanted = Math.min(Math.min(fileBytes, border + this.#behindBytes) - base, LINE_TEXT_BYTES);
      const end = this.#read(base, wanted);
      if (end < wanted) return declined('changed');
      const isLast = base + end === fileBytes;
      const at = range === 0 ? 0 : this.#opener.findRecord({ end, isLast });
      if (at !== null) {
        const opened = this.#opener.open({ at, stop: border - base, end, isLast });
        if (opened.kind === 'declined') return opened;
        // A range in which no record begins ends where it starts.
        const isWhole = opened.end >= border - base || (isLast && opened.end === end);
        if (isWhole) return { ...opened, firstByte: base + at, lastByte: base + opened.end };
        this.#opener.counts.fill(0);
      }
      if (isLast) return declined('records');
      if (wanted === LINE_TEXT_BYTES) return declined('long');
      this.#behindBytes *= 4;
    }
  }

  /** Reads bytes of the file into the opener's text, fewer if the file has become shorter. */
  #read(position: number, bytes: number): number {
    const { file, fileName } = this.#ranges;
    try {
      return readAt(file, this.#opener.text.subarray(0, bytes), position);
    } catch (error) {
      throw readFailure(error, fileName);
    }
  }

  /**
   * Writes the lines of a range whose turn it is, and ends the turn before that. Returns why they are declined if its records do not begin
   * where those of the range before it ended.
   *
   * @throws {SealroomError} IO_WRITE.
   */
  #write({ rows, firstByte, lastByte, lines }: OpenedRange): DeclinedLines | null {
    const { output, outputName } = this.#ranges;
    const { counts } = this.#opener;
    const place = this.#turns.pass({ start: firstByte, end: lastByte, rows, lineBytes: lines.length, counts });
    if (place === null) return declined('borders');
    if (output === null) return null;
    try {
      writeAt(output, lines, place);
    } catch (error) {
      throw writeFailure(error, outputName);
    }
    return null;
  }
}
