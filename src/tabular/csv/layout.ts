import { canDelimit, delimiterOption, DELIMITERS, describeDelimiter, TAB } from './delimiters.ts';
import type { CsvDialect } from './csv-structure.ts';
import { type CsvField, CsvRecordParser } from './record-parser.ts';
import { findFirstLineBreak } from './first-line-break.ts';
import { COMMA, MARK, startsWithMark } from './bytes.ts';

/** Most records that decide on the delimiter. */
const MOST_RECORDS = 20;
/** Bytes that are parsed at once. */
const PIECE_BYTES = 1 << 12;

/** What the caller knows about a file. */
export interface LayoutOptions {
  /** The delimiter, if it was given. */
  readonly delimiter: number | undefined;
  /** Whether the name of the file says that tabs separate its fields. */
  readonly isTsv: boolean;
  readonly headerRow: boolean;
  /** Without a header row: the number of columns that the schema has, if it is known. */
  readonly columns: number | undefined;
}

/** The start of a file. */
export interface FileStart {
  readonly bytes: Uint8Array;
  readonly isWhole: boolean;
}

/** How a file separates its fields. */
export interface CsvLayout {
  readonly delimiter: number;
  /** Bytes of the `sep=` line after a byte order mark, with its line break; 0 if there is none. */
  readonly sepBytes: number;
  /** What was found out, with the option that says otherwise. */
  readonly notes: readonly string[];
  /** If another delimiter fits the file better: in words, with the option for it. */
  readonly doubt: string | null;
}

/** The first records of a file under a delimiter. */
interface Sample {
  readonly records: readonly (readonly CsvField[])[];
  /** The number of fields that all of them have, or `null`. */
  readonly fields: number | null;
}

/**
 * Finds the delimiter by the option, the `sep=` line, the name of the file, or its first records. Where C3R could read the file, it is
 * the comma.
 */
//= format F-121
export function findLayout({ bytes, isWhole }: FileStart, options: LayoutOptions): CsvLayout {
  const text = startsWithMark(bytes) ? bytes.subarray(MARK.length) : bytes;
  const sep = findSepLine(text, options);
  const start = {
    bytes: text.subarray(sep?.bytes ?? 0),
    isWhole,
    separator: findFirstLineBreak(text)?.separator ?? '\n',
  };
  const samples = new Map<number, Sample>();
  const sampleOf = (delimiter: number): Sample => {
    const sample = samples.get(delimiter) ?? readSample(start, delimiter);
    samples.set(delimiter, sample);
    return sample;
  };
  const fits = (delimiter: number): boolean => canBe(sampleOf(delimiter), options);
  const { delimiter, notes } = choose(options, sep?.delimiter, sampleOf, fits);
  return { delimiter, sepBytes: sep?.bytes ?? 0, notes, doubt: describeDoubt(delimiter, sampleOf, fits) };
}

function choose(
  { delimiter, isTsv, headerRow, columns }: LayoutOptions,
  sep: number | undefined,
  sampleOf: (delimiter: number) => Sample,
  fits: (delimiter: number) => boolean,
): Pick<CsvLayout, 'delimiter' | 'notes'> {
  const otherwise = '`--delimiter` says otherwise';
  if (delimiter !== undefined) return { delimiter, notes: [] };
  if (sep !== undefined) {
    const words = describeDelimiter(sep);
    return { delimiter: sep, notes: [`fields are separated by ${words}, as its first line says (${otherwise})`] };
  }
  if (isTsv) return { delimiter: TAB, notes: [`fields are separated by tabs, as its name says (${otherwise})`] };
  const { fields } = sampleOf(COMMA);
  // INVARIANT: a file with a header row that C3R can encrypt is not read otherwise. If it has one column for C3R, the header of that
  // column contains what is found here, and C3R refuses such a header.
  const isForC3r = fields !== null && (headerRow || columns === undefined ? fields > 1 : fields === columns);
  if (isForC3r) return { delimiter: COMMA, notes: [] };
  const others = [...DELIMITERS.keys()].filter((other) => other !== COMMA && fits(other));
  const [other] = others;
  if (other === undefined || others.length > 1) return { delimiter: COMMA, notes: [] };
  return { delimiter: other, notes: [`fields are separated by ${describeDelimiter(other)} (${otherwise})`] };
}

/** Whether the first records of a file are those of a table under a delimiter. */
function canBe({ records, fields }: Sample, { headerRow, columns }: LayoutOptions): boolean {
  if (fields === null || fields < 2) return false;
  if (!headerRow) return columns === undefined || fields === columns;
  return (records[0] ?? []).every((field) => field !== null && field.length > 0);
}

/** Says which delimiter fits better, if the chosen one gives one column or records of different lengths. */
function describeDoubt(
  chosen: number,
  sampleOf: (delimiter: number) => Sample,
  fits: (delimiter: number) => boolean,
): string | null {
  if ((sampleOf(chosen).fields ?? 1) > 1) return null;
  const others = [...DELIMITERS.keys()].filter((other) => other !== chosen && fits(other));
  const [other] = others;
  if (other === undefined) return null;
  const words = others.map(describeDelimiter).join(' or ');
  return `its fields seem to be separated by ${words}: give \`${delimiterOption(other)}\``;
}

/**
 * Finds a line such as `sep=;`, with which a spreadsheet is told the delimiter, unless C3R would read it as the first row of the table.
 */
//= format F-122
function findSepLine(
  text: Uint8Array,
  { headerRow, columns }: LayoutOptions,
): { readonly delimiter: number; readonly bytes: number } | null {
  const [line, quote, character] =
    /^("?)sep=(.)\1(?:\r\n|\r|\n)/i.exec(Buffer.from(text.subarray(0, 16)).toString('latin1')) ?? [];
  const delimiter = character?.charCodeAt(0) ?? 0;
  if (line === undefined || !canDelimit(delimiter)) return null;
  const fields = delimiter === COMMA && quote === '' ? 2 : 1;
  return headerRow || columns !== fields ? { delimiter, bytes: line.length } : null;
}

function readSample(
  { bytes, isWhole, separator }: FileStart & Pick<CsvDialect, 'separator'>,
  delimiter: number,
): Sample {
  const parser = new CsvRecordParser({ delimiter, separator }, true);
  const records: (readonly CsvField[])[] = [];
  for (let at = 0; at < bytes.length && records.length < MOST_RECORDS; at += PIECE_BYTES) {
    records.push(...parser.push(bytes.subarray(at, at + PIECE_BYTES)));
  }
  if (isWhole && records.length < MOST_RECORDS) records.push(...parser.end());
  records.splice(MOST_RECORDS);
  const fields = records[0]?.length ?? null;
  return { records, fields: records.every((record) => record.length === fields) ? fields : null };
}
