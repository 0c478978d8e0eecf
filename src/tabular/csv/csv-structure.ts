/** The record separator of a file, which is its first line break. */
export type Separator = '\n' | '\r\n' | '\r';

/** What separates the fields and the records of a file. */
export interface CsvDialect {
  /** The byte between fields. */
  readonly delimiter: number;
  readonly separator: Separator;
}

/** The structure of a CSV file, found in one pass over its bytes. Lines are 1-based. */
export interface CsvStructure extends CsvDialect {
  readonly fields: number;
  /** Number of records, including the first, without blank lines. */
  readonly records: number;
  /** Length of the longest record in bytes. */
  readonly longestRecordBytes: number;
  /** At least as many bytes as any 2,048 records in a row have, with what is between them. */
  readonly chunkBytes: number;
  /** End of the first record in bytes from the start of the file, without its separator. */
  readonly firstRecordEnd: number;
  /** Start of the first record: after a byte order mark, a `sep=` line and blank lines. */
  readonly firstRecordStart: number;
  /** The line of the first record. */
  readonly firstLine: number;
  readonly startsWithMark: boolean;
  /** Start of what is read: after a byte order mark and a `sep=` line. */
  readonly start: number;
  /** The first line that starts with `#`, or `null`. */
  readonly hashLine: number | null;
  readonly hashLines: number;
  readonly hasQuotes: boolean;
  readonly crInQuotes: boolean;
  /** Whether a separator other than LF occurs inside quotes. */
  readonly separatorInQuotes: boolean;
  /** The line of the quote that is still open at the end of the file, or `null`. */
  readonly openQuoteLine: number | null;
  /** For each field of a record: whether an unquoted value of that column starts or ends with white space, which is trimmed. */
  readonly trims: readonly boolean[];
  /** First line where a column has both such a value and a quoted one with outer white space, which is kept, or `null`. */
  readonly trimConflictLine: number | null;
  /** First line with white space between a quote and the border of its field, or `null`. */
  readonly blankAroundQuotesLine: number | null;
  /** First line with a quote inside an unquoted field or text after a closing quote, or `null`. */
  readonly strayQuoteLine: number | null;
  /** First line with anything else that the fast reader would misread, or `null`. */
  readonly unusualLine: number | null;
}

/** What a scan adds to as it goes, before it has seen anything. */
export const NOTHING_FOUND: Pick<
  CsvStructure,
  | (
      | 'fields'
      | 'start'
      | 'startsWithMark'
      | 'firstRecordStart'
      | 'firstRecordEnd'
      | 'firstLine'
      | 'hashLine'
      | 'hashLines'
    )
  | ('hasQuotes' | 'crInQuotes' | 'separatorInQuotes' | 'blankAroundQuotesLine' | 'strayQuoteLine' | 'unusualLine')
> = {
  ...{ fields: 0, start: 0, startsWithMark: false, firstRecordStart: 0, firstRecordEnd: 0, firstLine: 1 },
  ...{ hashLine: null, hashLines: 0, hasQuotes: false, crInQuotes: false, separatorInQuotes: false },
  ...{ blankAroundQuotesLine: null, strayQuoteLine: null, unusualLine: null },
};
