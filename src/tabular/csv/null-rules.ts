import { allValid, type ByteColumn, compact, encodeUtf8, isValid, setNull } from '../../bytes/index.ts';
import type { Separator } from './csv-structure.ts';
import { CR, LF, SPACE } from './bytes.ts';

/** The CSV fields that are read as null. */
export interface NullRule {
  readonly blankIsNull: boolean;
  readonly quotedEmptyIsNull: boolean;
  /** The texts of a null, compared byte by byte with the unquoted, trimmed field. */
  readonly tokens: readonly Uint8Array[];
}

/**
 * The rule for the reader's null option: not given: blank and `""` are null; empty or white space: only blank;
 * `""`: only `""`; any other text: only that text; several texts: what is null by any of them.
 */
export function nullRuleOf(option: string | readonly string[] | undefined): NullRule {
  //= format F-80
  if (option === undefined) return { blankIsNull: true, quotedEmptyIsNull: true, tokens: [] };
  const texts = typeof option === 'string' ? [option] : option;
  const trimmed = texts.map((text) => text.replace(/^[\0-\x20]+|[\0-\x20]+$/g, ''));
  return {
    blankIsNull: trimmed.includes(''),
    quotedEmptyIsNull: trimmed.includes('""'),
    tokens: texts.filter((_, index) => !['', '""'].includes(trimmed[index] ?? '')).map(encodeUtf8),
  };
}

/** How the fields from a CSV library are converted to values. */
export interface Refinement {
  /** Whether the column's values are trimmed of white space (up to U+0020). */
  readonly trim: boolean;
  /** The file's separator if it occurs inside quoted values, where it is read as LF; otherwise `null`. */
  readonly separator: Separator | null;
  readonly rule: NullRule;
}

/**
 * Applies trimming, line breaks and null rules to a column of fields.
 *
 * A null in the input is a field with nothing or only white space between its commas; an empty value is `""`.
 */
export function refineFields(fields: ByteColumn, refinement: Refinement): ByteColumn {
  const { trim, separator, rule } = refinement;
  const joined = separator === null ? fields : joinLines(fields, separator);
  if (!trim && rule.tokens.length === 0) return markNulls(joined, rule);
  const { rows, bytes } = joined;
  const starts = joined.offsets.slice(0, rows);
  const ends = joined.offsets.slice(1, rows + 1);
  let validity: Uint8Array | null = null;
  for (let row = 0; row < rows; row++) {
    let start = starts[row] ?? 0;
    let end = ends[row] ?? 0;
    let isBlank = !isValid(joined.validity, row);
    const isQuotedEmpty = !isBlank && start === end;
    if (trim && !isBlank) {
      while (start < end && (bytes[start] ?? 0) <= SPACE) start++;
      while (end > start && (bytes[end - 1] ?? 0) <= SPACE) end--;
      isBlank = !isQuotedEmpty && start === end;
    }
    const isNullRow = isNull(bytes, start, end, isBlank, isQuotedEmpty, rule);
    if (isNullRow) setNull((validity ??= allValid(rows)), row);
    if (isNullRow || isBlank) end = start;
    starts[row] = start;
    ends[row] = end;
  }
  return { rows, validity, ...compact([bytes], starts, ends) };
}

function isNull(
  bytes: Uint8Array,
  start: number,
  end: number,
  isBlank: boolean,
  isQuotedEmpty: boolean,
  rule: NullRule,
): boolean {
  if (isBlank) return rule.blankIsNull;
  if (isQuotedEmpty) return rule.quotedEmptyIsNull;
  return rule.tokens.some(
    (token) => token.length === end - start && token.every((byte, index) => byte === bytes[start + index]),
  );
}

/** The fast path for columns whose bytes stay as they are. */
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

/** Replaces the file's separator by LF in the values of a column. */
//= format F-76
function joinLines(fields: ByteColumn, separator: Separator): ByteColumn {
  if (!fields.bytes.includes(CR)) return fields;
  const { rows, validity } = fields;
  const offsets = new Int32Array(rows + 1);
  const bytes = new Uint8Array((fields.offsets[rows] ?? 0) - (fields.offsets[0] ?? 0));
  let to = 0;
  for (let row = 0; row < rows; row++) {
    const end = fields.offsets[row + 1] ?? 0;
    for (let from = fields.offsets[row] ?? 0; from < end; from++) {
      const byte = fields.bytes[from] ?? 0;
      if (byte === CR && separator === '\r\n' && from + 1 < end && fields.bytes[from + 1] === LF) continue;
      bytes[to++] = byte === CR && separator === '\r' ? LF : byte;
    }
    offsets[row + 1] = to;
  }
  return { rows, offsets, bytes: bytes.subarray(0, to), validity };
}
