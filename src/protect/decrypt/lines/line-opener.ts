import type { KernelName, SealingRoot } from '../../../crypto/index.ts';
import type { CsvStart, NullRule } from '../../../tabular/index.ts';
import { FIELD_WORDS, IRREGULAR, separatorNumber, type TableMachine, UNFIT_CELL } from '../../machine/machine.ts';
import { Places } from '../../machine/places.ts';
import { encodeTexts } from '../../machine/texts.ts';
import { type DeclinedLines, declined } from './declined.ts';

/** Bytes of text that are in memory at a time. */
export const LINE_TEXT_BYTES = (1 << 20) + (1 << 18);
/** The longest text for a null, in bytes: room for as many as a text may have fields is reserved. */
export const MOST_MARK_BYTES = 32;
/** The most rows and fields that are opened by a call, so that what is known of them stays near the processor. */
const MOST_ROWS = 1024;
const MOST_FIELDS = 1 << 16;

// The numbers of the plan; see `assembly/open-lines.ts`.
const PLAN_WORDS = 15;
const OPENED_END = 13;
const LINES_END = 14;
const FIELD_BYTES = FIELD_WORDS * 4;

/** Numbers for each column: see {@link LineOpener.counts}. */
export const COUNTS = 3;
/** Bytes that a field adds to its value at most: a comma, and quotes. */
const BORDER_BYTES = 3;

/** How the lines of a table are opened. */
export interface LineOpening {
  /** The kernel that opens the cells. */
  readonly kernel: KernelName;
  readonly dialect: Pick<CsvStart, 'delimiter' | 'separator'>;
  readonly nullRule: NullRule;
  readonly columns: number;
  /** What is written for nulls and for empty texts, each at most {@link MOST_MARK_BYTES} long. */
  readonly nullText: Uint8Array;
  readonly empty: Uint8Array;
  readonly lenientCells: boolean;
  /** Whether fingerprints are passed on. */
  readonly passesFingerprints: boolean;
}

/** A text in the memory of a {@link LineOpener}; places are bytes from its start. */
export interface LineText {
  /** Where its first record begins. */
  readonly at: number;
  /** Records that begin here or later are not opened. */
  readonly stop: number;
  readonly end: number;
  /** Whether the file ends with it. */
  readonly isLast: boolean;
}

/** The outcome for a text: how many records were opened, and where the next one begins. */
export interface OpenedLines {
  readonly kind: 'opened';
  readonly rows: number;
  readonly end: number;
  /** Their lines, valid until the next call. */
  readonly lines: Uint8Array;
}

/** Opens the records of protected CSV files in the memory of a machine. It takes all of the memory from `ioAt` on. */
export class LineOpener {
  readonly #machine: TableMachine;
  readonly #plan: Int32Array;
  readonly #linesAt: number;
  /** The end of everything that was ever written to the memory. */
  #used = 0;
  /** The place of the text, {@link LINE_TEXT_BYTES} bytes. */
  readonly text: Uint8Array;
  /** For each column: sealed cells, fingerprints, and cells that are neither sealed nor null, in all texts so far. */
  readonly counts: Int32Array;

  /** @param root `null` if no cell can be opened */
  constructor(machine: TableMachine, opening: LineOpening, root: SealingRoot | null) {
    const { dialect, nullRule, columns, nullText, empty, lenientCells, passesFingerprints } = opening;
    this.#machine = machine;
    const rows = Math.max(1, Math.min(MOST_ROWS, machine.slots, Math.floor(MOST_FIELDS / columns)));
    const mark = Math.max(nullText.length, empty.length) + BORDER_BYTES;
    const places = new Places(machine);
    const planAt = places.take(PLAN_WORDS * 4);
    const countsAt = places.take(columns * COUNTS * 4);
    const marks = [...places.put(nullText), ...places.put(empty)];
    const [nullTextsAt] = places.put(encodeTexts(nullRule.tokens));
    const fieldsAt = places.take(rows * columns * FIELD_BYTES);
    const textAt = places.take(LINE_TEXT_BYTES);
    const refinedAt = places.take(LINE_TEXT_BYTES);
    // A byte of text is at least half a field, and becomes two at most.
    this.#linesAt = places.take(LINE_TEXT_BYTES * (2 + mark) + rows * columns * mark);
    const { buffer } = machine.exports.memory;
    this.#plan = new Int32Array(buffer, planAt, PLAN_WORDS);
    this.counts = new Int32Array(buffer, countsAt, columns * COUNTS);
    this.text = machine.bytes.subarray(textAt, textAt + LINE_TEXT_BYTES);
    const rules = [nullRule.blankIsNull, nullRule.quotedEmptyIsNull, lenientCells, root !== null, passesFingerprints];
    const separator = separatorNumber(dialect.separator);
    this.#plan.set([
      ...[dialect.delimiter, separator, columns, rows, fieldsAt, countsAt, refinedAt],
      ...marks,
      rules.reduce((sum, holds, bit) => sum | (Number(holds) << bit), 0),
      nullTextsAt,
    ]);
    machine.exports.setOpening(planAt);
    machine.exports.setDialect(dialect.delimiter, separator, columns, fieldsAt);
    root?.use((bytes) => {
      machine.bytes.set(bytes, machine.keyAt);
    });
    if (root !== null) machine.exports.setRoot();
  }

  /** A guess at where the first record behind a line break begins in the text; `null` if it shows none. */
  findRecord({ end, isLast }: Pick<LineText, 'end' | 'isLast'>): number | null {
    const textAt = this.text.byteOffset;
    const found = this.#machine.exports.findRecord(textAt + 1, textAt + end, isLast ? 1 : 0);
    return found === 0 ? null : found - textAt;
  }

  /**
   * Opens the records of a text, as far as they are whole. If one of them has to be refused, or is beyond what is opened here, nothing
   * that was opened or counted is to be used.
   */
  open({ at, stop, end, isLast }: LineText): OpenedLines | DeclinedLines {
    const { exports, bytes } = this.#machine;
    const textAt = this.text.byteOffset;
    let next = textAt + at;
    let to = this.#linesAt;
    let rows = 0;
    while (next < textAt + stop && next < textAt + end) {
      const opened = exports.openLines(next, textAt + stop, textAt + end, isLast ? 1 : 0, to);
      if (opened === IRREGULAR) return declined('records');
      if (opened === UNFIT_CELL) return declined('cells');
      const openedEnd = this.#plan[OPENED_END] ?? 0;
      if (openedEnd === next) break;
      rows += opened;
      next = openedEnd;
      to = this.#plan[LINES_END] ?? 0;
      this.#used = Math.max(this.#used, to + this.#machine.slackBytes);
    }
    return { kind: 'opened', rows, end: next - textAt, lines: bytes.subarray(this.#linesAt, to) };
  }

  /** Wipes everything: the keys, the text, the values and the lines. */
  wipe(): void {
    const { exports, bytes, ioAt } = this.#machine;
    exports.wipeSlots();
    exports.wipeCall(0);
    bytes.fill(0, ioAt, Math.max(this.#linesAt, this.#used));
  }
}
