/**
 * How often a property is tried: an eighth of `full` in `npm test`, all of them where `SEALROOM_FULL_RUNS` is set, as the
 * integration tests do. Seeds are fixed, so the eighth is a part of the whole.
 */
export function runs(full: number): number {
  return (process.env['SEALROOM_FULL_RUNS'] ?? '') === '' ? Math.ceil(full / 8) : full;
}
