import { type CsvStructure, NOTHING_FOUND, type Separator } from './csv-structure.ts';
import { emptyFile, encodingError, fieldCountError, requireShortRecord } from './errors.ts';
import { FieldEdges } from './field-edges.ts';
import { findFirstLineBreak } from './first-line-break.ts';
import { RecordLengths } from './record-lengths.ts';
import { createStopFinder, MAX_CHUNK_BYTES, type StopFinder } from './stops.ts';
import { Utf8Check, type Utf8Fault } from './utf8-check.ts';
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
import { CR, HASH_SIGN, LF, MARK, QUOTE, SPACE, startsWithMark } from './bytes.ts';

/** What is known of a file before it is scanned. */
export interface ScanOptions {
  readonly delimiter: number;
  /** Bytes of a `sep=` line after the byte order mark, with its line break; 0 if there is none. */
  readonly sepBytes: number;
}

/**
 * Reads the bytes of a CSV file once, in order, and finds its structure: it checks that they are UTF-8 and that all records
 * have as many fields as the first, and finds out which of the two readers gives exactly the reference's values. It
 * extracts no values; the readers do that.
 */
export class CsvScanner extends CsvMachine {
  readonly #file: string;
  readonly #sepBytes: number;
  #knowsSeparator = false;
  /** Bytes whose meaning depends on the next ones. */
  #held: Uint8Array = new Uint8Array(0);
  /** Number of bytes of the file before those being scanned. */
  #base = 0;
  #line = 1;
  #recordLine = 1;
  #recordStart = 0;
  #field = 0;
  #recordIsBlank = true;
  #quoteLine = 0;
  /** The line of the first LF of an unquoted field. */
  #lfLine = 0;
  /** The last byte of the field's content, and whether the quoted field has any content. */
  #last = 0;
  #quotedEmpty = true;
  readonly #text = new Utf8Check();
  /** After DATA_ENCODING: the line that is not UTF-8. */
  faultyLine: Uint8Array = new Uint8Array(0);
  readonly #findStops: StopFinder;
  readonly #lengths = new RecordLengths();
  readonly #found: { -readonly [Fact in keyof typeof NOTHING_FOUND]: (typeof NOTHING_FOUND)[Fact] } = {
    ...NOTHING_FOUND,
  };
  readonly #edges = new FieldEdges();

  /** @param file the name in errors */
  constructor(file: string, { delimiter, sepBytes }: ScanOptions) {
    super(delimiter, '\n');
    this.#file = file;
    this.#sepBytes = sepBytes;
    this.#findStops = createStopFinder(delimiter);
  }

  /** The line of the first record, if it starts with `#`. */
  get hashHeaderLine(): number | null {
    return this.#found.hashLine === this.#found.firstLine ? this.#found.hashLine : null;
  }

  /**
   * Scans the next bytes of the file.
   *
   * @throws {SealroomError} DATA_ENCODING if they are not UTF-8, DATA_FIELDS if a record does not have as many fields as the
   *   first, DATA_LENGTH if one is too long; all name the line.
   */
  push(chunk: Uint8Array): void {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const settled = this.#settledLength(bytes);
    this.#refuseMalformed(this.#text.push(chunk, this.separator === '\r' ? CR : LF));
    this.#held = new Uint8Array(bytes.subarray(settled));
    this.#scan(bytes.subarray(0, settled));
  }

  /** How many bytes can be scanned whatever follows: a byte order mark may be split, and the first line break too. */
  #settledLength(bytes: Uint8Array): number {
    if (this.#base === 0 && bytes.length < MARK.length + this.#sepBytes) {
      if (bytes[0] === MARK[0] || this.#sepBytes > 0) return 0;
    }
    return this.#findSeparator(bytes) ?? bytes.length;
  }

  /** Finds the first line break. Returns its place if what follows decides what it is. */
  #findSeparator(bytes: Uint8Array): number | null {
    const first = this.#knowsSeparator ? null : findFirstLineBreak(bytes);
    if (first === null) return null;
    this.separator = first.separator;
    this.#knowsSeparator = !first.isOpen;
    return first.isOpen ? first.at : null;
  }

  #scan(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const from = this.#base === 0 ? this.#skipStart(chunk) : 0;
    for (let at = from; at < chunk.length; at += MAX_CHUNK_BYTES)
      this.#scanPiece(chunk.subarray(at, at + MAX_CHUNK_BYTES));
  }

  /** Skips what comes before the first record, and returns its length. */
  #skipStart(chunk: Uint8Array): number {
    this.#found.startsWithMark = startsWithMark(chunk);
    this.#found.start = (this.#found.startsWithMark ? MARK.length : 0) + this.#sepBytes;
    if (this.#sepBytes > 0) this.#recordLine = ++this.#line;
    this.#base = this.#recordStart = this.#found.start;
    return this.#found.start;
  }

  #scanPiece(piece: Uint8Array): void {
    let from = 0;
    for (const stop of this.#findStops(piece)) {
      if (stop > from) this.#skip(piece, from, stop);
      const byte = piece[stop] ?? 0;
      // The end of a plain field, inlined because it is most of the work.
      if (
        byte === this.delimiter &&
        this.state === UNQUOTED &&
        this.#last > SPACE &&
        !this.heldCr &&
        !this.keepsBytes
      ) {
        this.#field++;
        this.state = FIELD_START;
      } else {
        this.offset = this.#base + stop;
        this.step(byte);
      }
      from = stop + 1;
    }
    if (from < piece.length) this.#skip(piece, from, piece.length);
    this.#base += piece.length;
    requireShortRecord({ file: this.#file, line: this.#recordLine }, this.#base - this.#recordStart, this.#field + 1);
  }

  /** Skips content without structure; its first bytes matter until it is known what they belong to. */
  #skip(piece: Uint8Array, from: number, end: number): void {
    const first = piece[from] ?? 0;
    // The start of a plain field, as above.
    if (this.state === FIELD_START && first > SPACE && first !== HASH_SIGN && !this.heldCr) {
      this.#recordIsBlank = false;
      this.#last = piece[end - 1] ?? 0;
      this.state = UNQUOTED;
      return;
    }
    let at = from;
    while (this.heldCr || (this.state !== UNQUOTED && this.state !== QUOTED && this.state !== TEXT_AFTER_QUOTED)) {
      this.offset = this.#base + at;
      this.step(piece[at] ?? 0);
      if (++at === end) return;
    }
    if (this.keepsBytes) this.keep(piece.subarray(at, end));
    if (this.#quotedEmpty && this.state === QUOTED) this.#startQuotedContent(piece[at] ?? 0);
    this.#last = piece[end - 1] ?? 0;
  }

  /**
   * Ends the file.
   *
   * @throws {SealroomError} DATA_HEADER if it has no record at all; DATA_ENCODING, DATA_FIELDS as in `push`.
   */
  end(): CsvStructure {
    this.#refuseMalformed(this.#text.end());
    this.#findSeparator(this.#held);
    this.#scan(this.#held);
    this.offset = this.#base;
    this.finish();
    const openQuoteLine = this.state === QUOTED ? this.#quoteLine : null;
    this.#endLastRecord();
    if (this.#lengths.records === 0) throw emptyFile(this.#file);
    return {
      delimiter: this.delimiter,
      separator: this.separator,
      ...this.#found,
      records: this.#lengths.records,
      longestRecordBytes: this.#lengths.longest,
      chunkBytes: this.#lengths.chunkBytes(this.#base),
      openQuoteLine,
      trims: this.#edges.trims(this.#found.fields),
      trimConflictLine: this.#edges.conflictLine,
    };
  }

  #endLastRecord(): void {
    const hasNoRecord = this.#lengths.records === 0;
    //= format F-77
    const isBlankRecord = this.state === BLANK_START && this.#field === 0 && (hasNoRecord || this.#found.fields === 1);
    // Kept for compatibility with C3R: a byte order mark alone is a record, too.
    if (isBlankRecord || (hasNoRecord && this.#found.startsWithMark && this.#base === MARK.length)) {
      this.#found.unusualLine ??= this.#recordLine;
      this.#recordIsBlank = false;
    } else if (this.state === FIELD_START && this.#field === 0) return;
    this.#endRecord(this.#base);
  }

  //= format F-74
  #refuseMalformed(fault: Utf8Fault | null): void {
    if (fault === null) return;
    this.faultyLine = fault.line;
    throw encodingError({ file: this.#file, line: this.#line + fault.linesBefore });
  }

  protected override onContent(byte: number, before: FieldState): void {
    if (byte === 0) this.#found.unusualLine ??= this.#line;
    if ((byte === CR || byte === LF) && before !== QUOTED) this.#unusualBreak(byte);
    switch (this.state) {
      case UNQUOTED:
        if (before !== UNQUOTED) this.#startUnquoted(byte, before);
        else if (byte === QUOTE) {
          this.#found.hasQuotes = true;
          this.#found.strayQuoteLine ??= this.#line;
        }
        this.#last = byte;
        return;
      case QUOTED:
        if (before < QUOTED) this.#startQuoted(before);
        else if (before === QUOTED) this.#quotedContent(byte);
        else {
          this.#quotedEmpty = false;
          this.#last = QUOTE;
        }
        return;
      case TEXT_AFTER_QUOTED:
        this.#found.strayQuoteLine ??= this.#line;
        this.#last = byte;
        return;
      case FIELD_START:
      case BLANK_START:
      case QUOTE_IN_QUOTED:
      case BLANK_AFTER_QUOTED:
        return;
    }
  }

  /** A line break outside quotes that does not end a record. */
  #unusualBreak(byte: number): void {
    this.#found.unusualLine ??= this.#line;
    if (byte === CR) return;
    if (!this.keepsBytes) this.#lfLine = this.#line;
    if (this.separator !== '\r') this.#line++;
  }

  #startUnquoted(byte: number, before: FieldState): void {
    if (byte === HASH_SIGN && this.#field === 0 && before === FIELD_START) {
      this.#found.hashLine ??= this.#line;
      this.#found.hashLines++;
    }
    if (before === BLANK_START) this.#edges.addTrimmed(this.#field, this.#line);
    this.#recordIsBlank = false;
  }

  #startQuoted(before: FieldState): void {
    if (before === BLANK_START) this.#found.blankAroundQuotesLine ??= this.#line;
    this.#found.hasQuotes = true;
    this.#quoteLine = this.#line;
    this.#quotedEmpty = true;
    this.#recordIsBlank = false;
  }

  #startQuotedContent(byte: number): void {
    this.#quotedEmpty = false;
    if (byte <= SPACE) this.#edges.addKept(this.#field, this.#line);
  }

  /** A line break, a delimiter or a NUL inside quotes. */
  #quotedContent(byte: number): void {
    if (this.#quotedEmpty) this.#startQuotedContent(byte);
    if (byte === CR) this.#found.crInQuotes = true;
    if (byte === LF) {
      if (this.separator === '\r\n' && this.#last === CR) this.#found.separatorInQuotes = true;
      if (this.separator !== '\r') this.#line++;
    } else if (byte === CR && this.separator === '\r') {
      this.#found.separatorInQuotes = true;
      this.#line++;
    }
    this.#last = byte;
  }

  protected override onField(): void {
    this.#closeField();
    this.#field++;
    this.#recordIsBlank = false;
  }

  #closeField(): void {
    switch (this.state) {
      case BLANK_START:
        this.#edges.addTrimmed(this.#field, this.#line);
        return;
      case UNQUOTED:
        if (this.#last <= SPACE) this.#edges.addTrimmed(this.#field, this.#line);
        return;
      case BLANK_AFTER_QUOTED:
      case QUOTE_IN_QUOTED:
        if (this.state === BLANK_AFTER_QUOTED) this.#found.blankAroundQuotesLine ??= this.#line;
        if (!this.#quotedEmpty && this.#last <= SPACE) this.#edges.addKept(this.#field, this.#line);
        return;
      case FIELD_START:
      case QUOTED:
      case TEXT_AFTER_QUOTED:
        return;
    }
  }

  protected override onCut(): void {
    this.#line = this.#lfLine;
  }

  protected override onLine(lineBreak: Separator): void {
    if (lineBreak !== this.separator) this.#found.unusualLine ??= this.#line;
    this.#endRecord(this.offset + 1 - lineBreak.length);
    this.#line++;
    this.#recordLine = this.#line;
    this.#recordStart = this.offset + 1;
    this.#field = 0;
    this.#recordIsBlank = true;
  }

  #endRecord(end: number): void {
    if (this.#recordIsBlank) {
      // The fast reader skips an empty line of a table with several columns, and only after the first record.
      if (this.#lengths.records === 0 || this.#found.fields === 1 || this.state !== FIELD_START)
        this.#found.unusualLine ??= this.#recordLine;
      return;
    }
    this.#closeField();
    const fields = this.#field + 1;
    if (this.#lengths.records === 0) {
      this.#found.fields = fields;
      this.#found.firstRecordStart = this.#recordStart;
      this.#found.firstRecordEnd = end;
      this.#found.firstLine = this.#recordLine;
    } else if (fields !== this.#found.fields) this.#refuseRecord(fields);
    this.#lengths.add(this.#recordStart, end);
  }

  //= format F-79
  #refuseRecord(fields: number): never {
    throw fieldCountError(
      { file: this.#file, line: this.#recordLine },
      { expected: this.#found.fields, got: fields },
      this.delimiter,
      this.state === QUOTED ? this.#quoteLine : null,
    );
  }
}
