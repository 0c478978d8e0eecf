import type { Separator } from './csv-structure.ts';
import { COMMA, CR, LF, QUOTE, SPACE } from './bytes.ts';

/** By itself, marks a `""`, which the library does not distinguish from an empty field. No UTF-8 text has this byte. */
export const EMPTY_TEXT = 0xff;

/** Output is flushed at the end of the record that makes it longer than this, in bytes. */
const BLOCK_BYTES = 1 << 16;

// States of a field.
const START = 0;
const UNQUOTED = 1;
const QUOTED = 2;
const QUOTE_IN_QUOTED = 3;
const BLANK_AFTER_QUOTED = 4;
const TEXT_AFTER_QUOTED = 5;

/**
 * Rewrites a CSV file so that a strict library reads it as the dialect defines: it drops blank lines and white space around
 * fields, quotes fields with a quote in their middle and fields with text after their closing quote, closes an open quote at
 * the end, ends records with LF and marks `""`. Everything else stays as it is; the library extracts the values.
 */
export class CsvNormaliser {
  readonly #separator: Separator;
  readonly #trims: boolean;
  #state = START;
  #pendingCr = false;
  #hasQuote = false;
  #out = new Uint8Array(BLOCK_BYTES);
  #length = 0;
  #recordStart = 0;
  #fieldStart = 0;
  /** The end of the field's closing quote. */
  #closed = 0;

  /** @param trims whether unquoted fields are trimmed, as all but headers are */
  constructor(separator: Separator, trims: boolean) {
    this.#separator = separator;
    this.#trims = trims;
  }

  /** Takes the next bytes of the file, which can be split anywhere, and returns complete records, perhaps none. */
  push(chunk: Uint8Array): Uint8Array {
    for (const byte of chunk) {
      if (this.#pendingCr) {
        this.#pendingCr = false;
        if (byte === LF) {
          this.#endRecord();
          continue;
        }
        this.#consume(CR);
      }
      if (this.#state === QUOTED || (byte !== CR && byte !== LF)) this.#consume(byte);
      else if (byte === LF || this.#separator === '\r') this.#endRecord();
      else if (this.#separator === '\r\n') this.#pendingCr = true;
      else this.#consume(CR);
    }
    return this.#length > BLOCK_BYTES ? this.#take(this.#recordStart) : new Uint8Array(0);
  }

  /** Ends the file and returns what is left of it. */
  end(): Uint8Array {
    if (this.#pendingCr) this.#consume(CR);
    //= format F-78
    if (this.#state === QUOTED) this.#consume(QUOTE);
    if (this.#length > this.#recordStart) this.#endRecord();
    return this.#take(this.#length);
  }

  #consume(byte: number): void {
    if (byte === COMMA && this.#state !== QUOTED) {
      this.#endField();
      this.#append(COMMA);
      this.#startField();
      return;
    }
    const isBlank = byte <= SPACE;
    switch (this.#state) {
      case START:
        if (byte === QUOTE) {
          this.#length = this.#fieldStart;
          this.#state = QUOTED;
        } else if (!isBlank) {
          if (this.#trims) this.#length = this.#fieldStart;
          this.#state = UNQUOTED;
        }
        break;
      case UNQUOTED:
        if (byte === QUOTE) this.#hasQuote = true;
        break;
      case QUOTED:
        if (byte === QUOTE) this.#state = QUOTE_IN_QUOTED;
        break;
      case QUOTE_IN_QUOTED:
      case BLANK_AFTER_QUOTED:
        if (this.#state === QUOTE_IN_QUOTED) this.#closed = this.#length;
        if (isBlank) this.#state = BLANK_AFTER_QUOTED;
        else this.#state = byte === QUOTE && this.#state === QUOTE_IN_QUOTED ? QUOTED : TEXT_AFTER_QUOTED;
        break;
    }
    this.#append(byte);
  }

  #endField(): void {
    switch (this.#state) {
      case START:
        if (this.#trims) this.#length = this.#fieldStart;
        return;
      case UNQUOTED:
        if (this.#hasQuote) this.#quote(this.#out.slice(this.#fieldStart, this.#length));
        else if (this.#trims) while ((this.#out[this.#length - 1] ?? 0) <= SPACE) this.#length--;
        return;
      case QUOTE_IN_QUOTED:
      case BLANK_AFTER_QUOTED:
        if (this.#state === BLANK_AFTER_QUOTED) this.#length = this.#closed;
        //= format F-75
        if (this.#length === this.#fieldStart + 2) {
          this.#length = this.#fieldStart;
          this.#append(EMPTY_TEXT);
        }
        return;
      case TEXT_AFTER_QUOTED:
        // The quotes are part of the value.
        this.#quote(
          Buffer.concat([
            Uint8Array.of(QUOTE),
            undouble(this.#out.subarray(this.#fieldStart + 1, this.#closed - 1)),
            this.#out.subarray(this.#closed - 1, this.#length),
          ]),
        );
        return;
    }
  }

  /** Replaces the field by its trimmed value in quotes. */
  #quote(value: Uint8Array): void {
    let start = 0;
    let end = value.length;
    while (start < end && (value[start] ?? 0) <= SPACE) start++;
    while (end > start && (value[end - 1] ?? 0) <= SPACE) end--;
    this.#length = this.#fieldStart;
    this.#append(QUOTE);
    for (let index = start; index < end; index++) {
      const byte = value[index] ?? 0;
      if (byte === QUOTE) this.#append(QUOTE);
      this.#append(byte);
    }
    this.#append(QUOTE);
  }

  #endRecord(): void {
    //= format F-77
    const isBlank = this.#state === START && this.#fieldStart === this.#recordStart;
    if (isBlank) this.#length = this.#recordStart;
    else {
      this.#endField();
      this.#append(LF);
    }
    this.#recordStart = this.#length;
    this.#startField();
  }

  #startField(): void {
    this.#fieldStart = this.#length;
    this.#hasQuote = false;
    this.#state = START;
  }

  #append(byte: number): void {
    if (this.#length === this.#out.length) {
      const larger = new Uint8Array(this.#out.length * 2);
      larger.set(this.#out);
      this.#out = larger;
    }
    this.#out[this.#length++] = byte;
  }

  /** Returns the first bytes of the output and keeps the rest. */
  #take(count: number): Uint8Array {
    const taken = this.#out.slice(0, count);
    this.#out.copyWithin(0, count, this.#length);
    this.#length -= count;
    this.#recordStart -= count;
    this.#fieldStart -= count;
    this.#closed -= count;
    return taken;
  }
}

/** The content of a quoted field: doubled quotes become single ones. */
function undouble(content: Uint8Array): Uint8Array {
  let isSecond = false;
  return content.filter((byte) => {
    isSecond = byte === QUOTE && !isSecond;
    return byte !== QUOTE || isSecond;
  });
}
