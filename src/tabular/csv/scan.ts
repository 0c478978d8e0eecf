import { SealroomError } from '../../errors/index.ts';
import type { CsvStructure, Separator } from './csv-structure.ts';
import { encodingError, fieldCountError, requireShortRecord } from './errors.ts';
import { RecordLengths } from './record-lengths.ts';
import { createStopFinder, MAX_CHUNK_BYTES } from './stops.ts';
import { Utf8Check } from './utf8-check.ts';
import { COMMA, CR, HASH_SIGN, LF, QUOTE, SPACE } from './bytes.ts';

/** The byte order mark. */
const MARK = [0xef, 0xbb, 0xbf];

// States of the scan. A record starts in FIELD_START with no field counted.
const FIELD_START = 0;
const BLANK_START = 1;
const UNQUOTED = 2;
const QUOTED = 3;
const QUOTE_IN_QUOTED = 4;
const BLANK_AFTER_QUOTED = 5;

const NEEDS_TRIM = 1;
const KEEPS_BLANKS = 2;

/**
 * Reads the bytes of a CSV file once, in order, and finds its structure: it checks that they are UTF-8 and that all records
 * have as many fields as the first, and finds out which of the two readers gives exactly the reference's values. It
 * extracts no values; the readers do that.
 */
export class CsvScanner {
  readonly #file: string;
  #separator: Separator | null = null;
  #state = FIELD_START;
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
  /** The last byte of the field's content, and whether the quoted field has any content. */
  #last = 0;
  #quotedEmpty = true;
  #pendingCr = false;
  readonly #text = new Utf8Check();
  readonly #findStops = createStopFinder();
  #fields = 0;
  readonly #lengths = new RecordLengths();
  #firstStart = 0;
  #firstEnd = 0;
  #mark = false;
  #hashLine: number | null = null;
  #hashLines = 0;
  #hasQuotes = false;
  #crInQuotes = false;
  #separatorInQuotes = false;
  readonly #edges: number[] = [];
  #trimConflict: number | null = null;
  #blankAroundQuotes: number | null = null;
  #strayQuote: number | null = null;
  #unusual: number | null = null;

  /** @param file the name in errors */
  constructor(file: string) {
    this.#file = file;
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
    this.#refuseMalformed(this.#text.push(chunk, this.#separator === '\r' ? CR : LF));
    this.#held = new Uint8Array(bytes.subarray(settled));
    this.#scan(bytes.subarray(0, settled));
  }

  /** How many bytes can be scanned whatever follows: a byte order mark may be split, and the first line break too. */
  #settledLength(bytes: Uint8Array): number {
    if (this.#base === 0 && bytes.length < MARK.length && bytes[0] === MARK[0]) return 0;
    if (this.#separator !== null) return bytes.length;
    const first = bytes.findIndex((byte) => byte === LF || byte === CR);
    if (first === -1) return bytes.length;
    if (bytes[first] === CR && first + 1 === bytes.length) return first;
    this.#separator = bytes[first] === LF ? '\n' : bytes[first + 1] === LF ? '\r\n' : '\r';
    return bytes.length;
  }

  #scan(chunk: Uint8Array): void {
    let from = 0;
    if (this.#base === 0 && MARK.every((byte, at) => chunk[at] === byte)) {
      this.#mark = true;
      this.#base = this.#recordStart = from = MARK.length;
    }
    for (; from < chunk.length; from += MAX_CHUNK_BYTES) this.#scanPiece(chunk.subarray(from, from + MAX_CHUNK_BYTES));
  }

  #scanPiece(piece: Uint8Array): void {
    let from = 0;
    for (const stop of this.#findStops(piece)) {
      if (stop > from) this.#skip(piece, from, stop);
      const byte = piece[stop] ?? 0;
      // The end of a plain field, inlined because it is most of the work.
      if (byte === COMMA && this.#state === UNQUOTED && this.#last > SPACE && !this.#pendingCr) {
        this.#field++;
        this.#state = FIELD_START;
      } else this.#step(byte, this.#base + stop);
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
    if (this.#state === FIELD_START && first > SPACE && first !== HASH_SIGN && !this.#pendingCr) {
      this.#recordIsBlank = false;
      this.#last = piece[end - 1] ?? 0;
      this.#state = UNQUOTED;
      return;
    }
    let at = from;
    while (this.#pendingCr || (this.#state !== UNQUOTED && this.#state !== QUOTED)) {
      this.#step(piece[at] ?? 0, this.#base + at);
      if (++at === end) return;
    }
    if (this.#quotedEmpty && this.#state === QUOTED) this.#startQuotedContent(piece[at] ?? 0);
    this.#last = piece[end - 1] ?? 0;
  }

  /**
   * Ends the file.
   *
   * @throws {SealroomError} DATA_HEADER if it has no record at all; DATA_ENCODING, DATA_FIELDS as in `push`.
   */
  end(): CsvStructure {
    this.#refuseMalformed(this.#text.end());
    this.#separator ??= this.#held[0] === CR ? '\r' : '\n';
    this.#scan(this.#held);
    const openQuoteLine = this.#state === QUOTED ? this.#quoteLine : null;
    if (this.#pendingCr) {
      this.#unusual ??= this.#line;
      this.#consume(SPACE, this.#base);
    }
    if (this.#state !== FIELD_START || this.#field > 0) this.#endRecord(this.#base);
    if (this.#lengths.records === 0) {
      throw new SealroomError('DATA_HEADER', 'the file is empty', {
        where: { file: this.#file },
      });
    }
    return {
      separator: this.#separator,
      fields: this.#fields,
      records: this.#lengths.records,
      longestRecordBytes: this.#lengths.longest,
      chunkBytes: this.#lengths.chunkBytes(this.#base),
      firstRecordStart: this.#firstStart,
      firstRecordEnd: this.#firstEnd,
      startsWithMark: this.#mark,
      hashLine: this.#hashLine,
      hashLines: this.#hashLines,
      hasQuotes: this.#hasQuotes,
      crInQuotes: this.#crInQuotes,
      separatorInQuotes: this.#separatorInQuotes,
      openQuoteLine,
      trims: Array.from({ length: this.#fields }, (_, field) => ((this.#edges[field] ?? 0) & NEEDS_TRIM) !== 0),
      trimConflictLine: this.#trimConflict,
      blankAroundQuotesLine: this.#blankAroundQuotes,
      strayQuoteLine: this.#strayQuote,
      unusualLine: this.#unusual,
    };
  }

  //= format F-74
  #refuseMalformed(linesBefore: number | null): void {
    if (linesBefore === null) return;
    throw encodingError({ file: this.#file, line: this.#line + linesBefore });
  }

  #step(byte: number, offset: number): void {
    if (this.#pendingCr) {
      this.#pendingCr = false;
      if (byte === LF && this.#separator === '\r\n') {
        this.#endLine(offset, 2);
        return;
      }
      // A CR that does not end a line is white space.
      this.#unusual ??= this.#line;
      this.#consume(SPACE, offset);
    }
    if (byte !== CR || this.#state === QUOTED) this.#consume(byte, offset);
    else if (this.#separator === '\r') this.#endLine(offset, 1);
    else this.#pendingCr = true;
  }

  #consume(byte: number, offset: number): void {
    if (byte === 0) this.#unusual ??= this.#line;
    if (byte === LF && this.#state !== QUOTED) {
      if (this.#separator !== '\n') this.#unusual ??= this.#line;
      this.#endLine(offset, 1);
      return;
    }
    switch (this.#state) {
      case FIELD_START:
      case BLANK_START:
        if (byte === COMMA) this.#endField();
        else if (byte === QUOTE) this.#startQuoted();
        else if (byte <= SPACE) this.#state = BLANK_START;
        else this.#startUnquoted(byte);
        return;
      case UNQUOTED:
        if (byte === COMMA) this.#endField();
        else {
          if (byte === QUOTE) {
            this.#hasQuotes = true;
            this.#strayQuote ??= this.#line;
          }
          this.#last = byte;
        }
        return;
      case QUOTED:
        if (byte === QUOTE) this.#state = QUOTE_IN_QUOTED;
        else this.#quotedContent(byte);
        return;
      case QUOTE_IN_QUOTED:
      case BLANK_AFTER_QUOTED:
        if (byte === COMMA) this.#endField();
        else if (byte === QUOTE && this.#state === QUOTE_IN_QUOTED) {
          this.#quotedEmpty = false;
          this.#last = QUOTE;
          this.#state = QUOTED;
        } else if (byte <= SPACE) this.#state = BLANK_AFTER_QUOTED;
        else {
          this.#strayQuote ??= this.#line;
          this.#last = byte;
          this.#state = UNQUOTED;
        }
        return;
    }
  }

  #startUnquoted(byte: number): void {
    if (byte === HASH_SIGN && this.#field === 0 && this.#state === FIELD_START) {
      this.#hashLine ??= this.#line;
      this.#hashLines++;
    }
    if (this.#state === BLANK_START) this.#markEdge(NEEDS_TRIM);
    this.#recordIsBlank = false;
    this.#last = byte;
    this.#state = UNQUOTED;
  }

  #startQuoted(): void {
    if (this.#state === BLANK_START) this.#blankAroundQuotes ??= this.#line;
    this.#hasQuotes = true;
    this.#quoteLine = this.#line;
    this.#quotedEmpty = true;
    this.#recordIsBlank = false;
    this.#state = QUOTED;
  }

  #startQuotedContent(byte: number): void {
    this.#quotedEmpty = false;
    if (byte <= SPACE) this.#markEdge(KEEPS_BLANKS);
  }

  /** A line break or a NUL inside quotes. */
  #quotedContent(byte: number): void {
    if (this.#quotedEmpty) this.#startQuotedContent(byte);
    if (byte === CR) this.#crInQuotes = true;
    if (byte === LF) {
      if (this.#separator === '\r\n' && this.#last === CR) this.#separatorInQuotes = true;
      if (this.#separator !== '\r') this.#line++;
    } else if (byte === CR && this.#separator === '\r') {
      this.#separatorInQuotes = true;
      this.#line++;
    }
    this.#last = byte;
  }

  #endField(): void {
    this.#closeField();
    this.#field++;
    this.#recordIsBlank = false;
    this.#state = FIELD_START;
  }

  #closeField(): void {
    switch (this.#state) {
      case BLANK_START:
        this.#markEdge(NEEDS_TRIM);
        return;
      case UNQUOTED:
        if (this.#last <= SPACE) this.#markEdge(NEEDS_TRIM);
        return;
      case BLANK_AFTER_QUOTED:
        this.#blankAroundQuotes ??= this.#line;
        if (!this.#quotedEmpty && this.#last <= SPACE) this.#markEdge(KEEPS_BLANKS);
        return;
      case QUOTE_IN_QUOTED:
        if (!this.#quotedEmpty && this.#last <= SPACE) this.#markEdge(KEEPS_BLANKS);
        return;
    }
  }

  #markEdge(edge: number): void {
    const edges = (this.#edges[this.#field] ?? 0) | edge;
    this.#edges[this.#field] = edges;
    if (edges === (NEEDS_TRIM | KEEPS_BLANKS)) this.#trimConflict ??= this.#line;
  }

  /** @param breakBytes the length of the line break whose last byte is at `offset` */
  #endLine(offset: number, breakBytes: number): void {
    this.#endRecord(offset + 1 - breakBytes);
    this.#line++;
    this.#recordLine = this.#line;
    this.#recordStart = offset + 1;
    this.#field = 0;
    this.#recordIsBlank = true;
    this.#state = FIELD_START;
  }

  #endRecord(end: number): void {
    if (this.#recordIsBlank) {
      // The fast reader skips an empty line of a table with several columns, and only after the first record.
      if (this.#lengths.records === 0 || this.#fields === 1 || this.#state !== FIELD_START)
        this.#unusual ??= this.#recordLine;
      return;
    }
    this.#closeField();
    const fields = this.#field + 1;
    if (this.#lengths.records === 0) {
      this.#fields = fields;
      this.#firstStart = this.#recordStart;
      this.#firstEnd = end;
    } else if (fields !== this.#fields) this.#refuseRecord(fields);
    this.#lengths.add(this.#recordStart, end);
  }

  //= format F-79
  #refuseRecord(fields: number): never {
    throw fieldCountError(
      { file: this.#file, line: this.#recordLine },
      { expected: this.#fields, got: fields },
      this.#state === QUOTED ? this.#quoteLine : null,
    );
  }
}
