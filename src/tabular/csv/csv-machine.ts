import type { Separator } from './csv-structure.ts';
import { CR, LF, QUOTE, SPACE } from './bytes.ts';

/** The states of a field; a record starts in {@link FIELD_START}. */
export type FieldState = 0 | 1 | 2 | 3 | 4 | 5 | 6;

/** Nothing of the field was read. */
export const FIELD_START = 0;
/** White space, and nothing else. */
export const BLANK_START = 1;
/** A value without quotes. */
export const UNQUOTED = 2;
/** Inside quotes. */
export const QUOTED = 3;
/** After a quote inside quotes, which closes them unless another one follows. */
export const QUOTE_IN_QUOTED = 4;
/** After closed quotes and white space. */
export const BLANK_AFTER_QUOTED = 5;
/** After closed quotes and something else: the quotes are part of the value. */
export const TEXT_AFTER_QUOTED = 6;

/**
 * The state machine of the CSV dialect (format F-75 to F-78), and the only place that knows its rules: which bytes end fields and
 * records, and in which state a field is. It keeps no values; a subclass does, if it needs them.
 *
 * Whatever is said of C3R here is what its reader, univocity, does.
 */
export abstract class CsvMachine {
  protected readonly delimiter: number;
  /** Must be known before the first line break is read. */
  protected separator: Separator;
  protected state: FieldState = FIELD_START;
  /** The position of the byte that is being read. */
  protected offset = 0;
  /** A CR whose meaning depends on what follows. */
  protected heldCr = false;
  /** What the file has after the first LF of an unquoted field that only a delimiter or the separator can end; otherwise `null`. */
  #afterLf: number[] | null = null;
  #lfOffset = 0;
  /** Whether the file ends in the field that is being read, so that LF ends it. */
  #isLastField = false;

  /** @param delimiter the byte between fields */
  constructor(delimiter: number, separator: Separator) {
    this.delimiter = delimiter;
    this.separator = separator;
  }

  /** A byte of a field was read, which is now in its new state. */
  protected abstract onContent(byte: number, before: FieldState): void;
  /** A delimiter ends the field, which is still in its last state. */
  protected abstract onField(): void;
  /** A line break that ends at `offset` ends the record, whose last field is still in its last state. */
  protected abstract onLine(lineBreak: Separator): void;
  /** The field that is being read ends where its first LF was. */
  protected abstract onCut(): void;

  /** Whether all that was read of the field is outside quotes, and has to be kept in case the file ends in it. */
  protected get keepsBytes(): boolean {
    return this.#afterLf !== null;
  }

  /** Reads a byte. */
  protected step(byte: number): void {
    if (this.heldCr) {
      this.heldCr = false;
      if (this.separator === '\r') this.#endLine('\r', this.offset - 1);
      else if (byte === LF) {
        this.#endLine('\r\n', this.offset);
        return;
      } else this.#consume(CR);
    }
    if (this.state === QUOTED || (byte !== LF && byte !== CR)) this.#consume(byte);
    else if (byte === LF) this.#readLf();
    else this.#readCr();
  }

  //= format F-76
  #readLf(): void {
    if (this.separator === '\n' || this.state !== UNQUOTED || this.#isLastField) {
      this.#endLine('\n', this.offset);
      return;
    }
    this.#consume(LF);
    if (this.#afterLf !== null) return;
    this.#afterLf = [];
    this.#lfOffset = this.offset;
  }

  #readCr(): void {
    if (this.separator === '\n') this.#consume(CR);
    // C3R does not see a CR at the end of the file in time to end a field that has an LF.
    else if (this.separator === '\r' && this.#afterLf === null) this.#endLine('\r', this.offset);
    else this.heldCr = true;
  }

  //= format F-75
  #consume(byte: number): void {
    const before = this.state;
    if (byte === this.delimiter && before !== QUOTED) {
      this.#afterLf = null;
      this.onField();
      this.state = FIELD_START;
      return;
    }
    this.#afterLf?.push(byte);
    this.state = nextState(before, byte);
    this.onContent(byte, before);
  }

  #endLine(lineBreak: Separator, at: number): void {
    const { offset } = this;
    this.offset = at;
    this.#afterLf = null;
    this.onLine(lineBreak);
    this.state = FIELD_START;
    this.offset = offset;
  }

  /** Ends the file at `offset`. The state of the last field remains; it belongs to a record unless it is {@link FIELD_START}. */
  protected finish(): void {
    const rest = this.#afterLf;
    const { offset, heldCr } = this;
    this.heldCr = false;
    if (rest === null) {
      if (heldCr) this.#consume(CR);
      return;
    }
    //= format F-76
    this.#isLastField = true;
    this.onCut();
    this.#endLine('\n', this.#lfOffset);
    rest.forEach((byte, index) => {
      this.offset = this.#lfOffset + 1 + index;
      this.step(byte);
    });
    if (heldCr && this.separator === '\r') this.#endLine('\r', offset - 1);
    else if (heldCr) this.#consume(CR);
    this.offset = offset;
  }

  /** Keeps bytes of an unquoted field that are skipped instead of read, if {@link keepsBytes}. */
  protected keep(bytes: Uint8Array): void {
    for (const byte of bytes) this.#afterLf?.push(byte);
  }
}

function nextState(state: FieldState, byte: number): FieldState {
  switch (state) {
    case FIELD_START:
    case BLANK_START:
      if (byte === QUOTE) return QUOTED;
      return byte <= SPACE ? BLANK_START : UNQUOTED;
    case UNQUOTED:
    case TEXT_AFTER_QUOTED:
      return state;
    case QUOTED:
      return byte === QUOTE ? QUOTE_IN_QUOTED : QUOTED;
    case QUOTE_IN_QUOTED:
      if (byte === QUOTE) return QUOTED;
      return byte <= SPACE ? BLANK_AFTER_QUOTED : TEXT_AFTER_QUOTED;
    case BLANK_AFTER_QUOTED:
      return byte <= SPACE ? BLANK_AFTER_QUOTED : TEXT_AFTER_QUOTED;
  }
}
