import { countOf } from '../errors/index.ts';
import type { ColumnKind } from '../schema/index.ts';
import { type ColumnFigures, figuresOf } from './figures.ts';
import type { ValueStatistics } from './value-statistics.ts';
import { percent } from './words.ts';

/** A target column in a report, and its size. */
export interface TargetReport {
  readonly header: string;
  readonly kind: ColumnKind;
  /**
   * Bytes of its cells without separators: of all rows in the report of an encryption, and of the rows that were looked at in that of
   * a proposal. `null` if they were not measured.
   */
  readonly cellBytes: number | null;
}

/** What a source column shows, and what becomes of it. Counts and shares, never values. */
export interface ColumnReport {
  readonly column: string;
  readonly targets: readonly TargetReport[];
  /** The steps of its fingerprint column, and how many null texts it has. */
  readonly normalise: readonly string[];
  readonly nullTexts: number;
  /** Of the values as they are in the file. */
  readonly before: ColumnFigures;
  /** Of the values that are fingerprinted; `null` if they are not normalised, or were not seen. */
  readonly after: ColumnFigures | null;
  /** What keeps values from matching, and what shows in spite of a fingerprint; of fingerprint columns only. */
  readonly alarms: readonly string[];
}

/** The match-key report of a table. */
export interface MatchKeyReport {
  /** The rows that were looked at. */
  readonly rows: number;
  /** Whether these are all rows of the table; all figures are estimates otherwise. */
  readonly isWhole: boolean;
  /** Bytes of the encrypted rows that were looked at, as CSV or as cells without compression; `null` if not measured. */
  readonly outputBytes: number | null;
  /** What `outputBytes` counts: `csv` is exact, with header and separators; `cells` are the cells alone, uncompressed. */
  readonly outputUnit: 'csv' | 'cells';
  readonly columns: readonly ColumnReport[];
}

/** Below this, capitals and blanks are not worth a line. */
const MIN_SHARE = 0.01;
/** A most frequent value that occurs this often, and in this share of rows, can be found by frequency analysis. */
const MIN_TOP_SHARE = 0.01;
const MIN_TOP_ROWS = 10;
const MIN_STAND_OUT_SHARE = 0.2;
/** From here on, values look like e-mail addresses. */
const EMAIL_SHARE = 0.8;

function matchAlarms(figures: ColumnFigures, withAt: number): readonly string[] {
  const values = Math.max(figures.rows - figures.nulls, 1);
  const shareOf = (count: number): number => count / values;
  const capitals = shareOf(figures.capitals);
  const alarms: string[] = [];
  // A column of codes in capitals matches itself; one that mixes the two, or has addresses, does not.
  const isMixed = capitals >= MIN_SHARE && (capitals <= 1 - MIN_SHARE || shareOf(withAt) >= EMAIL_SHARE);
  if (isMixed) alarms.push(`${percent(capitals)} have capitals: values that differ in them do not match`);
  if (figures.outerBlanks > 0)
    alarms.push(`${percent(shareOf(figures.outerBlanks))} have blanks at their ends, which do not match`);
  if (figures.notNfc > 0) {
    alarms.push(
      `${percent(shareOf(figures.notNfc))} have accents that are composed in another way (no NFC), which do not match`,
    );
  }
  const noValues = figures.placeholders + figures.blanks;
  if (noValues > 1) alarms.push(`${countOf(noValues, 'placeholder')} or blank values match each other, across members`);
  return alarms;
}

function frequencyAlarms(figures: ColumnFigures): readonly string[] {
  const { rows, topShare, standOutShare } = figures;
  const alarms: string[] = [];
  if (topShare >= MIN_TOP_SHARE && topShare * rows >= MIN_TOP_ROWS) {
    alarms.push(`the most frequent value is ${percent(topShare)} of rows: frequency analysis finds it`);
  }
  if (standOutShare !== null && standOutShare >= MIN_STAND_OUT_SHARE && rows >= MIN_TOP_ROWS) {
    alarms.push(
      `${percent(standOutShare)} of rows have a value that occurs as often as no other: who knows the frequencies recognises them`,
    );
  }
  return alarms;
}

/** What {@link reportColumn} puts together. */
export interface ColumnReportParts {
  readonly column: string;
  readonly targets: readonly TargetReport[];
  readonly normalise: readonly string[];
  readonly nulls: readonly string[];
  readonly before: ValueStatistics;
  readonly after: ValueStatistics | null;
}

/** The report of a column. */
export function reportColumn({ column, targets, normalise, nulls, before, after }: ColumnReportParts): ColumnReport {
  const isKey = targets.some(({ kind }) => kind === 'fingerprint');
  const shown = figuresOf(after ?? before);
  // Until they have been applied, steps and null texts are taken to do what they are there for.
  const isUnseen = after === null && (normalise.length > 0 || nulls.length > 0);
  const alarms = [...(isUnseen ? [] : matchAlarms(shown, (after ?? before).withAt)), ...frequencyAlarms(shown)];
  return Object.freeze({
    column,
    targets,
    normalise,
    nullTexts: nulls.length,
    before: figuresOf(before),
    after: after === null ? null : shown,
    alarms: isKey ? alarms : [],
  });
}
