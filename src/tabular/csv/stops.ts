import { instantiateWasm, type WasmConstant, type WasmMemory } from '../../bytes/index.ts';
import { WASM_BASE64 } from './binary.ts';
import { CR, LF, QUOTE } from './bytes.ts';

/**
 * Finds the positions in a chunk at which the state of a CSV scan can change, in order: delimiters, line breaks, quotes and NULs.
 * Everything between them is content. The result is valid until the next call.
 */
export type StopFinder = (chunk: Uint8Array) => Int32Array;

/** Chunks are searched in pieces of at most this size, in bytes. */
export const MAX_CHUNK_BYTES = 1 << 20;

interface Exports {
  readonly memory: WasmMemory;
  readonly inputAt: WasmConstant;
  readonly outputAt: WasmConstant;
  findStops(length: number, delimiter: number): number;
}

/**
 * Creates a finder: sixteen bytes at a time where the runtime has WebAssembly with SIMD, otherwise byte by byte.
 */
export function createStopFinder(delimiter: number, module = WASM_BASE64): StopFinder {
  const exports = instantiateWasm(module) as Exports | null;
  return exports === null ? plainFinder(delimiter) : fastFinder(exports, delimiter);
}

function fastFinder(exports: Exports, delimiter: number): StopFinder {
  const input = new Uint8Array(exports.memory.buffer, exports.inputAt.value, MAX_CHUNK_BYTES);
  const output = new Int32Array(exports.memory.buffer, exports.outputAt.value, MAX_CHUNK_BYTES);
  return (chunk) => {
    input.set(chunk);
    return output.subarray(0, exports.findStops(chunk.length, delimiter));
  };
}

function plainFinder(delimiter: number): StopFinder {
  const isStop = new Uint8Array(256);
  for (const byte of [delimiter, LF, CR, QUOTE, 0]) isStop[byte] = 1;
  return (chunk) => {
    const stops = new Int32Array(chunk.length);
    let count = 0;
    for (let at = 0; at < chunk.length; at++) if (isStop[chunk[at] ?? 0] === 1) stops[count++] = at;
    return stops.subarray(0, count);
  };
}
