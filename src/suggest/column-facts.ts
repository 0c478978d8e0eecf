import type { ColumnProfile } from './column-profile.ts';
import {
  type HeaderMeaning,
  isKeyed,
  isNumbered,
  headerMeaningsOf,
  PERSONAL_MEANINGS,
  type PersonalMeaning,
} from './header-words.ts';
import type { ValueShape } from './value-shapes.ts';

/** The facts that the rules of a proposal use. */
export interface ColumnFacts {
  readonly profile: ColumnProfile;
  /** Values, without nulls, blank ones and placeholders. */
  readonly values: number;
  /** Different values, placeholders aside. */
  readonly distinct: number;
  readonly isUnique: boolean;
  /** Few values, each of them often. */
  readonly isCategory: boolean;
  readonly meanings: ReadonlySet<HeaderMeaning>;
  /** What the header says of a person, if anything. */
  readonly personal: PersonalMeaning | null;
  /** Whether the header speaks of a key, or of a key or a number that names something. */
  readonly isKeyed: boolean;
  readonly isNumbered: boolean;
  /** The share of the values that have one of the shapes. */
  share(...shapes: readonly ValueShape[]): number;
}

/** With fewer values than this, repetition says nothing. */
const MIN_VALUES_FOR_REPETITION = 20;

/** A column with at most this many distinct values, each occurring five times on average, is a category. */
const MAX_CATEGORIES = 100;
const MIN_CATEGORY_REPETITION = 5;

const UNIQUE_SHARE = 0.95;

/** Derives the facts; the header of a table without header row says nothing. */
export function stateFacts(profile: ColumnProfile, headerRow: boolean): ColumnFacts {
  const { statistics, shapes, column } = profile;
  const values = statistics.rows - statistics.nulls - statistics.blanks - statistics.placeholders;
  const spellings = Object.keys(statistics.nullTexts).length;
  const distinct = Math.max(
    statistics.repetition.distinct - spellings - Number(statistics.blanks > 0),
    Number(values > 0),
  );
  const meanings = headerRow ? headerMeaningsOf(column.name) : [];
  return {
    profile,
    values,
    distinct,
    isUnique: values > 0 && distinct / values >= UNIQUE_SHARE,
    isCategory:
      values >= MIN_VALUES_FOR_REPETITION && distinct <= MAX_CATEGORIES && values / distinct >= MIN_CATEGORY_REPETITION,
    meanings: new Set(meanings),
    personal: PERSONAL_MEANINGS.find((meaning) => meanings.includes(meaning)) ?? null,
    isKeyed: headerRow && isKeyed(column.name),
    isNumbered: headerRow && isNumbered(column.name),
    share: (...wanted) => wanted.reduce((sum, shape) => sum + shapes[shape], 0) / Math.max(values, 1),
  };
}
