import { growMemory, instantiateWasm, type WasmConstant, type WasmMemory } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import { WASM_BASE64 } from './binary.ts';

interface Exports {
  readonly memory: WasmMemory;
  readonly slackBytes: WasmConstant;
  readonly regionBytes: WasmConstant;
  measureTexts(rows: number, entriesAt: number, validityAt: number): number;
  longestText(): number;
  findRegions(
    ...places: [
      rows: number,
      entriesAt: number,
      validityAt: number,
      mostGap: number,
      regionOfAt: number,
      regionsAt: number,
    ]
  ): number;
  placeTexts(
    ...places: [
      rows: number,
      entriesAt: number,
      validityAt: number,
      regionOfAt: number,
      regionsAt: number,
      placesAt: number,
      startsAt: number,
      endsAt: number,
    ]
  ): void;
  writeEntries(
    ...places: [
      rows: number,
      offsetsAt: number,
      validityAt: number,
      textsAt: number,
      addressLow: number,
      addressHigh: number,
      entriesAt: number,
    ]
  ): void;
}

/** Bytes of an entry of a text vector. */
export const ENTRY_BYTES = 16;

/** Offset from which the module's memory is free. */
const FREE_AT = 1024;
/** Places begin at multiples of this many bytes. */
const ALIGNMENT = 16;

/** Part of the engine's memory: addresses `[start, end)`. */
export interface Region {
  readonly start: number;
  readonly end: number;
}

/** Where texts are in several sources, as if these were one. */
export interface TextPlaces {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

let instance: Exports | null = null;

function exportsOf(): Exports {
  instance ??= instantiateWasm(WASM_BASE64) as Exports | null;
  if (instance !== null) return instance;
  throw new SealroomError('IO_ENGINE', 'the table engine needs WebAssembly, which this runtime lacks');
}

/** Hands out the module's memory from its start, wherever it was used before. */
class Memory {
  readonly exports = exportsOf();
  #end = FREE_AT;

  claim(bytes: number): number {
    const at = this.#end;
    this.#end = Math.ceil((at + bytes) / ALIGNMENT) * ALIGNMENT;
    growMemory(this.exports.memory, this.#end);
    return at;
  }

  copy(bytes: Uint8Array): number {
    const at = this.claim(bytes.length);
    this.bytes(at, bytes.length).set(bytes);
    return at;
  }

  /** A copy of a bitmap, or 0 without one. */
  copyValidity(validity: Uint8Array | null, rows: number): number {
    return validity === null ? 0 : this.copy(validity.subarray(0, (rows + 7) >> 3));
  }

  bytes(at: number, count: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.exports.memory.buffer, at, count);
  }

  ints(at: number, count: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.exports.memory.buffer, at, count);
  }
}

/** The bytes of all texts of a vector, and of the longest one. Entries of nulls are not looked at. */
export function measureTexts(
  entries: Uint8Array,
  validity: Uint8Array | null,
): { readonly bytes: number; readonly longest: number } {
  const memory = new Memory();
  const rows = entries.length / ENTRY_BYTES;
  const bytes = memory.exports.measureTexts(rows, memory.copy(entries), memory.copyValidity(validity, rows));
  return { bytes, longest: memory.exports.longestText() >>> 0 };
}

/**
 * Finds where the texts of a vector are: `read` is given the regions of the engine's memory in which those lie that are too long for their
 * entries, and the places that are returned count through the entries, and then these regions.
 *
 * @param mostGap bytes between neighbours in a region are fewer
 */
export function locateTexts(
  entries: Uint8Array,
  validity: Uint8Array | null,
  mostGap: number,
  read: (region: Region) => void,
): TextPlaces {
  const memory = new Memory();
  const { exports } = memory;
  const rows = entries.length / ENTRY_BYTES;
  const entriesAt = memory.copy(entries);
  const validityAt = memory.copyValidity(validity, rows);
  const regionOfAt = memory.claim(rows * 4);
  const regionsAt = memory.claim(rows * exports.regionBytes.value);
  const [placesAt, startsAt, endsAt] = [memory.claim(rows * 4), memory.claim(rows * 4), memory.claim(rows * 4)];
  const count = exports.findRegions(rows, entriesAt, validityAt, mostGap, regionOfAt, regionsAt);
  const words = new Uint32Array(exports.memory.buffer, regionsAt, count * 4);
  const places = memory.ints(placesAt, count);
  let place = entries.length;
  for (let index = 0; index < count; index++) {
    const start = (words[index * 4] ?? 0) + (words[index * 4 + 1] ?? 0) * 2 ** 32;
    const end = (words[index * 4 + 2] ?? 0) + (words[index * 4 + 3] ?? 0) * 2 ** 32;
    places[index] = place;
    place += end - start;
    if (place >= 2 ** 31) throw new RangeError('texts of 2 GiB or more');
    read({ start, end });
  }
  exports.placeTexts(rows, entriesAt, validityAt, regionOfAt, regionsAt, placesAt, startsAt, endsAt);
  memory.bytes(entriesAt, entries.length).fill(0);
  return { starts: memory.ints(startsAt, rows), ends: memory.ints(endsAt, rows) };
}

/**
 * Makes the entries of texts that lie one after another in `texts`, and at `address` in the engine's memory; zeros for nulls.
 *
 * @param offsets where each text begins, and the last one ends; the first one need not be 0
 * @param write is given the entries, which are wiped when it returns
 */
export function makeEntries(
  offsets: Int32Array,
  validity: Uint8Array | null,
  texts: Uint8Array,
  address: number,
  write: (entries: Uint8Array<ArrayBuffer>) => void,
): void {
  const memory = new Memory();
  const rows = offsets.length - 1;
  const offsetsAt = memory.copy(new Uint8Array(offsets.buffer, offsets.byteOffset, offsets.byteLength));
  const validityAt = memory.copyValidity(validity, rows);
  const entriesAt = memory.claim(rows * ENTRY_BYTES);
  const textsAt = memory.claim(texts.length + memory.exports.slackBytes.value);
  memory.bytes(textsAt, texts.length).set(texts);
  memory.exports.writeEntries(rows, offsetsAt, validityAt, textsAt, address % 2 ** 32, address / 2 ** 32, entriesAt);
  const entries = memory.bytes(entriesAt, rows * ENTRY_BYTES);
  write(entries);
  entries.fill(0);
  memory.bytes(textsAt, texts.length).fill(0);
}
