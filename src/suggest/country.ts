import type { ColumnProfile } from './column-profile.ts';

/** The country of phone numbers without a country code. */
export interface CountryGuess {
  readonly country: string;
  /** The share of the numbers with a country code that are from there; `null` if the country was given. */
  readonly share: number | null;
}

/** With less agreement than this, a guess would be wrong too often. */
const MIN_SHARE = 0.8;

/** The country that was given, or that of most phone numbers of the table that have a country code; `null` if there is none. */
export function guessCountry(profiles: readonly ColumnProfile[], given: string | undefined): CountryGuess | null {
  if (given !== undefined) return { country: given, share: null };
  const counts = new Map<string, number>();
  let total = 0;
  for (const { phoneCountries } of profiles) {
    for (const [country, count] of Object.entries(phoneCountries)) {
      counts.set(country, (counts.get(country) ?? 0) + count);
      total += count;
    }
  }
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  if (first === undefined) return null;
  const [country, count] = first;
  return count / total < MIN_SHARE ? null : { country, share: count / total };
}
