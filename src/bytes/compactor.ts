import { type Allocator, FRESH_MEMORY } from './arena.ts';
import { WASM_BASE64 } from './binary.ts';
import { copyBytes } from './copy.ts';
import { growMemory, instantiateWasm, type WasmConstant, type WasmMemory } from './wasm-module.ts';

/** Values one after another, as in a `ByteColumn`. */
export interface Compacted {
  readonly offsets: Int32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Copies ranges of bytes one after another into buffers from `memory`, or new ones. Positions run through the sources as if
 * they were one. Ranges may overlap and be in any order.
 */
export type Compactor = (
  sources: readonly Uint8Array[],
  starts: Int32Array,
  ends: Int32Array,
  memory?: Allocator,
) => Compacted;

interface Exports {
  readonly memory: WasmMemory;
  readonly slackBytes: WasmConstant;
  readonly outside: WasmConstant;
  readonly tooLarge: WasmConstant;
  measure(rows: number, startsAt: number, endsAt: number, inputBytes: number, offsetsAt: number): number;
  gather(rows: number, startsAt: number, offsetsAt: number, inputAt: number, outputAt: number): void;
}

/** Offset from which the module's memory is free. */
const FREE_AT = 1024;
/** If the average run has more rows than this, JavaScript copies. */
const RUN_ROWS = 16;
/** Upper limit of the module's memory, in bytes. Above it the cells are long, or so many, that JavaScript is as fast. */
const MOST_BYTES = 32 << 20;

/**
 * A compactor with its own module instance. Input and output are wiped from the module's memory before it returns. Where the
 * runtime lacks WebAssembly with SIMD, JavaScript does the work.
 *
 * A compactor throws {@link RangeError} if a range does not lie within the sources, or the result has 2 GiB or more.
 */
export function createCompactor(module = WASM_BASE64): Compactor {
  const exports = instantiateWasm(module) as Exports | null;
  return (sources, starts, ends, memory = FRESH_MEMORY) => {
    const rows = starts.length;
    const inputBytes = sources.reduce((sum, source) => sum + source.length, 0);
    const offsets = memory.ints(rows + 1);
    const runs =
      exports === null
        ? measure(starts, ends, inputBytes, offsets)
        : measureIn(exports, starts, ends, inputBytes, offsets);
    const outputBytes = offsets[rows] ?? 0;
    const bytes = memory.bytes(outputBytes);
    const isPlain = exports === null || runs * RUN_ROWS < rows || inputBytes + outputBytes > MOST_BYTES;
    if (isPlain) gatherRuns(sources, starts, offsets, bytes);
    else gather(exports, sources, rows, inputBytes, bytes);
    return { offsets, bytes };
  };
}

/** Writes the offsets of the result, and returns the number of runs: sequences of ranges that are adjacent in the sources too. */
function measure(starts: Int32Array, ends: Int32Array, inputBytes: number, offsets: Int32Array): number {
  const rows = starts.length;
  offsets[0] = 0;
  let total = 0;
  let runs = 0;
  let runEnd = -1;
  for (let row = 0; row < rows; row++) {
    const start = starts[row] ?? 0;
    const end = ends[row] ?? 0;
    if (start < 0 || end < start || end > inputBytes) throw outside();
    total += end - start;
    if (total >= 2 ** 31) throw tooLarge();
    offsets[row + 1] = total;
    if (start !== runEnd) runs++;
    runEnd = end;
  }
  return runs;
}

function outside(): RangeError {
  return new RangeError('a range of bytes outside its sources');
}

function tooLarge(): RangeError {
  return new RangeError('a column of 2 GiB or more');
}

/** Where the module has the starts of `rows` ranges, the offsets of the result, and the first byte that is free. */
function layoutOf(rows: number): { readonly startsAt: number; readonly offsetsAt: number; readonly freeAt: number } {
  const offsetsAt = FREE_AT + rows * 4;
  return { startsAt: FREE_AT, offsetsAt, freeAt: offsetsAt + rows * 4 + 4 };
}

/** As {@link measure}; the module then has the starts and the offsets. */
function measureIn(
  exports: Exports,
  starts: Int32Array,
  ends: Int32Array,
  inputBytes: number,
  offsets: Int32Array,
): number {
  const rows = starts.length;
  const { startsAt, offsetsAt, freeAt } = layoutOf(rows);
  growMemory(exports.memory, freeAt + rows * 4);
  const words = new Int32Array(exports.memory.buffer);
  words.set(starts, startsAt >> 2);
  words.set(ends, freeAt >> 2);
  // Places are i32, so no range ends behind the largest one.
  const runs = exports.measure(rows, startsAt, freeAt, Math.min(inputBytes, 2 ** 31 - 1), offsetsAt);
  if (runs === exports.outside.value) throw outside();
  if (runs === exports.tooLarge.value) throw tooLarge();
  offsets.set(words.subarray(offsetsAt >> 2, freeAt >> 2));
  return runs;
}

function gather(
  exports: Exports,
  sources: readonly Uint8Array[],
  rows: number,
  inputBytes: number,
  target: Uint8Array,
): void {
  const { memory } = exports;
  const slack = exports.slackBytes.value;
  const { startsAt, offsetsAt, freeAt } = layoutOf(rows);
  const outputAt = freeAt + inputBytes + slack;
  const end = outputAt + target.length + slack;
  growMemory(memory, end);
  const bytes = new Uint8Array(memory.buffer);
  let at = freeAt;
  for (const source of sources) {
    bytes.set(source, at);
    at += source.length;
  }
  exports.gather(rows, startsAt, offsetsAt, freeAt, outputAt);
  target.set(bytes.subarray(outputAt, outputAt + target.length));
  bytes.fill(0, freeAt, end);
}

function gatherRuns(sources: readonly Uint8Array[], starts: Int32Array, offsets: Int32Array, bytes: Uint8Array): void {
  const rows = starts.length;
  let index = 0;
  let source: Uint8Array = sources[0] ?? bytes;
  let first = 0;
  for (let row = 0; row < rows;) {
    let from = starts[row] ?? 0;
    let to = offsets[row] ?? 0;
    const shift = from - to;
    do row++;
    while (row < rows && (starts[row] ?? 0) - (offsets[row] ?? 0) === shift);
    const end = offsets[row] ?? 0;
    // Neighbours mostly lie in the same source, or in the next one.
    if (from < first) {
      index = 0;
      first = 0;
      source = sources[0] ?? bytes;
    }
    while (to < end) {
      if (from >= first + source.length) {
        first += source.length;
        source = sources[++index] ?? bytes;
        continue;
      }
      const sourceEnd = Math.min(source.length, from - first + end - to);
      const copied = copyBytes(source, from - first, sourceEnd, bytes, to);
      from += copied - to;
      to = copied;
    }
  }
}
