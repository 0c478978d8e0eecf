import { decodeUtf8Lenient } from '../bytes/index.ts';
import { placeholderKind } from './placeholders.ts';
import { type Repetition, ValueCounter } from './value-counter.ts';

/** Counts of what keeps equal values from matching, and of what shows in spite of a fingerprint. Holds no value. */
export interface ValueStatistics {
  /** Rows seen, nulls included. */
  readonly rows: number;
  readonly nulls: number;
  /** Values of nothing but blanks, or of nothing at all. */
  readonly blanks: number;
  /** Values with a capital letter. */
  readonly capitals: number;
  /** Values with a blank at an end, blank ones not among them. */
  readonly outerBlanks: number;
  /** Values with a character outside of ASCII. */
  readonly nonAscii: number;
  /** Values that are not in Unicode's normal form C. */
  readonly notNfc: number;
  /** Values with an `@`, as in e-mail addresses. */
  readonly withAt: number;
  /** Values that look like placeholders for a missing one. */
  readonly placeholders: number;
  /** Placeholders that null texts can name, as they are written but for blanks at the ends, and how often each occurs; at most 16 spellings. */
  readonly nullTexts: Readonly<Record<string, number>>;
  /** Bytes of all values together, and of the longest one. */
  readonly valueBytes: number;
  readonly longestBytes: number;
  readonly repetition: Repetition;
}

/** Most spellings of placeholders that are told apart in a column. */
const MAX_NULL_TEXTS = 16;

/** The blanks that `trim` removes, of those in ASCII. */
function isBlankByte(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}

/** The facts about the text of one value. */
interface TextFacts {
  readonly isBlank: boolean;
  readonly hasCapitals: boolean;
  readonly hasOuterBlanks: boolean;
  readonly hasAt: boolean;
  readonly isAscii: boolean;
  readonly isNfc: boolean;
}

function factsOfAscii(value: Uint8Array): TextFacts | null {
  let hasCapitals = false;
  let hasAt = false;
  let blanks = 0;
  for (const byte of value) {
    if (byte >= 0x80) return null;
    if (byte >= 0x41 && byte <= 0x5a) hasCapitals = true;
    else if (byte === 0x40) hasAt = true;
    else if (isBlankByte(byte)) blanks++;
  }
  const hasOuterBlanks = blanks > 0 && (isBlankByte(value[0]) || isBlankByte(value[value.length - 1]));
  return { isBlank: blanks === value.length, hasCapitals, hasOuterBlanks, hasAt, isAscii: true, isNfc: true };
}

function factsOfText(text: string): TextFacts {
  const trimmed = text.trim();
  return {
    isBlank: trimmed === '',
    hasCapitals: text.toLowerCase() !== text,
    hasOuterBlanks: trimmed !== text,
    hasAt: text.includes('@'),
    isAscii: false,
    isNfc: text.normalize('NFC') === text,
  };
}

/** Longer values are no placeholders, and only measured and counted. */
const MAX_INSPECTED_BYTES = 4096;
const MAX_PLACEHOLDER_BYTES = 64;

/** Takes the statistics of a column one value after another, and keeps no copy of them. */
export class StatisticsCollector {
  readonly #isText: boolean;
  readonly #counter: ValueCounter;
  readonly #nullTexts = new Map<string, number>();
  readonly #counts = {
    rows: 0,
    nulls: 0,
    blanks: 0,
    capitals: 0,
    outerBlanks: 0,
    nonAscii: 0,
    notNfc: 0,
    withAt: 0,
    placeholders: 0,
    valueBytes: 0,
    longestBytes: 0,
  };

  /**
   * @param isText whether values are UTF-8; those of other types are measured and counted only
   * @param maxDistinct up to how many different values they are counted exactly
   */
  constructor(isText: boolean, maxDistinct: number) {
    this.#isText = isText;
    this.#counter = new ValueCounter(maxDistinct);
  }

  /** One value, or `null`. Returns whether it is a placeholder. */
  add(value: Uint8Array | null): boolean {
    const counts = this.#counts;
    counts.rows++;
    if (value === null) {
      counts.nulls++;
      return false;
    }
    counts.valueBytes += value.length;
    if (value.length > counts.longestBytes) counts.longestBytes = value.length;
    this.#counter.add(value);
    return this.#isText && value.length <= MAX_INSPECTED_BYTES && this.#inspect(value);
  }

  /** The statistics so far. */
  finish(): ValueStatistics {
    const nullTexts = Object.fromEntries([...this.#nullTexts].sort(([, a], [, b]) => b - a));
    return Object.freeze({ ...this.#counts, nullTexts, repetition: this.#counter.finish() });
  }

  #inspect(value: Uint8Array): boolean {
    const counts = this.#counts;
    const ascii = factsOfAscii(value);
    const facts = ascii ?? factsOfText(decodeUtf8Lenient(value));
    if (facts.isBlank) {
      counts.blanks++;
      return false;
    }
    if (facts.hasCapitals) counts.capitals++;
    if (facts.hasOuterBlanks) counts.outerBlanks++;
    if (!facts.isAscii) counts.nonAscii++;
    if (!facts.isNfc) counts.notNfc++;
    if (facts.hasAt) counts.withAt++;
    return value.length <= MAX_PLACEHOLDER_BYTES && this.#countPlaceholder(decodeUtf8Lenient(value).trim());
  }

  #countPlaceholder(text: string): boolean {
    const kind = placeholderKind(text);
    if (kind === null) return false;
    this.#counts.placeholders++;
    if (kind === 'email') return true;
    const known = this.#nullTexts.get(text);
    if (known !== undefined || this.#nullTexts.size < MAX_NULL_TEXTS) this.#nullTexts.set(text, (known ?? 0) + 1);
    return true;
  }
}
