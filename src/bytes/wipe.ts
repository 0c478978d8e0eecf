/**
 * Overwrites buffers with zeros.
 *
 * Best effort: the engine may have copied the bytes while moving or spilling them, and swapped memory is not reached.
 */
export function wipe(...buffers: readonly Uint8Array[]): void {
  for (const buffer of buffers) buffer.fill(0);
}
