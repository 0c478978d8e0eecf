const MAGIC = 0x184d2204;
const MIN_MATCH = 4;

/** A length in a token of four bits that goes on in the bytes behind it. */
const LONG = 15;

/**
 * The content of an LZ4 frame (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md), whose length is known. Checksums are not
 * looked at.
 *
 * @throws {RangeError} if it is no frame, damaged, or of another length.
 */
export function decodeLz4Frame(frame: Uint8Array, length: number): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const flags = view.getUint8(4);
  if (view.getUint32(0, true) !== MAGIC || flags >> 6 !== 1) throw malformed();
  const hasBlockChecksum = (flags & 0x10) !== 0;
  const contentSize = (flags & 0x08) !== 0 ? 8 : 0;
  const dictionary = (flags & 0x01) !== 0 ? 4 : 0;
  const output = new Uint8Array(length);
  let position = 4 + 2 + contentSize + dictionary + 1;
  let written = 0;
  for (;;) {
    const word = view.getUint32(position, true);
    position += 4;
    if (word === 0) break;
    const end = position + (word & 0x7fffffff);
    if (end > frame.length) throw malformed();
    const block = frame.subarray(position, end);
    if (word >>> 31 === 1) {
      output.set(block, written);
      written += block.length;
    } else {
      written = decodeBlock(block, output, written);
    }
    position = end + (hasBlockChecksum ? 4 : 0);
  }
  if (written !== length) throw malformed();
  return output;
}

/** Decodes a block behind `start` bytes of output, which it may refer to. Returns the new end of the output. */
function decodeBlock(block: Uint8Array, output: Uint8Array, start: number): number {
  let position = 0;
  let written = start;
  const next = (): number => {
    const byte = block[position++];
    if (byte === undefined) throw malformed();
    return byte;
  };
  const lengthOf = (bits: number): number => {
    let length = bits;
    if (bits < LONG) return length;
    for (let more = 255; more === 255; length += more) more = next();
    return length;
  };
  while (position < block.length) {
    const token = next();
    const literals = lengthOf(token >> 4);
    if (position + literals > block.length || written + literals > output.length) throw malformed();
    output.set(block.subarray(position, position + literals), written);
    position += literals;
    written += literals;
    // The last sequence has literals only.
    if (position === block.length) break;
    const distance = next() | (next() << 8);
    const matched = lengthOf(token & 15) + MIN_MATCH;
    if (distance === 0 || distance > written || written + matched > output.length) throw malformed();
    if (distance >= matched) {
      output.copyWithin(written, written - distance, written - distance + matched);
      written += matched;
    } else {
      // The match overlaps what it makes: it repeats.
      for (const end = written + matched; written < end; written++) output[written] = output[written - distance] ?? 0;
    }
  }
  return written;
}

function malformed(): RangeError {
  return new RangeError('a malformed LZ4 frame');
}
