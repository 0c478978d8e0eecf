/** One thing that was looked at. */
export interface Check {
  /** What it is, such as `core dumps`. */
  readonly item: string;
  /** `unknown`: this system does not tell, or not in a way that is known here. */
  readonly state: 'ok' | 'warning' | 'problem' | 'unknown';
  /** What was found; nothing in it is secret. */
  readonly found: string;
  /** What to do about it, or `null`. */
  readonly advice: string | null;
}

/** A check that found what it should. */
export const fine = (item: string, found: string): Check => ({ item, state: 'ok', found, advice: null });

/** A check of something that makes secrets easier to get at. */
export const warning = (item: string, found: string, advice: string): Check => ({
  item,
  state: 'warning',
  found,
  advice,
});

/** A check of something that is wrong, or does not work. */
export const problem = (item: string, found: string, advice: string): Check => ({
  item,
  state: 'problem',
  found,
  advice,
});

/** A check that cannot be made here. */
export const unknown = (item: string): Check => ({
  item,
  state: 'unknown',
  found: 'this system does not say',
  advice: null,
});
