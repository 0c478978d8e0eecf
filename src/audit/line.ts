import { MAX_RECORD_BYTES } from './audit-record.ts';

const LINE_BREAK = 0x0a;

/** One line of a log. */
export interface Line {
  /** Its bytes without the line break. A line that is too long for a record is cut to just over the maximum length. */
  readonly bytes: Uint8Array;
  /** Position in the log after the line and its line break. */
  readonly end: number;
  /** Whether it has a line break; only the last line can lack one. */
  readonly isComplete: boolean;
}

/** The lines of a log in memory. */
export function* splitLines(log: Uint8Array): Generator<Line> {
  for (let start = 0; start < log.length;) {
    const found = log.indexOf(LINE_BREAK, start);
    const end = found < 0 ? log.length : found;
    const bytes = log.slice(start, Math.min(end, start + MAX_RECORD_BYTES + 1));
    start = found < 0 ? end : end + 1;
    yield { bytes, end: start, isComplete: found >= 0 };
  }
}
