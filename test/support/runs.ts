const share = Number(process.env['SEALROOM_RUNS'] ?? '0.125');

/**
 * How often a property is tried: the share of `full` in `SEALROOM_RUNS`, an eighth if that is not set, as in `npm test`. The integration
 * tests take a half, and a change of what a property is about deserves all of them (`SEALROOM_RUNS=1`). Seeds are fixed, so a share is
 * a part of the whole.
 */
export function runs(full: number): number {
  return Math.ceil(full * share);
}
