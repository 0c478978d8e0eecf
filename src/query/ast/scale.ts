import type { Expression } from './nodes.ts';

/**
 * The largest magnitude of a value that is only made of constants: a number, or CASE over numbers; `null` for other values. A sum
 * of such values is a count, times this at most.
 */
export function findScale(value: Expression): number | null {
  if (value.kind === 'literal') {
    const number = value.text === null ? 0 : Number(value.text);
    return Number.isFinite(number) ? Math.abs(number) : null;
  }
  if (value.kind !== 'case') return null;
  const results = value.branches.map((branch) => branch.then);
  const scales = (value.otherwise === null ? results : [...results, value.otherwise]).map(findScale);
  const known = scales.filter((scale) => scale !== null);
  return known.length < scales.length ? null : Math.max(0, ...known);
}
