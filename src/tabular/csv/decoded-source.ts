import { encodeUtf8 } from '../../bytes/index.ts';
import { quoteForMessage, SealroomError } from '../../errors/index.ts';
import type { ByteSource } from '../../files/index.ts';

/** Decodes a stream of bytes; characters may span chunks. */
interface Decoder {
  /** @throws {TypeError} for bytes that mean nothing in the encoding. */
  decode(chunk?: Uint8Array): string;
}

/** The characters of bytes 0x80 to 0x9F in windows-1252, by the Encoding Standard. */
const WINDOWS_1252 =
  '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f' +
  '\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178';

/** Labels that the Encoding Standard gives to windows-1252, and that mean another encoding elsewhere. */
const NOT_QUITE_1252 = /latin1|8859|ascii|cp819|l1$|ibm819|ansi/i;

/**
 * The name of an encoding by one of its labels in the Encoding Standard (https://encoding.spec.whatwg.org/#names-and-labels).
 *
 * @throws {SealroomError} USAGE_OPTION if there is none.
 */
export function encodingOf(label: string): string {
  try {
    return new TextDecoder(label).encoding;
  } catch (error) {
    throw new SealroomError('USAGE_OPTION', `unknown encoding ${quoteForMessage(label)} for \`--encoding\``, {
      hint: 'use a name of the Encoding Standard, such as `utf-8`, `utf-16le`, `windows-1252`, `iso-8859-15` or `shift_jis`',
      cause: error,
    });
  }
}

/** Says that a label is read as windows-1252, or `null` where nobody would expect anything else. */
export function describeLabel(label: string): string | null {
  if (encodingOf(label) !== 'windows-1252' || !NOT_QUITE_1252.test(label)) return null;
  return `the encoding ${quoteForMessage(label)} is read as windows-1252, as the Encoding Standard says`;
}

// Node 20.18.3 and others decode windows-1252 as if it were Latin-1, so that € becomes U+0080
// (https://github.com/nodejs/node/issues/56542).
function createDecoder(encoding: string): Decoder {
  if (encoding === 'windows-1252') {
    return {
      decode: (chunk = new Uint8Array(0)) =>
        Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
          .toString('latin1')
          .replace(/[\x80-\x9f]/g, (character) => WINDOWS_1252.charAt(character.charCodeAt(0) - 0x80)),
    };
  }
  const decoder = new TextDecoder(encoding, { fatal: true });
  return { decode: (chunk) => (chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })) };
}

/**
 * A text in another encoding as UTF-8, without its byte order mark. It is decoded again for each pass; nothing is kept. Its size is
 * that of the text as it is.
 *
 * Passes throw DATA_ENCODING with the line for bytes that mean nothing in the encoding.
 */
export function decodedSource(source: ByteSource, encoding: string): ByteSource {
  async function* chunks(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const decoder = createDecoder(encoding);
    let count = 0;
    try {
      for await (const chunk of source.chunks(signal)) {
        const text = decoder.decode(chunk);
        count++;
        if (text !== '') yield encodeUtf8(text);
      }
      const text = decoder.decode();
      if (text !== '') yield encodeUtf8(text);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new SealroomError('DATA_ENCODING', `text is not valid ${encoding}`, {
        where: { file: source.name, line: await lineOfFault(source, encoding, count, signal) },
        hint: 'the file is cut short or has another encoding: name it with `--encoding`',
        cause: error,
      });
    }
  }
  return {
    name: source.name,
    path: null,
    bytes: source.bytes,
    chunks,
    sha256: (signal) => source.sha256(signal),
    close: () => source.close(),
  };
}

/** Finds the line that cannot be decoded, which begins in a chunk or ends with the one before. */
async function lineOfFault(
  source: ByteSource,
  encoding: string,
  faultyChunk: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const decoder = createDecoder(encoding);
  let lines = 1;
  let isAfterCr = false;
  const count = (text: string): void => {
    for (const character of text) {
      if (character === '\r' || (character === '\n' && !isAfterCr)) lines++;
      isAfterCr = character === '\r';
    }
  };
  let index = 0;
  for await (const chunk of source.chunks(signal)) {
    if (index++ < faultyChunk) {
      count(decoder.decode(chunk));
      continue;
    }
    try {
      for (let at = 0; at < chunk.length; at++) count(decoder.decode(chunk.subarray(at, at + 1)));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    break;
  }
  return lines;
}
