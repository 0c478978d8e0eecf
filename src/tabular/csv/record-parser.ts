import { concatBytes } from '../../bytes/index.ts';
import {
  BLANK_AFTER_QUOTED,
  BLANK_START,
  CsvMachine,
  FIELD_START,
  type FieldState,
  QUOTE_IN_QUOTED,
  QUOTED,
  TEXT_AFTER_QUOTED,
  UNQUOTED,
} from './csv-machine.ts';
import type { CsvDialect, Separator } from './csv-structure.ts';
import { LF, QUOTE, SPACE } from './bytes.ts';

/** The value of a field; `null` for an empty one without quotes, which is not the same as `""`. */
export type CsvField = Uint8Array | null;

/** Initial size of the buffer of a field; it grows. */
const FIELD_BYTES = 1 << 12;

/**
 * Reads the records of a CSV file as the dialect defines them: blank lines are skipped, fields are trimmed, a quote in the
 * middle of a field and text after its closing quote are part of its value, and an open quote is closed at the end of the file.
 */
export class CsvRecordParser extends CsvMachine {
  readonly #trims: boolean;
  #hasQuote = false;
  /** The field so far, with its quotes. */
  #bytes = new Uint8Array(FIELD_BYTES);
  #length = 0;
  /** The end of the field's closing quote. */
  #closed = 0;
  /** The field's length at its first LF, if it is not quoted. */
  #lfAt: number | null = null;
  #record: CsvField[] = [];
  #ready: (readonly CsvField[])[] = [];
  /** The most fields that a record had. */
  #fields = 0;
  /** Whether the last field was quoted in a way that makes C3R take blanks at the end of the file for an empty text, not for a null. */
  #leavesText = false;

  /** @param trims whether unquoted fields are trimmed, as all but headers are */
  constructor({ delimiter, separator }: CsvDialect, trims: boolean) {
    super(delimiter, separator);
    this.#trims = trims;
  }

  /** The records that end in the next bytes of the file, which can be split anywhere. */
  push(chunk: Uint8Array): readonly (readonly CsvField[])[] {
    for (const byte of chunk) {
      this.step(byte);
      this.offset++;
    }
    return this.#takeReady();
  }

  /** Ends the file: the last record, if it did not end with a line break. */
  end(): readonly (readonly CsvField[])[] {
    this.finish();
    //= format F-77
    const isBlankRecord = this.state === BLANK_START && this.#record.length === 0;
    if (!isBlankRecord && (this.#record.length > 0 || this.state !== FIELD_START)) this.#endRecord();
    else if (isBlankRecord && this.#fields <= 1) this.#ready.push([this.#leavesText ? new Uint8Array(0) : null]);
    return this.#takeReady();
  }

  #takeReady(): readonly (readonly CsvField[])[] {
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  protected override onContent(byte: number, before: FieldState): void {
    switch (this.state) {
      case UNQUOTED:
        if (before !== UNQUOTED && this.#trims) this.#length = 0;
        if (byte === QUOTE) this.#hasQuote = true;
        if (byte === LF) this.#lfAt ??= this.#length;
        break;
      case QUOTED:
        if (before < QUOTED) this.#length = 0;
        break;
      case BLANK_AFTER_QUOTED:
      case TEXT_AFTER_QUOTED:
        if (before === QUOTE_IN_QUOTED) this.#closed = this.#length;
        break;
      case FIELD_START:
      case BLANK_START:
      case QUOTE_IN_QUOTED:
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

  protected override onCut(): void {
    this.#length = this.#lfAt ?? this.#length;
  }

  protected override onField(): void {
    this.#record.push(this.#readField());
    this.#length = 0;
    this.#hasQuote = false;
    this.#lfAt = null;
  }

  protected override onLine(lineBreak: Separator): void {
    //= format F-77
    const isBlank = this.state <= BLANK_START && this.#record.length === 0;
    if (!isBlank) {
      this.#leavesText = this.state > UNQUOTED && !(lineBreak === '\n' && this.#isPlainlyQuoted());
      this.#endRecord();
    }
    this.#length = 0;
  }

  /** Whether the field is a text between quotes, without other quotes and without the file's separator. */
  #isPlainlyQuoted(): boolean {
    if (this.state !== QUOTE_IN_QUOTED || this.#length === 2) return false;
    const content = this.#bytes.subarray(1, this.#length - 1);
    return !content.includes(QUOTE) && !Buffer.from(content).includes(this.separator);
  }

  #endRecord(): void {
    this.onField();
    this.#fields = Math.max(this.#fields, this.#record.length);
    this.#ready.push(this.#record);
    this.#record = [];
  }

  #readField(): CsvField {
    const field = this.#bytes.subarray(0, this.#length);
    switch (this.state) {
      case FIELD_START:
      case BLANK_START:
        return this.#trims || field.length === 0 ? null : field.slice();
      case QUOTED:
        //= format F-78
        return field.length === 1 ? field.slice() : undouble(field.subarray(1));
      case QUOTE_IN_QUOTED:
        return undouble(field.subarray(1, -1));
      case BLANK_AFTER_QUOTED:
        return undouble(field.subarray(1, this.#closed - 1));
      case TEXT_AFTER_QUOTED: {
        // The quotes are part of the value.
        const content = undouble(field.subarray(1, this.#closed - 1));
        return trim(concatBytes([Uint8Array.of(QUOTE), content, field.subarray(this.#closed - 1)]));
      }
      case UNQUOTED:
        return this.#trims || this.#hasQuote ? trim(field) : field.slice();
    }
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
