import { type NormaliseStep, parseStep } from '../normalise/index.ts';
import {
  type ColumnKind,
  type ColumnSchema,
  createTableSchema,
  type Header,
  legalHeader,
  MAX_TARGET_COLUMNS,
  type Pad,
  printTableSchema,
  type SourceColumn,
  type SourceTable,
  suffixedHeader,
  type TableSchema,
  unusedHeader,
} from '../schema/index.ts';
import { choose } from './choose.ts';
import { stateFacts } from './column-facts.ts';
import type { ColumnProfile } from './column-profile.ts';
import { type CountryGuess, guessCountry } from './country.ts';
import { MIN_PLACEHOLDERS, PLACEHOLDER_WORDS } from './placeholders.ts';
import { percent } from './words.ts';

/** The proposal for a source column, and why. */
export interface ColumnAdvice {
  readonly column: SourceColumn;
  /** What the column holds, in a word or two. */
  readonly what: string;
  /** The kinds of its target columns, in order; empty if it is left out. */
  readonly kinds: readonly ColumnKind[];
  /** One line. It mentions counts and shapes, never values. */
  readonly reason: string;
  /** Lines on what this choice, or its alternative, would reveal, and on what is not sure. */
  readonly warnings: readonly string[];
  /** The steps for its fingerprint column. */
  readonly normalise: readonly NormaliseStep[];
  /** Placeholders that become null in its fingerprint column. */
  readonly nulls: readonly string[];
}

/** The proposal for a whole table. */
export interface SchemaDraft {
  /** `null` if every column was left out. */
  readonly schema: TableSchema | null;
  /** One entry per source column that can be named, in file order. */
  readonly advice: readonly ColumnAdvice[];
}

/** What a proposal has to respect. */
export interface SuggestOptions {
  readonly allowCleartext: boolean;
  /** The country of phone numbers without a country code, such as `DE`; default: that of most numbers with one. */
  readonly country?: string | undefined;
}

const MAX_PAD: Pad = Object.freeze({ kind: 'max', lengthBytes: 0 });

const WORDS: ReadonlySet<string> = new Set(PLACEHOLDER_WORDS);

/** The placeholders to be named as null texts: words, and others that occur often enough not to be values. */
function nullTextsOf({ statistics }: ColumnProfile): readonly string[] {
  return Object.entries(statistics.nullTexts)
    .filter(([text, count]) => WORDS.has(text.toLowerCase()) || count >= MIN_PLACEHOLDERS)
    .map(([text]) => text);
}

/** The steps of a choice, with the country for phone numbers, and what to say of it. */
function locate(
  steps: readonly string[],
  country: CountryGuess | null,
): { readonly normalise: readonly NormaliseStep[]; readonly warnings: readonly string[] } {
  if (!steps.includes('phone')) return { normalise: steps.map(parseStep), warnings: [] };
  if (country === null) {
    const warning =
      'no number tells its country, and numbers without a country code become null: `--country` says where they are from';
    return { normalise: steps.map(parseStep), warnings: [warning] };
  }
  const normalise = steps.map((step) => parseStep(step === 'phone' ? `phone:${country.country}` : step));
  if (country.share === null) return { normalise, warnings: [] };
  const evidence = `${percent(country.share)} of those with one are from there`;
  const warning = `phone numbers without a country code are taken for ones of ${country.country}, because ${evidence}; \`--country\` changes that`;
  return { normalise, warnings: [warning] };
}

function leaveOut(column: SourceColumn, reason: string, warnings: readonly string[] = []): ColumnAdvice {
  return { column, what: '', kinds: [], reason, warnings, normalise: [], nulls: [] };
}

/** The nearest choice that the collaboration's settings and the column's type allow. */
function advise(
  profile: ColumnProfile,
  headerRow: boolean,
  { allowCleartext }: SuggestOptions,
  country: CountryGuess | null,
): ColumnAdvice {
  const { column } = profile;
  if (!column.kinds.includes('sealed')) {
    return leaveOut(
      column,
      'its type cannot be protected',
      allowCleartext ? ['add it as cleartext if everyone may read it'] : [],
    );
  }
  const { what, kinds, reason, warnings, normalise: steps } = choose(stateFacts(profile, headerRow));
  const sealed: ColumnAdvice = { column, what, kinds: ['sealed'], reason, warnings, normalise: [], nulls: [] };
  if (kinds.includes('cleartext') && !allowCleartext) {
    return { ...sealed, reason: 'the collaboration forbids cleartext' };
  }
  if (!kinds.includes('fingerprint')) return { ...sealed, kinds };
  if (!column.kinds.includes('fingerprint')) {
    return { ...sealed, reason: 'its type does not allow a fingerprint column', warnings: [] };
  }
  if (column.content !== 'text') return { ...sealed, kinds };
  const located = locate(steps, country);
  const nulls = nullTextsOf(profile);
  return { ...sealed, kinds, ...located, warnings: [...warnings, ...located.warnings], nulls };
}

/** A target column before it has a name. */
interface Wish {
  readonly advice: ColumnAdvice;
  readonly kind: ColumnKind;
}

/** The target columns for which there is room: the first of each source column before the second of any. */
function withinLimit(advice: readonly ColumnAdvice[]): ReadonlySet<Wish> {
  const wishes = advice.map((one) => one.kinds.map((kind): Wish => ({ advice: one, kind })));
  const firsts = wishes.flatMap((some) => some.slice(0, 1));
  const seconds = wishes.flatMap((some) => some.slice(1));
  const chosen = new Set([...firsts, ...seconds].slice(0, MAX_TARGET_COLUMNS));
  return new Set(wishes.flat().filter((wish) => chosen.has(wish)));
}

function draftColumn({ advice, kind }: Wish, targetHeader: Header, headerRow: boolean): ColumnSchema {
  const { column, normalise, nulls } = advice;
  const sourceIndex = headerRow ? null : column.index;
  const names = { sourceHeader: column.header, sourceIndex, targetHeader };
  // What is sealed stays as it was: it is there to be read again.
  const steps = kind === 'fingerprint' ? { normalise, nulls } : { normalise: [], nulls: [] };
  return Object.freeze(kind === 'sealed' ? { kind, ...names, ...steps, pad: MAX_PAD } : { kind, ...names, ...steps });
}

function draftColumns(wishes: Iterable<Wish>, headerRow: boolean): readonly ColumnSchema[] {
  const used = new Set<string>();
  return [...wishes].map((wish) => {
    const targetHeader = unusedHeader(suffixedHeader(legalHeader(wish.advice.column.header), wish.kind), used);
    used.add(targetHeader);
    return draftColumn(wish, targetHeader, headerRow);
  });
}

const OVER_LIMIT = `a schema has at most ${MAX_TARGET_COLUMNS.toLocaleString('en')} target columns`;

/** Takes out of the advice what there is no room for. */
function cutAdvice(advice: readonly ColumnAdvice[], room: ReadonlySet<Wish>): readonly ColumnAdvice[] {
  const kinds = new Map<ColumnAdvice, ColumnKind[]>();
  for (const { advice: one, kind } of room) kinds.set(one, [...(kinds.get(one) ?? []), kind]);
  return advice.map((one) => {
    const left = kinds.get(one) ?? [];
    if (left.length === one.kinds.length) return one;
    if (left.length === 0) return leaveOut(one.column, OVER_LIMIT);
    return { ...one, kinds: left, warnings: [...one.warnings, `no room to seal it as well: ${OVER_LIMIT}`] };
  });
}

/**
 * Proposes a table schema from facts about a table's columns: identifiers get a fingerprint to join on and a sealed column to
 * be read again; categories, dates and measures stay cleartext if the header says that they are such, nothing about them is
 * personal, and the collaboration allows it; all else is sealed at one length.
 *
 * A person must check the proposal: it is based on headers and shapes, and cannot know what is confidential. Everyone who
 * sees the encrypted table can read its cleartext columns. `profiles` has one entry per column of `table`.
 */
export function suggestSchema(
  table: SourceTable,
  profiles: readonly ColumnProfile[],
  options: SuggestOptions,
): SchemaDraft {
  const { headerRow, sourceCount } = table;
  const country = guessCountry(profiles, options.country);
  const wanted = profiles.map((profile) => advise(profile, headerRow, options, country));
  const room = withinLimit(wanted);
  const columns = draftColumns(room, headerRow);
  const schema = columns.length === 0 ? null : createTableSchema({ headerRow, sourceCount, columns });
  return Object.freeze({ schema, advice: Object.freeze(cutAdvice(wanted, room)) });
}

/** The JSON text of a drafted schema, with the reason for each column in its `COMMENT`. */
export function printDraft(schema: TableSchema, advice: readonly ColumnAdvice[]): string {
  const reasons = new Map(advice.map(({ column, reason }) => [column.header, reason]));
  return printTableSchema(schema, ({ sourceHeader }) => reasons.get(sourceHeader));
}
