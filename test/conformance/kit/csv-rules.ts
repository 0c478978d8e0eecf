import type { TableSchema } from 'sealroom';
import { countLines, nullRuleOf, parseCsv } from './csv-text.ts';
import type { CsvRecord } from './csv-text.ts';
import { breaksNamingRule, normaliseHeader } from './header-rules.ts';

/** What of an input decides the differences in reading and writing CSV. */
export interface CsvInput {
  readonly schema: TableSchema;
  readonly csv: string;
  readonly inputNull?: string | null | undefined;
  readonly outputNull?: string | null | undefined;
  readonly preserveNulls: boolean;
}

/** The header record of an input, or `null` in a file without header row. */
function headersOf({ schema, csv }: CsvInput): readonly string[] | null {
  if (!schema.headerRow) return null;
  return (parseCsv(csv)[0]?.fields ?? []).map(({ text }) => text);
}

/** The data records of an input. */
export function dataRecordsOf(input: CsvInput): readonly CsvRecord[] {
  return parseCsv(input.csv).slice(input.schema.headerRow ? 1 : 0);
}

/** Whether two headers are equal once normalised: sealroom refuses the file. */
export function hasRepeatedSourceHeaders(input: CsvInput): boolean {
  const headers = (headersOf(input) ?? []).map(normaliseHeader).filter((header) => header !== '');
  return new Set(headers).size !== headers.length;
}

/** Whether a header breaks the naming rule, and the others are all that the schema needs. */
export function hasBadUnusedHeader(input: CsvInput): boolean {
  const headers = (headersOf(input) ?? []).map(normaliseHeader);
  const good = headers.filter((header) => !breaksNamingRule(header));
  return good.length < headers.length && input.schema.columns.every(({ sourceHeader }) => good.includes(sourceHeader));
}

/** What the lines that start with `#` do: how many rows they are, or that they make the file unreadable. */
export function readHashLines(input: CsvInput): { readonly rows: number; readonly isRefused: boolean } {
  const records = parseCsv(input.csv);
  const [first] = records;
  const hashes = records.filter(({ startsWithHash }) => startsWithHash);
  const isRefused =
    (input.schema.headerRow && first?.startsWithHash === true) ||
    hashes.some(({ fields }) => fields.length !== first?.fields.length);
  return { rows: hashes.length, isRefused };
}

/** The place of a column's source among the fields of a record. */
function sourceIndexOf(input: CsvInput, column: TableSchema['columns'][number]): number {
  const headers = headersOf(input);
  if (headers === null) return column.sourceIndex ?? 0;
  return headers.map(normaliseHeader).lastIndexOf(column.sourceHeader);
}

/** How many values of a column's source are null, lines that start with `#` included. */
export function countSourceNulls(input: CsvInput, column: TableSchema['columns'][number]): number {
  const source = sourceIndexOf(input, column);
  const valueOf = nullRuleOf(input.inputNull);
  return dataRecordsOf(input).filter(({ fields }) => {
    const field = fields[source];
    return field !== undefined && valueOf(field) === null;
  }).length;
}

/** How many rows of the output C3R loses, because they hold nothing but a null written as nothing. */
export function countLoneNulls(input: CsvInput): number {
  const [column, ...others] = input.schema.columns;
  if (column === undefined || others.length > 0 || (input.outputNull ?? '') !== '') return 0;
  if (column.kind !== 'cleartext' && !input.preserveNulls) return 0;
  const source = sourceIndexOf(input, column);
  const valueOf = nullRuleOf(input.inputNull);
  return dataRecordsOf(input).filter(({ fields, startsWithHash }) => {
    const field = fields[source];
    return !startsWithHash && field !== undefined && valueOf(field) === null;
  }).length;
}

/** How many lines sealroom's output has: one per record, and those that cleartext values break. */
export function linesOfOutput(input: CsvInput): number {
  const sources = input.schema.columns
    .filter(({ kind }) => kind === 'cleartext')
    .map((column) => sourceIndexOf(input, column));
  return dataRecordsOf(input).reduce(
    (lines, { fields }) => sources.reduce((sum, source) => sum + countLines(fields[source]?.text ?? ''), lines + 1),
    1,
  );
}
