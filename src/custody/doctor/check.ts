/** The result of one check. */
export interface Check {
  /** The subject, such as `core dumps`. */
  readonly item: string;
  /** `unknown`: the system does not say, or not in a way that we can read. */
  readonly state: 'ok' | 'warning' | 'problem' | 'unknown';
  /** What was found; never a secret. */
  readonly found: string;
  /** What to do about it, or `null`. */
  readonly advice: string | null;
}

/** The result of a check that passed. */
export const checkOk = (item: string, found: string): Check => ({ item, state: 'ok', found, advice: null });

/** The result of a check that found something that makes secrets easier to reach. */
export const checkWarning = (item: string, found: string, advice: string): Check => ({
  item,
  state: 'warning',
  found,
  advice,
});

/** The result of a check that found something wrong or broken. */
export const checkProblem = (item: string, found: string, advice: string): Check => ({
  item,
  state: 'problem',
  found,
  advice,
});

/** The result of a check that cannot be made on this system. */
export const checkUnknown = (item: string): Check => ({
  item,
  state: 'unknown',
  found: 'this system does not say',
  advice: null,
});
