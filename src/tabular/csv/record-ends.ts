import { COMMA, LF, QUOTE } from './bytes.ts';

/** Where records end in lines. */
export interface RecordEnds {
  /** Offset behind the last record that was asked for, or behind all of them. */
  readonly end: number;
  /** Number of records before it. */
  readonly records: number;
}

/**
 * Finds the end of the first `most` records of lines that this program has written (format F-82): complete records, fields with commas,
 * records that end with LF.
 */
export function findRecords(lines: Uint8Array, most: number): RecordEnds {
  let records = 0;
  let isStart = true;
  let isQuoted = false;
  for (let at = 0; at < lines.length; at++) {
    const byte = lines[at];
    if (isQuoted) {
      if (byte === QUOTE && lines[at + 1] === QUOTE) at++;
      else if (byte === QUOTE) isQuoted = false;
      continue;
    }
    if (byte === LF) {
      records++;
      if (records === most) return { end: at + 1, records };
    }
    isQuoted = isStart && byte === QUOTE;
    isStart = byte === LF || byte === COMMA;
  }
  return { end: lines.length, records };
}
