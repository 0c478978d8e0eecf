// Where records begin, for threads that start in the middle of a file.
import { requireInIo } from '../../../crypto/kernels/wasm/assembly/layout';
import { splitRecord } from '../../../tabular/csv/assembly/records';

const LF: u8 = 0x0a;
const QUOTE: u8 = 0x22;

/** Records that must be regular behind a place that is taken for the start of one. */
const PROBES: i32 = 4;

/**
 * The first record behind a line break in the text [at, end), under the dialect that was set; `end` if none begins before the file
 * ends with the text, 0 if none was found otherwise.
 *
 * It is a guess: the text may begin inside of quotes. The caller has to compare it with the end of the records before it.
 */
export function findRecordStart(at: i32, end: i32, isLast: bool): i32 {
  requireInIo(<usize>at, end - at);
  const outside = lineEnd(at, end, false);
  if (outside != 0 && areRegular(outside, end, isLast)) return outside;
  const inside = lineEnd(at, end, true);
  if (inside != 0 && areRegular(inside, end, isLast)) return inside;
  return isLast ? end : 0;
}

/** The place behind the first line break that is not in quotes, or 0. */
function lineEnd(at: i32, end: i32, isInQuotes: bool): i32 {
  for (; at < end; at++) {
    const byte = load<u8>(at);
    if (byte == QUOTE) isInQuotes = !isInQuotes;
    else if (byte == LF && !isInQuotes) return at + 1;
  }
  return 0;
}

function areRegular(at: i32, end: i32, isLast: bool): bool {
  for (let record = 0; record < PROBES && at < end; record++) {
    const next = splitRecord(at, end, isLast);
    if (next <= 0) return next == 0 && record > 0;
    at = next;
  }
  return true;
}
