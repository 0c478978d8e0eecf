/** Euro cents as text with two decimals: 123456 -> `1234.56`. */
export function formatCents(cents: number | null): string | null {
  if (cents === null) return null;
  return `${String(Math.floor(cents / 100))}.${String(cents % 100).padStart(2, '0')}`;
}

/** Euro cents rounded to the nearest 10 euro: 123456 -> 1230. Coarse enough to be shared in cleartext. */
export function roundAmount(cents: number | null): number | null {
  return cents === null ? null : Math.floor((cents + 500) / 1_000) * 10;
}
