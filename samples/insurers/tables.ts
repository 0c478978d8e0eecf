import { formatCents, roundAmount } from './amounts.ts';
import type { Claim, Customer, Insurers } from './model.ts';
import { SHARED_CLAIM_COLUMNS } from './truth.ts';
import type { Truth } from './truth.ts';

/** One file of the sample. */
export interface SampleFile {
  /** Relative to `samples/insurers`, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** Lays out everything the generator makes: each insurer's tables under its own headers, and the expected results. */
export function layOutFiles({ brightfen, tannhof }: Insurers, truth: Truth): SampleFile[] {
  return [
    { path: 'brightfen/customers.csv', text: toCsv(brightfen.customers, BRIGHTFEN_CUSTOMERS) },
    { path: 'brightfen/claims.csv', text: toCsv(brightfen.claims, BRIGHTFEN_CLAIMS) },
    { path: 'tannhof/customers.csv', text: toCsv(tannhof.customers, TANNHOF_CUSTOMERS) },
    { path: 'tannhof/claims.csv', text: toCsv(tannhof.claims, TANNHOF_CLAIMS) },
    {
      path: 'expected/filed-with-both.csv',
      text: toCsv(
        truth.sharedClaims,
        SHARED_CLAIM_COLUMNS.map((header) => ({ header, value: (row) => row[header] })),
      ),
    },
    {
      path: 'expected/totals-per-region.csv',
      text: toCsv(truth.totals, [
        { header: 'region', value: (row) => row.region },
        { header: 'incidents', value: (row) => String(row.incidents) },
        { header: 'tannhof_eur', value: (row) => String(row.tannhofEur) },
      ]),
    },
  ];
}

interface CsvColumn<Row> {
  readonly header: string;
  readonly value: (row: Row) => string | null;
}

const BRIGHTFEN_CUSTOMERS: readonly CsvColumn<Customer>[] = [
  { header: 'customer_id', value: (row) => row.customerId },
  { header: 'full_name', value: (row) => row.fullName },
  { header: 'email', value: (row) => row.email },
  { header: 'phone', value: (row) => row.phone },
  { header: 'phone_e164', value: (row) => row.phoneE164 },
  { header: 'birth_date', value: (row) => row.birthDate },
  { header: 'region', value: (row) => row.region },
  { header: 'customer_since', value: (row) => row.since },
];

const TANNHOF_CUSTOMERS: readonly CsvColumn<Customer>[] = [
  { header: 'Policyholder No', value: (row) => row.customerId },
  { header: 'Name', value: (row) => row.fullName },
  { header: 'Born', value: (row) => row.birthDate },
  { header: 'Region', value: (row) => row.region },
  { header: 'E_Mail', value: (row) => row.email },
  { header: 'Mobile', value: (row) => row.phone },
  { header: 'Mobile E164', value: (row) => row.phoneE164 },
];

const BRIGHTFEN_CLAIMS: readonly CsvColumn<Claim>[] = [
  { header: 'claim_id', value: (row) => row.claimId },
  { header: 'customer_id', value: (row) => row.customerId },
  { header: 'police_report', value: (row) => row.incidentNo },
  { header: 'incident_date', value: (row) => row.incidentDate },
  { header: 'region', value: (row) => row.region },
  { header: 'category', value: (row) => row.category },
  { header: 'amount', value: (row) => formatCents(row.amountCents) },
  { header: 'amount_rounded', value: (row) => formatRounded(row.amountCents) },
  { header: 'note', value: (row) => row.note },
];

const TANNHOF_CLAIMS: readonly CsvColumn<Claim>[] = [
  { header: 'Claim No', value: (row) => row.claimId },
  { header: 'Incident No', value: (row) => row.incidentNo },
  { header: 'Incident Date', value: (row) => row.incidentDate },
  { header: 'Policyholder No', value: (row) => row.customerId },
  { header: 'Kind', value: (row) => row.category },
  { header: 'Region', value: (row) => row.region },
  { header: 'Loss', value: (row) => formatCents(row.amountCents) },
  { header: 'Loss Rounded', value: (row) => formatRounded(row.amountCents) },
  { header: 'Remarks', value: (row) => row.note },
];

function formatRounded(cents: number | null): string | null {
  const rounded = roundAmount(cents);
  return rounded === null ? null : String(rounded);
}

function toCsv<Row>(rows: readonly Row[], columns: readonly CsvColumn<Row>[]): string {
  const header = columns.map((column) => quoteField(column.header)).join(',');
  const lines = rows.map((row) => columns.map((column) => quoteField(column.value(row))).join(','));
  return [header, ...lines, ''].join('\n');
}

/** RFC 4180: a field with a comma, a quote or a line break is quoted, quotes inside are doubled; null is nothing. */
function quoteField(value: string | null): string {
  if (value === null) return '';
  return /[",\r\n]/u.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
