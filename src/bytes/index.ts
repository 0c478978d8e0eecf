/** Byte strings: columns of them, Base64, UTF-8, integers, a bounded reader, comparison and wiping. No I/O. */
export { type Allocator, Arena, FRESH_MEMORY } from './arena.ts';
export { allValid, byteColumnOf, countNulls, isValid, setNull, valueAt } from './byte-column.ts';
export type { ByteColumn } from './byte-column.ts';
export {
  decodeBase64,
  decodeBase64Into,
  decodedBase64Length,
  encodeBase64,
  encodeBase64Into,
  encodedBase64Length,
  isBase64,
} from './base64.ts';
export { compact } from './compact.ts';
export { copyBytes, getInt32 } from './copy.ts';
export { equalConstantTime } from './constant-time.ts';
export { encodeF32, encodeF64, encodeI16, encodeI32, encodeI64 } from './integers.ts';
export { ByteReader } from './reader.ts';
export { decodeUtf8, decodeUtf8Lenient, encodeUtf8 } from './utf8.ts';
export { canRunWasm, growMemory, instantiateWasm } from './wasm-module.ts';
export type { WasmConstant, WasmMemory } from './wasm-module.ts';
export { wipe } from './wipe.ts';
export type { FixedColumn } from './fixed-column.ts';
