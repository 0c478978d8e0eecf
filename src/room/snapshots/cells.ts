import { decodedBase64Length, encodeUtf8, isBase64, isValid } from '../../bytes/index.ts';
import { SealroomError } from '../../errors/index.ts';
import type { ColumnKind } from '../../schema/index.ts';
import type { ColumnData } from '../../columns/index.ts';

// This is a second implementation of the form of cells, from the format's clauses: the room must not depend on code with keys and
// so cannot use `crypto`. test/room/cells.test.ts compares the two.

/** The prefix of a protected cell, and the number of bytes that its Base64 encodes. */
interface CellForm {
  readonly prefix: Uint8Array;
  readonly leastBytes: number;
  readonly mostBytes: number;
}

const PAD = 0x3d; // '='

/** The last characters that can precede one `=`: their two lowest bits are unused and must be zero. */
const LAST_OF_THREE = new Set(encodeUtf8('AEIMQUYcgkosw048'));

/** The last characters that can precede two `=`, with four unused bits. */
const LAST_OF_TWO = new Set(encodeUtf8('AQgw'));

//= format F-27, F-34, F-37, F-52
const FORMS: Readonly<Record<Exclude<ColumnKind, 'cleartext'>, CellForm>> = {
  fingerprint: { prefix: encodeUtf8('02:hmac:'), leastBytes: 32, mostBytes: 32 },
  sealed: { prefix: encodeUtf8('02:enc:'), leastBytes: 60, mostBytes: 12_282 },
};

/** Where the Base64 of a fingerprint begins in its cell, in bytes. */
export const FINGERPRINT_BASE64_START = FORMS.fingerprint.prefix.length;

/** The longest value of an encrypted table in bytes, cleartext ones as well. */
//= format F-52
export const MOST_CELL_BYTES = 16_383;

function beginsWith(bytes: Uint8Array, start: number, end: number, prefix: Uint8Array): boolean {
  if (end - start < prefix.length) return false;
  for (let index = 0; index < prefix.length; index += 1) if (bytes[start + index] !== prefix[index]) return false;
  return true;
}

/** The protection that the cell `bytes[start .. end)` appears to have, by its prefix. */
function claimOf(bytes: Uint8Array, start: number, end: number): ColumnKind {
  if (beginsWith(bytes, start, end, FORMS.fingerprint.prefix)) return 'fingerprint';
  return beginsWith(bytes, start, end, FORMS.sealed.prefix) ? 'sealed' : 'cleartext';
}

/** Whether a cell after its prefix is padded, canonical Base64 of the right length. Two encodings would count as two values. */
function isWellFormed(bytes: Uint8Array, start: number, end: number, { leastBytes, mostBytes }: CellForm): boolean {
  const length = decodedBase64Length(bytes, start, end);
  if (length < leastBytes || length > mostBytes || (end - start) % 4 !== 0 || !isBase64(bytes, start, end))
    return false;
  if (bytes[end - 1] !== PAD) return true;
  return bytes[end - 2] === PAD ? LAST_OF_TWO.has(bytes[end - 3] ?? PAD) : LAST_OF_THREE.has(bytes[end - 2] ?? PAD);
}

/**
 * Checks that the values of a column are protected as the manifest says, before any of them is written.
 *
 * It checks the form of the cells. Only a member can tell whether they were made with the collaboration's secret.
 *
 * @param column a column of text, from a batch
 * @throws {SealroomError} RULE_PROTECTION for a value that is cleartext or has another protection, FORMAT_CELL for a cell
 *   that is malformed, DATA_VALUE for a null where the collaboration does not preserve nulls; with the row in the batch,
 *   from 0. No value is in the message.
 */
export function requireProtection(column: ColumnData, protection: ColumnKind, preserveNulls: boolean): void {
  if (column.layout !== 'bytes') return;
  const { bytes, offsets, validity, rows } = column;
  for (let row = 0; row < rows; row += 1) {
    if (validity !== null && !isValid(validity, row)) {
      if (protection !== 'cleartext' && !preserveNulls) throw nullCell(protection, row);
      continue;
    }
    const [start, end] = [offsets[row] ?? 0, offsets[row + 1] ?? 0];
    const claim = claimOf(bytes, start, end);
    if (claim !== protection) throw otherProtection(protection, claim, row);
    if (protection === 'cleartext') continue;
    const form = FORMS[protection];
    if (!isWellFormed(bytes, start + form.prefix.length, end, form)) throw malformed(protection, row);
  }
}

const IN_WORDS: Readonly<Record<ColumnKind, string>> = {
  fingerprint: 'a fingerprint',
  sealed: 'a sealed cell',
  cleartext: 'cleartext',
};

function otherProtection(expected: ColumnKind, got: ColumnKind, row: number): SealroomError {
  const hint =
    got === 'cleartext'
      ? 'nothing was loaded; encrypt the table with `sealroom encrypt --manifest` first, and do not leave this file here'
      : 'nothing was loaded; check whether columns were mixed up, or correct `protection` in the manifest and sign it';
  return new SealroomError('RULE_PROTECTION', `expected ${IN_WORDS[expected]}, got ${IN_WORDS[got]}`, {
    where: { row },
    hint,
  });
}

function malformed(protection: ColumnKind, row: number): SealroomError {
  return new SealroomError('FORMAT_CELL', `${IN_WORDS[protection]} is malformed`, {
    where: { row },
    hint: 'nothing was loaded; get the table from its owner again',
  });
}

function nullCell(protection: ColumnKind, row: number): SealroomError {
  return new SealroomError(
    'DATA_VALUE',
    `expected ${IN_WORDS[protection]}, got null: the collaboration does not preserve nulls`,
    {
      where: { row },
      hint: 'nothing was loaded; encrypt the table with the settings of the manifest',
    },
  );
}
