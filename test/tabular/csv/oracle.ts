// The CSV dialect of docs/format.md, F-74 to F-79, read directly: slow, in steps, on text in which every byte is a
// character. It shares nothing with the product.

export interface OracleField {
  readonly text: string;
  readonly isQuoted: boolean;
}

export interface OracleTable {
  readonly records: readonly (readonly OracleField[])[];
  /** The lines where a record has another number of fields than the first. */
  readonly wrongLines: readonly number[];
}

/** What lies between two commas, before it is known what it means. */
// eslint-disable-next-line no-control-regex -- that control characters count as blanks is the rule
const FIELD = /[\0-\x09\x0b-\x20]*(?:"((?:[^"]|"")*)(?:"([\0-\x09\x0b-\x20]*)([^,\n]*)|$)|([^,\n]*))/y;

function trim(text: string): string {
  return text.replace(/^[\0-\x20]+|[\0-\x20]+$/g, '');
}

function readField(text: string, at: number): { readonly field: OracleField; readonly end: number } {
  FIELD.lastIndex = at;
  const match = FIELD.exec(text);
  if (match === null) throw new Error('every text has a field');
  const [whole, quoted, blank, after, unquoted] = match;
  const end = at + whole.length;
  if (quoted === undefined) return { field: { text: trim(unquoted ?? ''), isQuoted: false }, end };
  const content = quoted.replaceAll('""', '"');
  if (after === undefined || after === '') return { field: { text: content, isQuoted: true }, end };
  return { field: { text: trim(`"${content}"${blank ?? ''}${after}`), isQuoted: false }, end };
}

/** The records of a CSV text. */
export function readOracle(file: string): OracleTable {
  const text = file.replace(/^\xef\xbb\xbf/, '');
  const separator = /\r\n|\r|\n/.exec(text)?.[0] ?? '\n';
  const lines = text.replaceAll(separator, '\n');
  const records: OracleField[][] = [];
  const wrongLines: number[] = [];
  for (let at = 0; at < lines.length;) {
    const start = at;
    const record: OracleField[] = [];
    for (;;) {
      const { field, end } = readField(lines, at);
      record.push(field);
      at = end + 1;
      if (lines[end] !== ',') break;
      // A comma at the end of the file is followed by one more field.
    }
    if (trim(lines.slice(start, at)) === '') continue;
    if (records[0] !== undefined && records[0].length !== record.length)
      wrongLines.push(lines.slice(0, start).split('\n').length);
    records.push(record);
  }
  return { records, wrongLines };
}

/** The value of a field under an input null text, by F-80. */
export function oracleValue(field: OracleField, nullText: string | undefined): string | null {
  const isBlank = !field.isQuoted && field.text === '';
  const isQuotedEmpty = field.isQuoted && field.text === '';
  if (nullText === undefined) return isBlank || isQuotedEmpty ? null : field.text;
  if (trim(nullText) === '') return isBlank ? null : field.text;
  if (trim(nullText) === '""') return isQuotedEmpty ? null : field.text;
  return field.text === nullText ? null : field.text;
}
