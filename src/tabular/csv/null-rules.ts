import { type ByteColumn, allValid, encodeUtf8, isValid, setNull } from '../../bytes/index.ts';
import type { Separator } from './facts.ts';
import { CR, LF, SPACE } from './bytes.ts';

/** Which CSV fields are null on reading. */
export interface NullRule {
  readonly blankIsNull: boolean;
  readonly quotedEmptyIsNull: boolean;
  /** Text that stands for null, compared byte by byte with the unquoted, trimmed field. */
  readonly token: Uint8Array | null;
}

/**
 * The rule that the reader's null option asks for: not given: blank and `""` are null; empty or white space: only blank;
 * `""`: only `""`; any other text: only that text.
 */
export function nullRuleOf(option: string | undefined): NullRule {
  //= format F-80
  if (option === undefined) return { blankIsNull: true, quotedEmptyIsNull: true, token: null };
  const trimmed = option.replace(/^[\0-\x20]+|[\0-\x20]+$/g, '');
  if (trimmed === '') return { blankIsNull: true, quotedEmptyIsNull: false, token: null };
  if (trimmed === '""') return { blankIsNull: false, quotedEmptyIsNull: true, token: null };
  return { blankIsNull: false, quotedEmptyIsNull: false, token: encodeUtf8(option) };
}

/** How the fields that a CSV library returned become values. */
export interface Refinement {
  /** Whether the column's values lose the white space (up to U+0020) at their ends. */
  readonly trim: boolean;
  /** The file's separator if it stands inside quoted values, where it reads as LF; else `null`. */
  readonly separator: Separator | null;
  readonly rule: NullRule;
}

/**
 * Applies trimming, line breaks and null rules to a column of fields.
 *
 * A null on input is a field with nothing or only white space between its commas; an empty value is `""`.
 */
export function refineFields(fields: ByteColumn, refinement: Refinement): ByteColumn {
  const { trim, separator, rule } = refinement;
  const { rows } = fields;
  if (!trim && separator === null && rule.token === null) return markNulls(fields, rule);
  const offsets = new Int32Array(rows + 1);
  const bytes = new Uint8Array((fields.offsets[rows] ?? 0) - (fields.offsets[0] ?? 0));
  let validity: Uint8Array | null = null;
  let to = 0;
  for (let row = 0; row < rows; row++) {
    let start = fields.offsets[row] ?? 0;
    let end = fields.offsets[row + 1] ?? 0;
    let isBlank = !isValid(fields.validity, row);
    const isQuotedEmpty = !isBlank && start === end;
    if (trim && !isBlank) {
      while (start < end && (fields.bytes[start] ?? 0) <= SPACE) start++;
      while (end > start && (fields.bytes[end - 1] ?? 0) <= SPACE) end--;
      isBlank = !isQuotedEmpty && start === end;
    }
    const from = to;
    if (!isBlank)
      to = separator === null ? copy(fields, start, end, bytes, to) : join(fields, start, end, separator, bytes, to);
    if (isNull(bytes, from, to, isBlank, isQuotedEmpty, rule)) {
      to = from;
      setNull((validity ??= allValid(rows)), row);
    }
    offsets[row + 1] = to;
  }
  return { rows, offsets, bytes: bytes.subarray(0, to), validity };
}

function isNull(
  bytes: Uint8Array,
  from: number,
  to: number,
  isBlank: boolean,
  isQuotedEmpty: boolean,
  rule: NullRule,
): boolean {
  if (isBlank) return rule.blankIsNull;
  if (isQuotedEmpty) return rule.quotedEmptyIsNull;
  if (rule.token?.length !== to - from) return false;
  return rule.token.every((byte, index) => byte === bytes[from + index]);
}

/** The short way for columns whose bytes stay as they are. */
function markNulls(fields: ByteColumn, rule: NullRule): ByteColumn {
  const { rows, offsets } = fields;
  let validity: Uint8Array | null = null;
  for (let row = 0; row < rows; row++) {
    const isBlank = !isValid(fields.validity, row);
    const isEmpty = isBlank || offsets[row] === offsets[row + 1];
    if (isEmpty && (isBlank ? rule.blankIsNull : rule.quotedEmptyIsNull)) setNull((validity ??= allValid(rows)), row);
  }
  return { ...fields, validity };
}

function copy(fields: ByteColumn, start: number, end: number, bytes: Uint8Array, to: number): number {
  bytes.set(fields.bytes.subarray(start, end), to);
  return to + end - start;
}

/** Copies a value and turns the file's separator into LF. */
function join(
  fields: ByteColumn,
  start: number,
  end: number,
  separator: Separator,
  bytes: Uint8Array,
  target: number,
): number {
  //= format F-76
  let to = target;
  for (let from = start; from < end; from++) {
    const byte = fields.bytes[from] ?? 0;
    if (byte === CR && separator === '\r\n' && from + 1 < end && fields.bytes[from + 1] === LF) continue;
    bytes[to++] = byte === CR && separator === '\r' ? LF : byte;
  }
  return to;
}
