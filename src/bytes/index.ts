/** Byte strings: columns of them, Base64, UTF-8, integers, a bounded reader, comparison and wiping. No I/O. */
export { type Allocator, Arena, FRESH_MEMORY } from './arena.ts';
export {
  decodeBase64,
  decodeBase64Group,
  decodeBase64Into,
  decodedBase64Length,
  encodeBase64,
  encodeBase64Into,
  encodedBase64Length,
  isBase64,
} from './base64.ts';
export { type ByteColumn, byteColumnOf, valueAt } from './byte-column.ts';
export { compact } from './compact.ts';
export { equalConstantTime } from './constant-time.ts';
export { concatBytes, copyBytes, getInt32 } from './copy.ts';
export type { FixedColumn } from './fixed-column.ts';
export { decodeHex, encodeHex } from './hex.ts';
export { encodeF32, encodeF64, encodeI16, encodeI32, encodeI64 } from './integers.ts';
export { ByteReader } from './reader.ts';
export { decodeUtf8, decodeUtf8Lenient, encodeUtf8 } from './utf8.ts';
export { allValid, countNulls, isValid, setNull, sliceValidity } from './validity.ts';
export { canRunWasm, growMemory, instantiateWasm, type WasmConstant, type WasmMemory } from './wasm-module.ts';
export { wipe } from './wipe.ts';
