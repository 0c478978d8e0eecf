import { describeValue, didYouMean, quoteForMessage, SealroomError } from '../errors/index.ts';
import { PHONE_COUNTRIES } from './phone-countries.ts';
import { trimValue } from './blanks.ts';

declare const stepBrand: unique symbol;

/** The text of a normalising step, such as `email` or `phone:DE`. Only {@link parseStep} makes one. */
export type NormaliseStep = string & { readonly [stepBrand]: true };

/** What is done to the values of a column before they are protected. Empty lists do nothing. */
export interface Normalisation {
  /** The steps, in the order in which they are applied. */
  readonly normalise: readonly NormaliseStep[];
  /** Texts that stand for no value, without blanks at their ends. */
  readonly nulls: readonly string[];
}

/** Leaves values as they are. */
export const NO_NORMALISATION: Normalisation = Object.freeze({
  normalise: Object.freeze([]),
  nulls: Object.freeze([]),
});

/** The formats of dates that a `date` step reads: year, month and day in digits. */
export const DATE_FORMATS = [
  'YYYY-MM-DD',
  'YYYY/MM/DD',
  'YYYY.MM.DD',
  'YYYYMMDD',
  'DD.MM.YYYY',
  'DD/MM/YYYY',
  'DD-MM-YYYY',
  'MM/DD/YYYY',
  'MM-DD-YYYY',
  'MM.DD.YYYY',
] as const;

/** One of {@link DATE_FORMATS}. */
export type DateFormat = (typeof DATE_FORMATS)[number];

const PLAIN_STEPS = [
  'trim',
  'lower',
  'nfc',
  'email',
  'email:gmail',
  'phone',
  'digits',
  'postcode',
  'name',
  'name:fold',
  'number',
  'number:comma',
] as const;

/** Every step there is, in its only spelling. */
export const NORMALISE_STEPS: readonly string[] = Object.freeze([
  ...PLAIN_STEPS,
  ...DATE_FORMATS.map((format) => `date:${format}`),
  ...PHONE_COUNTRIES.map((country) => `phone:${country}`),
]);

const KNOWN: ReadonlySet<string> = new Set(NORMALISE_STEPS);

function isStep(text: string): text is NormaliseStep {
  return KNOWN.has(text);
}

function hintAtStep(text: string): string {
  if (text === 'phone:UK') return 'did you mean `phone:GB`?';
  if (text.startsWith('phone:')) return 'write the ISO code of a country, as in `phone:DE`';
  if (text === 'date' || text.startsWith('date:')) {
    return `name the format: ${DATE_FORMATS.map((format) => `\`date:${format}\``).join(', ')}`;
  }
  return (
    didYouMean(text, PLAIN_STEPS) ??
    `the steps are ${PLAIN_STEPS.map((step) => `\`${step}\``).join(', ')}, \`phone:DE\` and \`date:DD.MM.YYYY\``
  );
}

/**
 * Parses a step. Each has one spelling, so that equal normalisations have equal texts.
 *
 * @throws {SealroomError} SCHEMA_INVALID if there is no such step.
 */
//= format F-101
export function parseStep(text: string): NormaliseStep {
  if (isStep(text)) return text;
  throw new SealroomError('SCHEMA_INVALID', `expected a normalising step, got ${quoteForMessage(text)}`, {
    hint: hintAtStep(text),
  });
}

function readTexts(value: unknown, key: string): readonly string[] {
  const given = value ?? [];
  if (!Array.isArray(given)) {
    throw new SealroomError('SCHEMA_INVALID', `\`${key}\`: expected an array of texts, got ${describeValue(value)}`);
  }
  const texts = given.map((item: unknown) => {
    if (typeof item === 'string') return item;
    throw new SealroomError('SCHEMA_INVALID', `\`${key}\`: expected a text, got ${describeValue(item)}`);
  });
  const repeated = texts.find((text, index) => texts.indexOf(text) !== index);
  if (repeated === undefined) return texts;
  throw new SealroomError('SCHEMA_INVALID', `\`${key}\`: ${quoteForMessage(repeated)} is there twice`);
}

/**
 * Reads the `normalise` and `nulls` of a column; either may be absent.
 *
 * @throws {SealroomError} SCHEMA_INVALID if one is not a list of different texts, a step is unknown, or a null text has blanks
 *   at its ends.
 */
//= format F-101
export function parseNormalisation(value: { readonly normalise?: unknown; readonly nulls?: unknown }): Normalisation {
  const normalise = readTexts(value.normalise, 'normalise').map(parseStep);
  const nulls = readTexts(value.nulls, 'nulls');
  const padded = nulls.find((text) => trimValue(text) !== text);
  if (padded !== undefined) {
    throw new SealroomError('SCHEMA_INVALID', `\`nulls\`: ${quoteForMessage(padded)} has blanks at its ends`, {
      hint: 'leave them out: values are compared without the blanks around them',
    });
  }
  return Object.freeze({ normalise: Object.freeze(normalise), nulls: Object.freeze(nulls) });
}

/** Whether a normalisation does anything. */
export function isNormalised(column: Normalisation): boolean {
  return column.normalise.length > 0 || column.nulls.length > 0;
}

/** Whether a normalisation needs to know phone numbers. */
export function usesPhones({ normalise }: Normalisation): boolean {
  return normalise.some((step) => step === 'phone' || step.startsWith('phone:'));
}

/** The members of a normalisation that are not empty, for JSON. */
export function printNormalisation({ normalise, nulls }: Normalisation): Partial<Normalisation> {
  return { ...(normalise.length === 0 ? {} : { normalise }), ...(nulls.length === 0 ? {} : { nulls }) };
}
