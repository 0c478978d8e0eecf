import { concatBytes } from '../../bytes/index.ts';
import type { Separator } from './csv-structure.ts';
import { COMMA, CR, LF, QUOTE, SPACE } from './bytes.ts';

/** The value of a field; `null` for an empty one without quotes, which is not the same as `""`. */
export type CsvField = Uint8Array | null;

/** Initial size of the buffer of a field; it grows. */
const FIELD_BYTES = 1 << 12;

// States of a field.
const START = 0;
const UNQUOTED = 1;
const QUOTED = 2;
const QUOTE_IN_QUOTED = 3;
const BLANK_AFTER_QUOTED = 4;
const TEXT_AFTER_QUOTED = 5;

/**
 * Reads the records of a CSV file as the dialect defines them (format F-75 to F-78): blank lines are skipped, fields are
 * trimmed, a quote in the middle of a field and text after its closing quote are part of its value, and an open quote is
 * closed at the end of the file.
 */
export class CsvRecordParser {
  readonly #separator: Separator;
  readonly #trims: boolean;
  #state = START;
  #pendingCr = false;
  #hasQuote = false;
  /** The field so far, with its quotes. */
  #bytes = new Uint8Array(FIELD_BYTES);
  #length = 0;
  /** The end of the field's closing quote. */
  #closed = 0;
  #record: CsvField[] = [];

  /** @param trims whether unquoted fields are trimmed, as all but headers are */
  constructor(separator: Separator, trims: boolean) {
    this.#separator = separator;
    this.#trims = trims;
  }

  /** The records that end in the next bytes of the file, which can be split anywhere. */
  *push(chunk: Uint8Array): Generator<readonly CsvField[]> {
    for (const byte of chunk) {
      if (this.#pendingCr) {
        this.#pendingCr = false;
        if (byte === LF) {
          yield* this.#endRecord();
          continue;
        }
        this.#consume(CR);
      }
      if (this.#state === QUOTED || (byte !== CR && byte !== LF)) this.#consume(byte);
      else if (byte === LF || this.#separator === '\r') yield* this.#endRecord();
      else if (this.#separator === '\r\n') this.#pendingCr = true;
      else this.#consume(CR);
    }
  }

  /** Ends the file; the last record, if it did not end with a line break. */
  *end(): Generator<readonly CsvField[]> {
    if (this.#pendingCr) this.#consume(CR);
    //= format F-78
    if (this.#state === QUOTED) this.#consume(QUOTE);
    if (this.#record.length > 0 || this.#length > 0) yield* this.#endRecord();
  }

  #consume(byte: number): void {
    if (byte === COMMA && this.#state !== QUOTED) {
      this.#endField();
      return;
    }
    const isBlank = byte <= SPACE;
    switch (this.#state) {
      case START:
        if (byte === QUOTE) {
          this.#length = 0;
          this.#state = QUOTED;
        } else if (!isBlank) {
          if (this.#trims) this.#length = 0;
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

  #append(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = byte;
  }

  #endField(): void {
    this.#record.push(this.#readField());
    this.#length = 0;
    this.#hasQuote = false;
    this.#state = START;
  }

  #readField(): CsvField {
    const field = this.#bytes.subarray(0, this.#length);
    switch (this.#state) {
      case START:
        return this.#trims || field.length === 0 ? null : field.slice();
      case QUOTE_IN_QUOTED:
      case BLANK_AFTER_QUOTED: {
        //= format F-75
        const end = this.#state === QUOTE_IN_QUOTED ? field.length : this.#closed;
        return undouble(field.subarray(1, end - 1));
      }
      case TEXT_AFTER_QUOTED: {
        // The quotes are part of the value.
        const content = undouble(field.subarray(1, this.#closed - 1));
        return trim(concatBytes([Uint8Array.of(QUOTE), content, field.subarray(this.#closed - 1)]));
      }
      default:
        return this.#trims || this.#hasQuote ? trim(field) : field.slice();
    }
  }

  *#endRecord(): Generator<readonly CsvField[]> {
    //= format F-77
    const isBlank = this.#state === START && this.#record.length === 0;
    this.#endField();
    const record = this.#record;
    this.#record = [];
    if (!isBlank) yield record;
  }
}

/** A trimmed copy of a value. */
function trim(value: Uint8Array): Uint8Array {
  let start = 0;
  let end = value.length;
  while (start < end && (value[start] ?? 0) <= SPACE) start++;
  while (end > start && (value[end - 1] ?? 0) <= SPACE) end--;
  return value.slice(start, end);
}

/** A copy of the content of a quoted field: doubled quotes become single ones. */
function undouble(content: Uint8Array): Uint8Array {
  let isSecond = false;
  return content.filter((byte) => {
    isSecond = byte === QUOTE && !isSecond;
    return byte !== QUOTE || isSecond;
  });
}
