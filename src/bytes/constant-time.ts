/**
 * Whether two byte strings are equal, in a time that depends only on their lengths.
 *
 * JavaScript engines promise nothing about time; this leaves them no branch or early exit that depends on content.
 */
export function equalConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}
