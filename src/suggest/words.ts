/** A share as a percentage with as many digits as tell something: `38 %`, `0.4 %`, `under 0.1 %`. */
export function percent(share: number): string {
  const value = share * 100;
  if (value === 0) return '0 %';
  if (value < 0.1) return 'under 0.1 %';
  // Not everything rounds up to all.
  if (value > 99 && value < 100) return `${(Math.floor(value * 10) / 10).toFixed(1)} %`;
  return `${value < 10 ? value.toFixed(1).replace(/\.0$/u, '') : value.toFixed(0)} %`;
}
