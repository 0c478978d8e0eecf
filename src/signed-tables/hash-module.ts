import { instantiateWasm, type WasmConstant, type WasmMemory } from '../bytes/index.ts';
import { nodeCrypto } from '../platform/index.ts';
import { WASM_BASE64 } from './binary.ts';

/** The module that hashes rows and nodes, four at a time. */
export interface HashModule {
  readonly memory: WasmMemory;
  readonly freeAt: WasmConstant;
  readonly slackBytes: WasmConstant;
  readonly columnWords: WasmConstant;
  readonly paddingBytes: WasmConstant;
  hashRows(
    ...places: [columnsAt: number, columns: number, rows: number, messagesAt: number, stride: number, outAt: number]
  ): void;
  hashNodes(inAt: number, pairs: number, outAt: number): void;
}

/**
 * A new instance of the module; `null` where the runtime lacks WebAssembly with SIMD, and in FIPS mode, where all hashes are those of
 * the runtime's own library.
 */
export function createHashModule(): HashModule | null {
  if (nodeCrypto?.getFips() === 1) return null;
  return instantiateWasm(WASM_BASE64) as HashModule | null;
}
