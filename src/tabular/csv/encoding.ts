import { quoteForMessage, SealroomError } from '../../errors/index.ts';
import type { ByteSource } from '../../files/index.ts';
import { decodedSource, describeLabel, encodingOf } from './decoded-source.ts';

/** A file as UTF-8, whatever encoding it has. */
export interface CsvText {
  readonly source: ByteSource;
  /** What was found out, with the option that says otherwise. */
  readonly notes: readonly string[];
  /** What the user has to check. */
  readonly warnings: readonly string[];
}

/** Byte order marks, and the encodings that they stand for. */
const MARKS: readonly (readonly [mark: readonly number[], encoding: string])[] = [
  [[0xff, 0xfe, 0x00, 0x00], 'utf-32le'],
  [[0x00, 0x00, 0xfe, 0xff], 'utf-32be'],
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
];

/** Starts of files that are no text, and what to do with them. */
const SIGNATURES: readonly (readonly [start: readonly number[], hint: string])[] = [
  [[0x1f, 0x8b], 'it is compressed with gzip: unpack it, or give it a name that ends in `.gz`'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'it is compressed with zstd: unpack it, or give it a name that ends in `.zst`'],
  [[0x50, 0x4b, 0x03, 0x04], 'it is a ZIP file, such as a workbook of Excel: save the sheet as CSV in UTF-8'],
  [[0xd0, 0xcf, 0x11, 0xe0], 'it is an old workbook of Excel: save the sheet as CSV in UTF-8'],
  [[0x50, 0x41, 0x52, 0x31], 'it is a Parquet file: give `--file-format parquet`'],
  [[0x41, 0x52, 0x52, 0x4f, 0x57, 0x31], 'it is an Arrow file: give `--file-format arrow`'],
];

/** Bytes that are enough to tell UTF-16 by its NULs. */
const LEAST_UTF16_BYTES = 16;

/**
 * Finds the encoding of a file by the option or by its byte order mark; without either it is UTF-8.
 *
 * @param start the first bytes of the file
 * @param label the option
 * @throws {SealroomError} USAGE_OPTION for an unknown label; DATA_ENCODING if the mark contradicts it, or the file is UTF-16 without a mark, or
 *   UTF-32.
 */
//= format F-123
export function openText(source: ByteSource, start: Uint8Array, label: string | undefined): CsvText {
  const mark = MARKS.find(([bytes]) => startsWith(start, bytes))?.[1];
  const encoding = label === undefined ? (mark ?? 'utf-8') : encodingOf(label);
  if (mark?.startsWith('utf-32') === true) {
    throw refusal(source, 'text is UTF-32', 'convert it to UTF-8, for example with `iconv -f utf-32 -t utf-8`');
  }
  if (label === undefined) {
    const utf16 = mark === undefined ? looksLikeUtf16(start) : null;
    if (utf16 !== null)
      throw refusal(source, 'text is UTF-16 without a byte order mark', `give \`--encoding ${utf16}\``);
    if (encoding === 'utf-8') return { source, notes: [], warnings: [] };
    const note = `text is ${encoding}, by its byte order mark (\`--encoding\` says otherwise)`;
    return { source: decodedSource(source, encoding), notes: [note], warnings: [] };
  }
  // The label `utf-16` leaves the order to the mark.
  const named = label.toLowerCase() === 'utf-16' && mark === 'utf-16be' ? mark : encoding;
  if (mark !== undefined && mark !== named) {
    const problem = `the byte order mark says ${mark}, and \`--encoding\` ${quoteForMessage(label)}`;
    throw refusal(source, problem, 'leave the option out');
  }
  if (named === 'utf-8') return { source, notes: [], warnings: [] };
  const note = describeLabel(label);
  return {
    source: decodedSource(source, named),
    notes: note === null ? [] : [note],
    warnings: named.startsWith('utf-16')
      ? []
      : [
          `text is read as ${named}, as \`--encoding\` says: check values with accents or € before anybody matches on them; ` +
            'in the wrong encoding they have other fingerprints',
        ],
  };
}

/**
 * Says what a file that is not UTF-8 could be, and the option for it.
 *
 * @param start the first bytes of the file
 * @param line the bytes that are not UTF-8, and what follows in the line
 */
export function encodingHint(start: Uint8Array, line: Uint8Array): string {
  const signature = SIGNATURES.find(([bytes]) => startsWith(start, bytes));
  if (signature !== undefined) return signature[1];
  const utf16 = looksLikeUtf16(start);
  if (utf16 !== null) return `it seems to be UTF-16: give \`--encoding ${utf16}\``;
  if (line.some((byte) => byte >= 0x80 && byte <= 0x9f)) {
    return (
      'it has bytes from 0x80 to 0x9F, as in the code pages of Windows: give its encoding, in western Europe ' +
      '`--encoding windows-1252`, and check values with accents or €'
    );
  }
  return (
    'it has single bytes over 0x9F, as in windows-1252 and iso-8859-15: give its encoding, such as ' +
    '`--encoding windows-1252`, and check values with accents'
  );
}

/** Tells UTF-16 without a mark by its NULs: which order it has, or `null`. */
function looksLikeUtf16(start: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  const pairs = start.length >> 1;
  if (start.length < LEAST_UTF16_BYTES) return null;
  const nuls = [0, 0];
  for (let at = 0; at < pairs * 2; at++) if (start[at] === 0) nuls[at & 1] = (nuls[at & 1] ?? 0) + 1;
  const [even = 0, odd = 0] = nuls;
  if (odd * 3 >= pairs * 2 && even * 20 <= pairs) return 'utf-16le';
  return even * 3 >= pairs * 2 && odd * 20 <= pairs ? 'utf-16be' : null;
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, at) => bytes[at] === byte);
}

function refusal({ name: file }: ByteSource, problem: string, hint: string): SealroomError {
  return new SealroomError('DATA_ENCODING', problem, { where: { file }, hint });
}
