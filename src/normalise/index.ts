/** Normalising match keys: the steps, and what each makes of a value. No I/O. */
export { foldLetters } from './fold.ts';
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
} from './step.ts';
