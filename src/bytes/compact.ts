import type { Allocator } from './arena.ts';
import { type Compacted, type Compactor, createCompactor } from './compactor.ts';

let shared: Compactor | null = null;

/**
 * Copies ranges of bytes one after another into buffers from `memory`, or new ones. Range `row` is
 * `[starts[row], ends[row])`; positions run through the sources as if they were one. Ranges may overlap and be in any order.
 *
 * Costs a few nanoseconds per range where the runtime has WebAssembly with SIMD, and less for adjacent ranges.
 *
 * @throws {RangeError} if a range does not lie within the sources, or the result has 2 GiB or more.
 */
export function compact(
  sources: readonly Uint8Array[],
  starts: Int32Array,
  ends: Int32Array,
  memory?: Allocator,
): Compacted {
  return (shared ??= createCompactor())(sources, starts, ends, memory);
}
