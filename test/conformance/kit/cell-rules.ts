import { decodeValue, renderValue } from 'sealroom/crypto';
import { bytesOfText } from './bytes.ts';
import type { DifferenceName } from './differences.ts';
import { textOf } from './json.ts';
import type { Members } from './json.ts';
import { openPayload } from './reference.ts';

/** What becomes of a cell that C3R refuses. */
export interface CellDifference {
  readonly name: DifferenceName;
  /** The text that it opens to or passes through as. */
  readonly text: string | null;
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const MIN_SEALED_BYTES = 60;

/** Whether a text is Base64 as format F-2 has it, of the length of a sealed cell at least. */
export function isSealedBody(text: string): boolean {
  const digits = text.replace(/=+$/, '');
  const isPadded = text.length === digits.length || text.length % 4 === 0;
  const bytes = Math.floor((digits.length * 3) / 4);
  return BASE64.test(text) && isPadded && digits.length % 4 !== 1 && bytes >= MIN_SEALED_BYTES;
}

/** Whether C3R takes a text for a sealed cell: `enc:` at its fourth byte. */
export function isSealedForC3r(cell: string): boolean {
  return Buffer.from(bytesOfText(cell)).subarray(3, 7).toString('latin1') === 'enc:';
}

/**
 * How sealroom treats a cell that C3R takes for sealed and refuses, or `null` where it refuses it as well.
 *
 * @param secrets a case with `secret` and `salt`
 */
export function differenceOfCell(cell: string, secrets: Members): CellDifference | null {
  if (!isSealedForC3r(cell) || cell.startsWith('02:enc:')) return null;
  const body = cell.slice(7);
  if (cell.startsWith('01:enc:')) {
    const payload = isSealedBody(body) ? openPayload(textOf(secrets, 'secret'), textOf(secrets, 'salt'), cell) : null;
    if (payload === null) return null;
    const zeros = Buffer.from(payload.subarray(-2)).readInt16BE();
    return { name: 'legacyCells', text: renderValue(decodeValue(payload.subarray(0, payload.length - 2 - zeros))) };
  }
  if (/^\d\d:enc:/.test(cell) && isSealedBody(body)) return null;
  return { name: 'lookalikes', text: cell };
}
