/** The record separator of a file: what its first line break is. */
export type Separator = '\n' | '\r\n' | '\r';

/** What one reading of a CSV file's bytes shows about its structure. Lines are 1-based. */
export interface CsvStructure {
  readonly separator: Separator;
  readonly fields: number;
  /** Records, the first one included, blank lines excluded. */
  readonly records: number;
  /** Length of the longest record in bytes. */
  readonly longestRecordBytes: number;
  /** End of the first record in bytes from the start of the file, its separator excluded. */
  readonly firstRecordEnd: number;
  /** Start of the first record: after a byte order mark and blank lines. */
  readonly firstRecordStart: number;
  readonly startsWithMark: boolean;
  /** The first line that starts with `#`, or `null`. */
  readonly hashLine: number | null;
  readonly hashLines: number;
  readonly hasQuotes: boolean;
  readonly crInQuotes: boolean;
  /** A separator other than LF stands inside quotes. */
  readonly separatorInQuotes: boolean;
  /** The line of the quote that is still open at the end of the file, or `null`. */
  readonly openQuoteLine: number | null;
  /** Per field of a record: an unquoted value of that column begins or ends with white space, which is trimmed. */
  readonly trims: readonly boolean[];
  /** First line of a column where such a value and a quoted one with white space at its ends (kept) meet, or `null`. */
  readonly trimConflictLine: number | null;
  /** First line with white space between a quote and its field's border, or `null`. */
  readonly blankAroundQuotesLine: number | null;
  /** First line with a quote inside an unquoted field or text after a closing quote, or `null`. */
  readonly strayQuoteLine: number | null;
  /** First line with anything else that the fast reader would read differently, or `null`. */
  readonly unusualLine: number | null;
}
