/** Values up to this length are copied byte by byte; a call costs more than it saves. */
const SHORT_COPY_BYTES = 24;

/** Copies `source[start, end)` to `target` at `at`, which must have room for it, and returns the end of the copy. */
export function copyBytes(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  if (end - start > SHORT_COPY_BYTES) {
    target.set(source.subarray(start, end), at);
    return at + end - start;
  }
  let to = at;
  for (let from = start; from < end; from++) target[to++] = source[from] ?? 0;
  return to;
}

/** The 4-byte little-endian integer at `at`. */
export function getInt32(source: Uint8Array, at: number): number {
  return (
    (source[at] ?? 0) | ((source[at + 1] ?? 0) << 8) | ((source[at + 2] ?? 0) << 16) | ((source[at + 3] ?? 0) << 24)
  );
}
