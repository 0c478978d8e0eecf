/**
 * Where sealroom knowingly differs from C3R, and why. Each expectation that is not what C3R did follows one of these rules,
 * from what the case itself holds; where a rule is decided is said beside it.
 */
export const DIFFERENCES = {
  lookalikes: {
    clause: 'F-49, F-50',
    rule: 'text with `enc:` at its fourth byte is cleartext unless it starts with `02:enc:` or `01:enc:`, or with two other digits, `:enc:` and the Base64 of a sealed cell',
    reason: 'C3R cannot decrypt a table with such a text in any cleartext column',
    decidedIn: 'cell-rules.ts',
  },
  legacyCells: {
    clause: 'F-55',
    rule: 'a `01:enc:` cell that is authentic under its own prefix opens',
    reason: 'C3R 3 cannot read what C3R 1 and 2 wrote',
    decidedIn: 'cell-rules.ts',
  },
  strictPads: {
    clause: 'F-73',
    rule: 'a pad without a type, and a pad length with a fraction, are refused',
    reason: 'C3R takes them and then fails, or cuts the fraction off',
    decidedIn: 'schema-rules.ts',
  },
  schemaDialect: {
    clause: 'F-69',
    rule: 'a schema file is JSON with comments, single quotes and unquoted names; `=` for `:`, `;` for `,` and unquoted texts are refused',
    reason: 'habits of one JSON library that nobody documents',
    decidedIn: 'schema-rules.ts',
  },
  repeatedSourceHeaders: {
    clause: 'F-67',
    rule: 'an input with two headers that are equal once normalised is refused on encryption',
    reason: 'C3R takes the last column and loses the others without a word',
    decidedIn: 'csv-rules.ts',
  },
  repeatedHeaders: {
    clause: 'F-68',
    rule: 'columns of equal headers keep their own values on decryption',
    reason: 'C3R writes the last column’s values into all of them',
    decidedIn: 'csv-rules.ts',
  },
  unusedHeaders: {
    clause: 'F-67',
    rule: 'a header that breaks the naming rule is refused only if the schema uses it',
    reason: 'C3R refuses the whole file for a column that is left out',
    decidedIn: 'csv-rules.ts',
  },
  hashLines: {
    clause: 'F-77',
    rule: 'a line that starts with `#` is data: one row more per such line; before the first record it is the header, and it must have as many fields as the others',
    reason: 'C3R drops such rows without a word',
    decidedIn: 'csv-rules.ts',
  },
  loneNulls: {
    clause: 'F-81',
    rule: 'in a table of one column a null is written as `""`',
    reason: 'C3R writes an empty line there, or none, and its reader skips it: the row is lost',
    decidedIn: 'csv-rules.ts',
  },
  trueMaximum: {
    clause: 'F-43',
    rule: 'pad max is measured over the whole column, and over its encoded nulls where there is nothing else: such a column is padded to that plus the pad length',
    reason:
      'C3R measures as it goes and fails on columns that begin with nulls, or pads columns of nulls to the pad length alone',
    decidedIn: 'pad-rules.ts',
  },
  nativeTypes: {
    clause: 'F-90',
    rule: 'values that were sealed with a type come back in Parquet with that type, nulls included',
    reason: 'C3R writes their big-endian bytes into a text column, and fails on null decimals',
    decidedIn: 'file-rules.ts',
  },
  unreadColumns: {
    clause: 'F-51, F-87',
    rule: 'numbers are never cells, and a column of a type that C3R cannot copy is copied',
    reason: 'C3R takes some integers for cells, and fails on fixed-length bytes',
    decidedIn: 'file-rules.ts',
  },
  zonedNanoseconds: {
    clause: 'F-87',
    rule: 'a Parquet column of nanoseconds with the UTC flag is refused where it is used',
    reason: 'the engine reads it in microseconds and would drop digits',
    decidedIn: 'file-rules.ts',
  },
  fewestDigits: {
    clause: 'F-86',
    rule: 'a DOUBLE or FLOAT has the fewest digits that read back as the same number',
    reason: 'Java before 19 prints more digits for some numbers, and versions differ',
    decidedIn: 'number-rules.ts',
  },
} as const satisfies Readonly<Record<string, Difference>>;

/** One way in which sealroom knowingly differs from C3R. */
export interface Difference {
  /** The clauses of docs/format.md that say so. */
  readonly clause: string;
  readonly rule: string;
  readonly reason: string;
  /** The file of this folder that decides whether a case falls under the rule. */
  readonly decidedIn: string;
}

/** The name of one of {@link DIFFERENCES}. */
export type DifferenceName = keyof typeof DIFFERENCES;
