import { countOf } from '../errors/index.ts';
import type { ColumnKind } from './column-kind.ts';
import type { ColumnSchema } from './column.ts';
import type { ColumnProfile, ValueShape } from './column-profile.ts';
import { NO_NORMALISATION } from '../normalise/index.ts';
import { addSuffix, findHeaderProblem, legalHeader, unusedHeader } from './header.ts';
import type { SourceHeader, Header } from './header.ts';
import type { Pad } from './pad.ts';
import type { SourceColumn, SourceTable } from './source-column.ts';
import type { TableSchema } from './table-schema.ts';
import { createTableSchema, printTableSchema } from './table-schema.ts';

/** The proposal for a source column, and why. `left-out` means no target column. */
export interface ColumnAdvice {
  readonly column: SourceColumn;
  readonly kind: ColumnKind | 'left-out';
  /** One line. It mentions counts and shapes, never values. */
  readonly reason: string;
  /** One line on what this choice, or its alternative, would reveal; or `null`. */
  readonly warning: string | null;
}

/** The proposal for a whole table. */
export interface SchemaDraft {
  /** `null` if every column was left out. */
  readonly schema: TableSchema | null;
  /** One entry per source column that can be named, in file order. */
  readonly advice: readonly ColumnAdvice[];
}

/** With fewer values than this, repetition says nothing. */
const MIN_VALUES_FOR_REPETITION = 20;

/** A column with at most this many distinct values, each occurring five times on average, is a category. */
const MAX_CATEGORIES = 100;
const MIN_CATEGORY_REPETITION = 5;

const IDENTIFIER_SHARE = 0.8;
const TYPE_SHARE = 0.95;
const UNIQUE_SHARE = 0.95;

/** Matches anywhere: sealing one column too many does no harm. */
const PERSONAL_NAME =
  /name|address|street|city|phone|mobile|birth|passport|note|comment|(^|[_ -])(dob|ssn|iban|ip|zip|postcode|lat|lon)([_ -]|$)/;
/** Matches whole words only, because a measure becomes cleartext. */
const MEASURE_NAME =
  /(^|[_ -])(amount|price|total|sum|spend|revenue|cost|quantity|qty|count|clicks|views|score|rate|percent|weight|age|salary|income)([_ -]|$)/;
const IDENTIFIER_NAME = /(^|[_ -])(id|key|account|customer|member|user|card)([_ -]|$)/;

const MAX_PAD: Pad = Object.freeze({ kind: 'max', lengthBytes: 0 });

/** A choice before the collaboration's settings and the column's type are considered. */
interface Choice {
  readonly kind: ColumnKind;
  readonly reason: string;
  readonly warning?: string;
}

const PERSONAL: Choice = { kind: 'sealed', reason: 'personal data, judging by its header' };

/** The facts that the rules use, derived from the profile. */
interface Facts {
  readonly profile: ColumnProfile;
  readonly values: number;
  readonly isUnique: boolean;
  readonly isCategory: boolean;
  share(...shapes: readonly ValueShape[]): number;
}

function stateFacts(profile: ColumnProfile): Facts {
  const { distinct, shapes } = profile;
  const values = profile.rows - profile.nulls;
  const repetition = distinct === 0 ? 0 : values / distinct;
  return {
    profile,
    values,
    isUnique: values > 0 && distinct / values >= UNIQUE_SHARE,
    isCategory:
      values >= MIN_VALUES_FOR_REPETITION && distinct <= MAX_CATEGORIES && repetition >= MIN_CATEGORY_REPETITION,
    share: (...wanted) => wanted.reduce((sum, shape) => sum + shapes[shape], 0) / Math.max(values, 1),
  };
}

function adviseIdentifier(facts: Facts, what: string): Choice {
  const { distinct } = facts.profile;
  if (facts.isUnique) {
    return { kind: 'fingerprint', reason: `${what}, nearly all different: members can join on it` };
  }
  return {
    kind: 'fingerprint',
    reason: `${what}: members can join on it`,
    warning: `${countOf(facts.values, 'value')}, ${String(distinct)} different: equal fingerprints show how often each occurs`,
  };
}

function adviseCategory(facts: Facts): Choice {
  const { distinct } = facts.profile;
  return {
    kind: 'cleartext',
    reason: `only ${countOf(distinct, 'different value')}: grouping and filtering need cleartext`,
    warning: `frequency analysis breaks a fingerprint of it (${countOf(distinct, 'different value')}); seal it if it is confidential`,
  };
}

function adviseNumber(facts: Facts, isInteger: boolean): Choice {
  const { header } = facts.profile.column;
  if (isInteger && facts.isUnique && !MEASURE_NAME.test(header)) return adviseIdentifier(facts, 'whole numbers');
  if (PERSONAL_NAME.test(header)) return PERSONAL;
  if (facts.isCategory) return adviseCategory(facts);
  if (IDENTIFIER_NAME.test(header)) return adviseIdentifier(facts, 'an identifier, judging by its header');
  return {
    kind: 'cleartext',
    reason: 'a numeric measure: sums and averages need cleartext',
    warning: 'the members and the query runner can read it; seal it if it is confidential',
  };
}

function adviseDate(facts: Facts): Choice {
  if (PERSONAL_NAME.test(facts.profile.column.header)) return PERSONAL;
  return {
    kind: 'cleartext',
    reason: 'dates: grouping and filtering by time need cleartext',
    warning: 'exact dates can identify people when combined with other cleartext columns; seal it if they are personal',
  };
}

function adviseText(facts: Facts): Choice {
  const { header } = facts.profile.column;
  if (facts.share('email') >= IDENTIFIER_SHARE) return adviseIdentifier(facts, 'e-mail addresses');
  if (facts.share('phone') >= IDENTIFIER_SHARE) return adviseIdentifier(facts, 'phone numbers');
  if (facts.share('date') >= TYPE_SHARE) return adviseDate(facts);
  if (PERSONAL_NAME.test(header) && facts.share('integer') < TYPE_SHARE) return PERSONAL;
  if (facts.share('integer', 'number') >= TYPE_SHARE) return adviseNumber(facts, facts.share('integer') >= TYPE_SHARE);
  if (facts.isCategory) return adviseCategory(facts);
  if (facts.isUnique && facts.share('code') >= IDENTIFIER_SHARE) return adviseIdentifier(facts, 'codes');
  if (IDENTIFIER_NAME.test(header)) return adviseIdentifier(facts, 'an identifier, judging by its header');
  return { kind: 'sealed', reason: 'free text: it can be opened again, and its length is hidden' };
}

function choose(facts: Facts): Choice {
  if (facts.values === 0) return { kind: 'sealed', reason: 'no values in the sampled rows' };
  switch (facts.profile.column.content) {
    case 'text':
      return adviseText(facts);
    case 'integer':
    case 'number':
      return adviseNumber(facts, facts.profile.column.content === 'integer');
    case 'date':
      return adviseDate(facts);
    case 'boolean':
      return adviseCategory(facts);
    case 'other':
      return { kind: 'sealed', reason: 'its type says nothing about its content' };
  }
}

/** The nearest choice that the collaboration's settings and the column's type allow. */
function advise(profile: ColumnProfile, allowCleartext: boolean): ColumnAdvice {
  const { column } = profile;
  if (!column.kinds.includes('sealed')) {
    const reason = 'its type cannot be protected';
    const warning = allowCleartext ? 'add it as cleartext if everyone may read it' : null;
    return { column, kind: 'left-out', reason, warning };
  }
  const { kind, reason, warning = null } = choose(stateFacts(profile));
  if (kind === 'cleartext' && !allowCleartext) {
    return { column, kind: 'sealed', reason: 'the collaboration forbids cleartext', warning };
  }
  if (!column.kinds.includes(kind)) {
    return { column, kind: 'sealed', reason: `its type does not allow a ${kind} column`, warning: null };
  }
  return { column, kind, reason, warning };
}

/** An unused target header: with the usual suffix, without it, or with a number. */
function pickTarget(source: SourceHeader, kind: ColumnKind, used: ReadonlySet<string>): Header {
  const legal = legalHeader(source);
  const isSuffixable = findHeaderProblem(legal + '_'.repeat('_fingerprint'.length)) === null;
  return unusedHeader(isSuffixable ? addSuffix(legal, kind) : legal, used);
}

function draftColumns(advice: readonly ColumnAdvice[], headerRow: boolean): readonly ColumnSchema[] {
  const used = new Set<string>();
  return advice.flatMap(({ column, kind }) => {
    if (kind === 'left-out') return [];
    const targetHeader = pickTarget(column.header, kind, used);
    used.add(targetHeader);
    const sourceIndex = headerRow ? null : column.index;
    const names = { sourceHeader: column.header, sourceIndex, targetHeader, ...NO_NORMALISATION };
    return [Object.freeze(kind === 'sealed' ? { kind, ...names, pad: MAX_PAD } : { kind, ...names })];
  });
}

/**
 * Proposes a table schema from facts about a table's columns: identifiers become fingerprints, free and personal text is
 * sealed at one length, categories, dates and measures stay cleartext where the collaboration allows it.
 *
 * A person must check the proposal: it is based on headers and shapes, and cannot know what is confidential. Everyone who
 * sees the encrypted table can read its cleartext columns. `profiles` has one entry per column of `table`.
 */
export function suggestSchema(
  table: SourceTable,
  profiles: readonly ColumnProfile[],
  options: { readonly allowCleartext: boolean },
): SchemaDraft {
  const advice = profiles.map((profile) => Object.freeze(advise(profile, options.allowCleartext)));
  const columns = draftColumns(advice, table.headerRow);
  const { headerRow, sourceCount } = table;
  const schema = columns.length === 0 ? null : createTableSchema({ headerRow, sourceCount, columns });
  return Object.freeze({ schema, advice: Object.freeze(advice) });
}

/** The JSON text of a drafted schema, with the reason for each column in its `COMMENT`. */
export function printDraft(schema: TableSchema, advice: readonly ColumnAdvice[]): string {
  const reasons = new Map(advice.map(({ column, reason }) => [column.header, reason]));
  return printTableSchema(schema, ({ sourceHeader }) => reasons.get(sourceHeader));
}
