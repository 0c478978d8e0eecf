/** Normalising match keys: the steps, and what each makes of a value. No I/O. */
export { foldLetters } from './fold.ts';
export { noCounts, normaliseColumn, type NormalisedCounts } from './normalise-column.ts';
export {
  loadNormalisers,
  MISSING,
  NO_NORMALISERS,
  type Normaliser,
  type Normalisers,
  NOT_UNDERSTOOD,
} from './normaliser.ts';
export {
  DATE_FORMATS,
  type DateFormat,
  isNormalised,
  NO_NORMALISATION,
  type Normalisation,
  NORMALISE_STEPS,
  type NormaliseStep,
  parseNormalisation,
  parseStep,
  printNormalisation,
  usesPhones,
} from './step.ts';
export { PHONES_VERSION } from './steps/phone.ts';
export { UNICODE_VERSION } from './unassigned.ts';
