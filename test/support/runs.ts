/**
 * How often a property is tried: a quarter of `full` in `npm test`, all of them where `SEALROOM_FULL_RUNS` is set, as the
 * integration tests do. Seeds are fixed, so the quarter is a part of the whole.
 */
export function runs(full: number): number {
  return (process.env['SEALROOM_FULL_RUNS'] ?? '') === '' ? Math.ceil(full / 4) : full;
}
