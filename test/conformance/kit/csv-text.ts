/** A field of a CSV record. */
export interface CsvField {
  /** The content: of quoted fields what is inside, of others what is left after trimming. */
  readonly text: string;
  readonly isQuoted: boolean;
}

/** A record of a CSV file. */
export interface CsvRecord {
  readonly fields: readonly CsvField[];
  /** Whether the first character of its line is `#`, which is a comment for C3R. */
  readonly startsWithHash: boolean;
}

/** Which fields are null, and their text otherwise: the input null text of F-80. */
export type NullRule = (field: CsvField) => string | null;

function isBlank(character: string | undefined): boolean {
  return character !== undefined && character <= ' ';
}

/** Reads a text by F-74 to F-79, one character after the other: slow, and independent of the product. */
class CsvText {
  readonly #text: string;
  readonly #separator: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text.replace(/^\uFEFF/, '');
    this.#separator = /\r\n|\r|\n/.exec(this.#text)?.[0] ?? '\n';
  }

  records(): readonly CsvRecord[] {
    const records: CsvRecord[] = [];
    while (this.#at < this.#text.length) {
      const startsWithHash = this.#text[this.#at] === '#';
      const fields = this.#readRecord();
      const [first] = fields;
      const isEmptyLine = fields.length === 1 && first?.isQuoted === false && first.text === '';
      if (!isEmptyLine) records.push({ fields, startsWithHash });
    }
    return records;
  }

  #readRecord(): readonly CsvField[] {
    const fields = [this.#readField()];
    while (this.#text[this.#at] === ',') {
      this.#at++;
      fields.push(this.#readField());
    }
    this.#at += this.#text.startsWith(this.#separator, this.#at) ? this.#separator.length : 1;
    return fields;
  }

  /** A bare LF ends a record whatever the separator is; a CR that is none is white space. */
  #isEnd(): boolean {
    const character = this.#text[this.#at];
    return character === undefined || character === '\n' || this.#text.startsWith(this.#separator, this.#at);
  }

  #isFieldEnd(): boolean {
    return this.#text[this.#at] === ',' || this.#isEnd();
  }

  #readField(): CsvField {
    const start = this.#skipBlanks();
    if (this.#text[this.#at] === '"') {
      const content = this.#readQuoted();
      this.#skipBlanks();
      if (this.#isFieldEnd()) return { text: content, isQuoted: true };
    }
    while (!this.#isFieldEnd()) this.#at++;
    let end = this.#at;
    while (end > start && isBlank(this.#text[end - 1])) end--;
    return { text: this.#text.slice(start, end), isQuoted: false };
  }

  #skipBlanks(): number {
    while (!this.#isFieldEnd() && isBlank(this.#text[this.#at])) this.#at++;
    return this.#at;
  }

  /** The content up to the closing quote, or to the end of the file; the file's separator becomes LF. */
  #readQuoted(): string {
    let content = '';
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      if (this.#text[this.#at] === '"') {
        if (this.#text[this.#at + 1] !== '"') {
          this.#at++;
          break;
        }
        this.#at++;
      }
      content += this.#text[this.#at] ?? '';
    }
    return content.replaceAll(this.#separator, '\n');
  }
}

/** The records of a CSV text, the header included; blank lines are left out, lines that start with `#` are not. */
export function parseCsv(text: string): readonly CsvRecord[] {
  return new CsvText(text).records();
}

/** The null rule of an input null text; `null` and `undefined` if none is given. */
export function nullRuleOf(nullText: string | null | undefined): NullRule {
  const given = nullText ?? null;
  const isOnlyBlank = given !== null && given.trim() === '';
  const isOnlyQuotes = given?.trim() === '""';
  return ({ text, isQuoted }) => {
    if (text === '' && !isQuoted) return given === null || isOnlyBlank ? null : '';
    if (text === '' && isQuoted) return given === null || isOnlyQuotes ? null : '';
    return !isOnlyBlank && !isOnlyQuotes && text === given ? null : text;
  };
}

/** A field in a form that differs exactly where C3R's reader would see a difference under some null rule. */
export function fieldKey({ text, isQuoted }: CsvField): string {
  if (text !== '') return `=${text}`;
  return isQuoted ? 'empty' : 'nothing';
}

/** How many line breaks a text has. */
export function countLines(text: string): number {
  return text.split('\n').length - 1;
}
