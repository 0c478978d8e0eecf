import { isUtf8 } from 'node:buffer';
import { basename } from 'node:path';
import { concatBytes, decodeUtf8 } from '../../bytes/index.ts';
import type { Field } from '../../columns/index.ts';
import type { ByteSource } from '../../files/index.ts';
import { HASH_SIGN, MARK, SPACE, startsWithMark } from './bytes.ts';
import type { CsvDialect, Separator } from './csv-structure.ts';
import { parseDelimiter } from './delimiters.ts';
import { openText } from './encoding.ts';
import { findFirstLineBreak } from './first-line-break.ts';
import { type FileStart, findLayout } from './layout.ts';
import { type NullRule, nullRuleOf } from './null-rules.ts';
import { type CsvField, CsvRecordParser } from './record-parser.ts';

/** Bytes of a file's start that are enough to find out what it is. */
const START_BYTES = 1 << 20;
/** The most columns of a table whose lines are split without a scan before. */
const MOST_COLUMNS = 1024;

/** How a CSV file is read. */
export interface CsvReadOptions {
  /** Whether the first record holds the headers; without them columns are named `_c0`, `_c1`, ... */
  readonly headerRow: boolean;
  /** Without headers: the number of columns that the schema has, if it is known. */
  readonly columns?: number | undefined;
  /** The input null text, or several; see {@link nullRuleOf}. */
  readonly nullText?: string | readonly string[] | undefined;
  /** The delimiter; see {@link parseDelimiter}. Default: it is found out (format F-121). */
  readonly delimiter?: string | undefined;
  /** A label of the Encoding Standard. Default: by the byte order mark, otherwise UTF-8. */
  readonly encoding?: string | undefined;
  /** Whether the name of the file says that tabs separate its fields. */
  readonly isTsv?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A CSV file whose start was read: what it takes to split its lines without a scan of the whole file. */
export interface CsvStart {
  readonly kind: 'start';
  /** Its bytes; whoever has the start closes it. */
  readonly source: ByteSource;
  readonly fields: readonly Field[];
  readonly delimiter: number;
  readonly separator: Exclude<Separator, '\r'>;
  /** The place of the first record that is no header, in bytes from the start of the file; of the first one, if there are several. */
  readonly dataStart: number;
  /** The files with its rows, in their order: one, or those of a folder or pattern. No record goes on in the next file. */
  readonly files: readonly CsvFile[];
  readonly nullRule: NullRule;
  /** What was found out about how it is to be read, each with the option that says otherwise. */
  readonly notes: readonly string[];
}

/** A file of a table, and the place of its first record that is no header. */
interface CsvFile {
  readonly source: ByteSource;
  readonly dataStart: number;
}

/** A table whose lines cannot be split so. */
export interface NoCsvStart {
  readonly kind: 'none';
  /** Why, in words that follow a colon. */
  readonly reason: string;
}

/**
 * Reads the start of a CSV file: its delimiter, what ends its lines, and its headers. The rest of it may still be irregular; whoever
 * splits its lines finds out.
 *
 * @throws {SealroomError} DATA_ENCODING, USAGE_OPTION, IO_READ, IO_ABORTED as `openCsv`.
 */
export async function readCsvStart(file: ByteSource, options: CsvReadOptions): Promise<CsvStart | NoCsvStart> {
  const { headerRow, columns, isTsv = false, signal } = options;
  const delimiter = options.delimiter === undefined ? undefined : parseDelimiter(options.delimiter);
  const start = await readStart(file, signal);
  const text = openText(file, start.bytes, options.encoding);
  if (text.source !== file) return none('text that is not UTF-8');
  const layout = findLayout(start, { delimiter, isTsv, headerRow, columns });
  const markBytes = startsWithMark(start.bytes) ? MARK.length : 0;
  const first = start.bytes.subarray(markBytes + layout.sepBytes);
  const lineBreak = findFirstLineBreak(start.bytes.subarray(markBytes));
  if (lineBreak === null || lineBreak.isOpen) return none('a start without a line break');
  const { separator } = lineBreak;
  if (separator === '\r') return none('lines that end with CR');
  const record = readRecord(first, { delimiter: layout.delimiter, separator });
  if (record === null || !isUtf8(first.subarray(0, record.end))) return none('an unusual first record');
  if (record.fields.length > MOST_COLUMNS) return none(`more than ${String(MOST_COLUMNS)} columns`);
  const headers = headerRow
    ? record.fields.map((field) => (field === null ? '' : decodeUtf8(field).replaceAll(separator, '\n')))
    : record.fields.map((_, index) => `_c${String(index)}`);
  const dataStart = markBytes + layout.sepBytes + (headerRow ? record.end : 0);
  return {
    kind: 'start',
    source: file,
    fields: headers.map((name) => ({ name, type: { kind: 'string' } })),
    delimiter: layout.delimiter,
    separator,
    dataStart,
    files: [{ source: file, dataStart }],
    nullRule: nullRuleOf(options.nullText),
    notes: [...text.notes, ...layout.notes].map((note) => `${basename(file.name)}: ${note}`),
  };
}

function none(reason: string): NoCsvStart {
  return { kind: 'none', reason };
}

/** Reads the first megabyte of a file, and what comes with it. */
export async function readStart(source: ByteSource, signal: AbortSignal | undefined): Promise<FileStart> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of source.chunks(signal)) {
    parts.push(chunk.slice(0, START_BYTES - bytes));
    bytes += chunk.length;
    if (bytes > START_BYTES) return { bytes: concatBytes(parts), isWhole: false };
  }
  return { bytes: concatBytes(parts), isWhole: true };
}

/** The first record of a text, untrimmed, and where its line ends; `null` if it begins with `#` or white space, or the text ends before it does. */
function readRecord(
  text: Uint8Array,
  dialect: CsvDialect,
): { readonly fields: readonly CsvField[]; readonly end: number } | null {
  const [first = 0] = text;
  if (first === HASH_SIGN || first <= SPACE) return null;
  const parser = new CsvRecordParser(dialect, false);
  for (let at = 0; at < text.length; at++) {
    const [fields] = parser.push(text.subarray(at, at + 1));
    if (fields !== undefined) return { fields, end: at + 1 };
  }
  return null;
}
