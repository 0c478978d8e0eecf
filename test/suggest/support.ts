import { expect } from 'vitest';
import { encodeUtf8 } from '#src/bytes/index';
import type { ColumnAdvice, ColumnProfile, SchemaDraft, SourceField } from 'sealroom/schema';
import { COLUMN_KINDS, profileColumn, readSourceTable, suggestSchema } from 'sealroom/schema';

/** The values of a column as text. */
export type Values = readonly (string | null)[];

/** A column of text, or of another type. */
export function field(name: string, part: Partial<SourceField> = {}): SourceField {
  return { name, content: 'text', kinds: COLUMN_KINDS, ...part };
}

export const OPAQUE = { content: 'other', kinds: ['cleartext'] } as const;
export const NO_FINGERPRINT = ['sealed', 'cleartext'] as const;

/** Values made by number. */
export function repeat(length: number, value: (index: number) => string | null): Values {
  return Array.from({ length }, (_, index) => value(index));
}

/** The profile of one column of text. */
export function profileOf(values: Values, source: SourceField = field('a'), maxDistinct?: number): ColumnProfile {
  const [column] = readSourceTable([source], true).columns;
  if (column === undefined) return expect.fail('expected a column, got none');
  const profiler = profileColumn(column, maxDistinct);
  for (const value of values) profiler.add(value === null ? null : encodeUtf8(value));
  return profiler.finish();
}

/** Options of a proposal, all of which have a default. */
export interface Setup {
  readonly allowCleartext?: boolean;
  readonly headerRow?: boolean;
  readonly country?: string;
}

/** A proposal for columns with their values. */
export function suggest(columns: readonly (readonly [SourceField, Values])[], setup: Setup = {}): SchemaDraft {
  const { allowCleartext = true, headerRow = true, country } = setup;
  const table = readSourceTable(
    columns.map(([source]) => source),
    headerRow,
  );
  const profiles = table.columns.map((column) => {
    const profiler = profileColumn(column);
    for (const value of columns[column.index]?.[1] ?? []) profiler.add(value === null ? null : encodeUtf8(value));
    return profiler.finish();
  });
  return suggestSchema(table, profiles, { allowCleartext, country });
}

/** The proposal for one column. */
export function adviseOn(source: SourceField, values: Values, setup: Setup = {}): ColumnAdvice {
  const [advice] = suggest([[source, values]], setup).advice;
  return advice ?? expect.fail('expected advice, got none');
}
