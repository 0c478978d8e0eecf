// The entries of text vectors: 16 bytes each, a length (u32), then up to 12 bytes of text, or 4 bytes of it and an address of 8 bytes.
// Entries of null rows are never looked at. `vectors.ts` says which memory of the engine may be read.

/** Bytes of an entry. */
const ENTRY: i32 = 16;
/** The longest text that lies in its entry. */
const INLINE: u32 = 12;

/** Bytes that must be free after texts: they are read, and ignored. */
export const slackBytes: i32 = 16;

/** Bytes of a region of the engine's memory: its start and its end, u64 each. */
export const regionBytes: i32 = 16;

/** Whether a row has a value, by a bitmap at `validityAt`; 0 stands for a vector without nulls. */
// @ts-ignore: decorators
@inline
function isPresent(validityAt: i32, row: i32): bool {
  return validityAt == 0 || ((load<u8>(validityAt + (row >> 3)) >> (<u8>row & 7)) & 1) != 0;
}

let longest: u32 = 0;

/** The length of the longest text of the vector that was measured last. */
export function longestText(): u32 {
  return longest;
}

/** The bytes of all texts of a vector, at most 2^53. */
export function measureTexts(rows: i32, entriesAt: i32, validityAt: i32): f64 {
  let total: u64 = 0;
  longest = 0;
  for (let row = 0; row < rows; row++) {
    if (!isPresent(validityAt, row)) continue;
    const length = load<u32>(entriesAt + row * ENTRY);
    total += length;
    longest = max(longest, length);
  }
  return <f64>total;
}

/**
 * Finds the regions in which the texts outside the entries lie: neighbours in one are less than `mostGap` bytes apart. Writes for each row
 * the number of its region to `regionOfAt` (i32), and the regions to `regionsAt`, which has room for as many as there are rows.
 *
 * @returns the number of regions
 */
export function findRegions(
  rows: i32,
  entriesAt: i32,
  validityAt: i32,
  mostGap: u32,
  regionOfAt: i32,
  regionsAt: i32,
): i32 {
  let count = 0;
  let region = 0;
  for (let row = 0; row < rows; row++) {
    const entry = entriesAt + row * ENTRY;
    const length = load<u32>(entry);
    if (length <= INLINE || !isPresent(validityAt, row)) continue;
    const start = load<u64>(entry, 8);
    const end = start + length;
    // A text mostly lies behind the one before it.
    if (region >= count || !widen(regionsAt + region * regionBytes, start, end, mostGap)) {
      region = 0;
      while (region < count && !widen(regionsAt + region * regionBytes, start, end, mostGap)) region++;
      if (region == count) {
        store<u64>(regionsAt + region * regionBytes, start);
        store<u64>(regionsAt + region * regionBytes, end, 8);
        count++;
      }
    }
    store<i32>(regionOfAt + (row << 2), region);
  }
  return count;
}

function widen(region: i32, start: u64, end: u64, mostGap: u64): bool {
  const regionStart = load<u64>(region);
  const regionEnd = load<u64>(region, 8);
  if (start >= regionEnd + mostGap || end + mostGap <= regionStart) return false;
  if (start < regionStart) store<u64>(region, start);
  if (end > regionEnd) store<u64>(region, end, 8);
  return true;
}

/**
 * Writes where each text begins and ends (i32) in what follows one after another: the entries, then the regions. A null begins and ends
 * at 0. The bytes of all are fewer than 2^31.
 */
export function placeTexts(
  rows: i32,
  entriesAt: i32,
  validityAt: i32,
  regionOfAt: i32,
  regionsAt: i32,
  placesAt: i32,
  startsAt: i32,
  endsAt: i32,
): void {
  for (let row = 0; row < rows; row++) {
    const entry = entriesAt + row * ENTRY;
    let start = 0;
    let length: u32 = 0;
    if (isPresent(validityAt, row)) {
      length = load<u32>(entry);
      if (length <= INLINE) {
        start = row * ENTRY + 4;
      } else {
        const region = load<i32>(regionOfAt + (row << 2));
        const offset = load<u64>(entry, 8) - load<u64>(regionsAt + region * regionBytes);
        start = load<i32>(placesAt + (region << 2)) + <i32>offset;
      }
    }
    store<i32>(startsAt + (row << 2), start);
    store<i32>(endsAt + (row << 2), start + <i32>length);
  }
}

/**
 * Writes the entries of texts that lie one after another at `textsAt` here, and at `address` in the engine's memory. Text `row` ends where
 * the next one begins, by the i32 at `offsetsAt`; the first one need not be 0. The entry of a null is zeros.
 *
 * @param addressLow the lower 32 bits of the address
 */
export function writeEntries(
  rows: i32,
  offsetsAt: i32,
  validityAt: i32,
  textsAt: i32,
  addressLow: u32,
  addressHigh: u32,
  entriesAt: i32,
): void {
  const address = (<u64>addressHigh << 32) | addressLow;
  const first = load<i32>(offsetsAt);
  for (let row = 0; row < rows; row++) {
    const entry = entriesAt + row * ENTRY;
    if (!isPresent(validityAt, row)) {
      store<u64>(entry, 0);
      store<u64>(entry, 0, 8);
      continue;
    }
    const from = load<i32>(offsetsAt + (row << 2)) - first;
    const length = load<i32>(offsetsAt + (row << 2), 4) - first - from;
    if (<u32>length <= INLINE) {
      store<i32>(entry, length);
      // Four bytes, then eight, of which those behind the text become zeros.
      store<u32>(entry, length >= 4 ? load<u32>(textsAt + from) : load<u32>(textsAt + from) & ((1 << (length << 3)) - 1), 4);
      const rest = length - 4;
      const kept: u64 = rest >= 8 ? -1 : rest <= 0 ? 0 : (<u64>1 << (rest << 3)) - 1;
      store<u64>(entry, load<u64>(textsAt + from, 4) & kept, 8);
    } else {
      store<i32>(entry, length);
      store<u32>(entry, load<u32>(textsAt + from), 4);
      store<u64>(entry, address + from, 8);
    }
  }
}
