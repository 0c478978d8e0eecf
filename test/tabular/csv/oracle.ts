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

/** White space, but for the delimiter. */
const BLANK = '[\\0-\\x09\\x0b-\\x20]';

/** What lies between two delimiters, before it is known what it means. */
interface Patterns {
  readonly quoted: RegExp;
  /** A field that is not quoted and ends with a line of the file: LF is a character like others. */
  readonly open: RegExp;
  /** The last one of the file, in which LF ends a record. */
  readonly last: RegExp;
}

/** Stands for the file's separator once it is found. */
const BREAK = '\ue000';

function patternsFor(delimiter: string): Patterns {
  const d = delimiter === '\t' ? '\\t' : `\\${delimiter}`;
  const blank = `(?:(?!${d})${BLANK})*`;
  return {
    quoted: new RegExp(`${blank}"((?:[^"]|"")*)(?:"(${blank})([^${d}\n${BREAK}]*)|$)`, 'y'),
    open: new RegExp(`${blank}(?:(?=[${d}\n${BREAK}])|([^${d}${BREAK}]*)(?=[${d}${BREAK}]))`, 'y'),
    last: new RegExp(`${blank}([^${d}\n${BREAK}]*)`, 'y'),
  };
}

function trim(text: string): string {
  return text.replace(/^[\0-\x20]+|[\0-\x20]+$/g, '');
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function readField(
  text: string,
  at: number,
  { quoted, open, last }: Patterns,
): { readonly field: OracleField; readonly end: number } {
  const match = matchAt(quoted, text, at);
  if (match === null) {
    const unquoted = matchAt(open, text, at) ?? matchAt(last, text, at);
    if (unquoted === null) throw new Error('every text has a field');
    return { field: { text: trim(unquoted[1] ?? ''), isQuoted: false }, end: at + unquoted[0].length };
  }
  const [whole, inside = '', blank, after] = match;
  const end = at + whole.length;
  const content = inside.replaceAll('""', '"').replaceAll(BREAK, '\n');
  // A quote is the last character of the file.
  if (after === undefined && inside === '') return { field: { text: '"', isQuoted: false }, end };
  if (after === undefined || after === '') return { field: { text: content, isQuoted: true }, end };
  return { field: { text: trim(`"${content}"${blank ?? ''}${after}`), isQuoted: false }, end };
}

/** The records of a CSV text. */
export function readOracle(file: string, delimiter = ','): OracleTable {
  const mark = file.startsWith('\xef\xbb\xbf');
  const text = mark ? file.slice(3) : file;
  const separator = /\r\n|\r|\n/.exec(text)?.[0] ?? '\n';
  // A CR at the end of the file comes too late for the LF of a field before it.
  const body = separator === '\r' && text.endsWith('\r') ? text.slice(0, -1) : text;
  const lines = body.replaceAll(separator, BREAK) + (body === text ? '' : '\n');
  const patterns = patternsFor(delimiter);
  const records: OracleField[][] = [];
  const wrongLines: number[] = [];
  let leavesText = false;
  for (let at = 0; at < lines.length;) {
    const start = at;
    const record: OracleField[] = [];
    let end: number;
    let fieldStart: number;
    for (;;) {
      fieldStart = at;
      const found = readField(lines, at, patterns);
      record.push(found.field);
      end = found.end;
      at = end + 1;
      if (lines[end] !== delimiter) break;
      // A delimiter at the end of the file is followed by one more field.
    }
    const isBlank = record.length === 1 && record[0]?.isQuoted === false && record[0].text === '';
    // White space at the end of the file is a record of one field, if the table has one column.
    const isLast = end >= lines.length && end > start && (records[0]?.length ?? 1) === 1;
    if (isBlank && !isLast) continue;
    if (isBlank && leavesText) record.splice(0, 1, { text: '', isQuoted: true });
    const last = trim(lines.slice(fieldStart, end));
    const isPlain = /^[\0-\x20]*"[^"\ue000]+"$/.test(lines.slice(fieldStart, end));
    leavesText = last.startsWith('"') && !(isPlain && (separator === '\n' || lines[end] === '\n'));
    if (records[0] !== undefined && records[0].length !== record.length)
      wrongLines.push(lines.slice(0, start).split(/[\n\ue000]/).length);
    records.push(record);
  }
  if (mark && text === '') records.push([{ text: '', isQuoted: false }]);
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
