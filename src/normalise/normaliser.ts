import { trimValue } from './blanks.ts';
import { DATE_FORMATS, isNormalised, type Normalisation, type NormaliseStep, usesPhones } from './step.ts';
import { keepDigits, normalisePostcode } from './steps/codes.ts';
import { dateReader } from './steps/date.ts';
import { normaliseEmail, normaliseGmail } from './steps/email.ts';
import { normaliseFoldedName, normaliseName } from './steps/name.ts';
import { numberReader } from './steps/number.ts';
import { loadPhones, type PhoneReader } from './steps/phone.ts';
import { lowerCase, normaliseUnicode, requireUnicode } from './unicode.ts';

/** A value that stands for none: blanks, or a null text of its column. It becomes null. */
export const MISSING: unique symbol = Symbol('missing');

/** A value that a step could make nothing of. It becomes null. */
export const NOT_UNDERSTOOD: unique symbol = Symbol('not understood');

/** Normalises a value of a column, which is not null. */
export type Normaliser = (text: string) => string | typeof MISSING | typeof NOT_UNDERSTOOD;

/** A step: `null` if it can make nothing of the text. */
type ApplyStep = (text: string) => string | null;

const STEPS: Readonly<Record<string, ApplyStep>> = {
  trim: trimValue,
  lower: lowerCase,
  //= format F-106
  nfc: (text) => normaliseUnicode(text, 'NFC'),
  email: normaliseEmail,
  'email:gmail': normaliseGmail,
  digits: keepDigits,
  postcode: normalisePostcode,
  name: normaliseName,
  'name:fold': normaliseFoldedName,
  number: numberReader('point'),
  'number:comma': numberReader('comma'),
  ...Object.fromEntries(DATE_FORMATS.map((format) => [`date:${format}`, dateReader(format)])),
};

function compileStep(step: NormaliseStep, phones: PhoneReader | null): ApplyStep {
  const apply = STEPS[step];
  if (apply !== undefined) return apply;
  if (phones === null) throw new Error('a step with phone numbers, which are not loaded');
  const country = step === 'phone' ? null : step.slice('phone:'.length);
  return (text) => phones(text, country);
}

/**
 * The steps of a column as one function: a value that stands for none is missing, before the steps and after them; so is one of
 * which nothing is left, but that is not understood.
 */
//= format F-102
function compile({ normalise, nulls }: Normalisation, phones: PhoneReader | null): Normaliser {
  const steps = normalise.map((step) => compileStep(step, phones));
  const nullTexts = new Set(['', ...nulls]);
  return (value) => {
    if (nullTexts.has(trimValue(value))) return MISSING;
    let text = value;
    for (const step of steps) {
      const next = step(text);
      if (next === null) return NOT_UNDERSTOOD;
      text = next;
    }
    const rest = trimValue(text);
    if (rest === '') return NOT_UNDERSTOOD;
    return nullTexts.has(rest) ? MISSING : text;
  };
}

/** What normalises the columns of a schema. */
export interface Normalisers {
  /** The function for a column, the same one for equal normalisations; `null` if its values stay as they are. */
  of(column: Normalisation): Normaliser | null;
}

/** For schemas that normalise nothing. */
export const NO_NORMALISERS: Normalisers = { of: requireNone };

function requireNone(column: Normalisation): null {
  if (isNormalised(column)) throw new Error('a column that is normalised, without its normaliser');
  return null;
}

/**
 * Prepares to normalise columns: loads what their steps need.
 *
 * @throws {SealroomError} SCHEMA_UNSUPPORTED if one is normalised and the Unicode of the runtime is older than the pinned version.
 */
export async function loadNormalisers(columns: readonly Normalisation[]): Promise<Normalisers> {
  const normalised = columns.filter(isNormalised);
  if (normalised.length === 0) return NO_NORMALISERS;
  requireUnicode();
  const phones = normalised.some(usesPhones) ? await loadPhones() : null;
  const compiled = new Map<string, Normaliser>();
  const keyOf = ({ normalise, nulls }: Normalisation): string => JSON.stringify([normalise, nulls]);
  for (const column of normalised) {
    const key = keyOf(column);
    if (!compiled.has(key)) compiled.set(key, compile(column, phones));
  }
  return {
    of(column) {
      return compiled.get(keyOf(column)) ?? requireNone(column);
    },
  };
}
